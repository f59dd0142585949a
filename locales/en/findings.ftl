# What is found. The message is for everyone; .exact is the clinical wording; .name is the short name on the trace.

finding-atrial-fibrillation = The heartbeat is irregular in a way that fits atrial fibrillation ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a clinician: only a person who reads it can tell.
    .exact = Consistent with atrial fibrillation: probability { NUM($probability, digits: 2) } (model { $model }); { $n } RR intervals, irregularity { NUM($index, digits: 2) } (robust RMSSD / mean RR).
    .name = Possible AF

finding-irregular-rhythm = The heartbeat is irregular ({ CLOCK($from) } to { CLOCK($to) }). The spacing alone cannot tell why; show this trace to a clinician.
    .exact = Irregular RR intervals: robust RMSSD / mean RR { NUM($index, digits: 2) } (limit { NUM($limit, digits: 2) }) over { $n } differences of successive intervals.
    .name = Irregular

finding-bradycardia = The heartbeat is slow: { NUM($rate, digits: 0) } beats per minute ({ CLOCK($from) } to { CLOCK($to) }). In athletes and in sleep this is common; with dizziness or fainting, see a doctor soon.
    .exact = Bradycardia: mean rate { NUM($rate, digits: 0) }/min over { $n } RR intervals (adult limit { NUM($limit, digits: 0) }/min).
    .name = Slow

finding-tachycardia = The heartbeat is fast: { NUM($rate, digits: 0) } beats per minute ({ CLOCK($from) } to { CLOCK($to) }). Effort, fever or excitement can do this; rest for some minutes and record again.
    .exact = Tachycardia: mean rate { NUM($rate, digits: 0) }/min over { $n } RR intervals (adult limit { NUM($limit, digits: 0) }/min).
    .name = Fast

finding-pause = { $n ->
        [one] The heartbeat pauses for { NUM($longest, digits: 1) } seconds (at { CLOCK($from) }). Look at the trace there: a beat too small to be recognised looks the same.
       *[other] The heartbeat pauses { $n } times in a row, for up to { NUM($longest, digits: 1) } seconds (from { CLOCK($from) } to { CLOCK($to) }). Look at the trace there: beats too small to be recognised look the same.
    }
    .exact = { $n ->
        [one] RR interval of { NUM($longest, digits: 2) } s without a recognised beat.
       *[other] { $n } successive RR intervals of 2 s or more, the longest { NUM($longest, digits: 2) } s.
    }
    .name = Pause { NUM($longest, digits: 1) } s

finding-pause-long = { $n ->
        [one] The heartbeat pauses for { NUM($longest, digits: 1) } seconds (at { CLOCK($from) }), which is long. Show this trace to a doctor soon; after fainting, call for help now.
       *[other] The heartbeat pauses { $n } times in a row, for up to { NUM($longest, digits: 1) } seconds (from { CLOCK($from) } to { CLOCK($to) }), which is long. Show this trace to a doctor soon; after fainting, call for help now.
    }
    .exact = { $n ->
        [one] RR interval of { NUM($longest, digits: 2) } s without a recognised beat (3 s or more).
       *[other] { $n } successive RR intervals of 2 s or more, the longest { NUM($longest, digits: 2) } s (3 s or more).
    }
    .name = Long pause { NUM($longest, digits: 1) } s

finding-no-beats = No heartbeat could be recognised in { NUM($usable, digits: 0) } s of readable signal. Check that the electrodes touch the skin, and record again. If the person does not respond, call for help now.
    .exact = No QRS complex recognised in { NUM($usable, digits: 1) } s of usable signal.
    .name = No beats

finding-no-beats-unusable = No heartbeat could be recognised, because the signal cannot be read. Check the electrodes, keep still, and record again.
    .exact = No QRS complex recognised; no usable signal.
    .name = No beats

finding-wide-qrs = The main wave of each heartbeat is wide: { NUM($value, digits: 0) } ms. Show this trace to a doctor; many people have had it for long without harm.
    .exact = QRS { NUM($value, digits: 0) } ± { NUM($sd, digits: 0) } ms over { $n } beats (adult limit { NUM($limit, digits: 0) } ms; one lead shows the least of it).
    .name = Wide QRS

finding-long-pr = The way from the atria to the ventricles takes long: { NUM($value, digits: 0) } ms. Often harmless; show this trace to a doctor at the next visit, and soon after fainting.
    .exact = PR { NUM($value, digits: 0) } ± { NUM($sd, digits: 0) } ms over { $n } beats (adult limit { NUM($limit, digits: 0) } ms).
    .name = Long PR

finding-long-qtc = The recovery after each heartbeat takes long for this rate: QTc { NUM($value, digits: 0) } ms. Medicines can do this; show this trace to a doctor soon, and after fainting at once.
    .exact = QTc { NUM($value, digits: 0) } ms by Fridericia over { $n } beats (limit { NUM($limit, digits: 0) } ms; one lead shows the least of it).
    .name = Long QTc
