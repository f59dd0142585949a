# What is found. The message is for everyone; .exact is the clinical wording; .name is the short name on the trace.

finding-atrial-fibrillation = The heartbeat is irregular in a way that fits atrial fibrillation ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a clinician: only a person who reads it can tell.
    .exact = Consistent with atrial fibrillation: probability { NUM($probability, digits: 2) } (model { $model }); { $n } RR intervals, irregularity { NUM($index, digits: 2) } (robust RMSSD / mean RR).
    .name = Possible AF

finding-atrial-fibrillation-by-beats = The heartbeat is irregular in a way that fits atrial fibrillation, and no regular wave comes before the beats ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a clinician: only a person who reads it can tell.
    .exact = Consistent with atrial fibrillation by rule (RR intervals and P waves; no model): irregularity { NUM($index, digits: 2) } (robust RMSSD / mean RR) over { $n } RR intervals, no P waves before most beats. Where this rule found it, { NUM($predictivity, digits: 2) } of the recordings are labelled so (CinC 2017, folds 2 to 4).
    .name = Possible AF

finding-atrial-flutter = Between the heartbeats the upper chambers may be going round in an even, fast circle, { NUM($rate, digits: 0) } times a minute ({ CLOCK($from) } to { CLOCK($to) }): possible atrial flutter. Show this trace to a doctor soon; a 12-lead ECG can tell. With chest pain, breathlessness or fainting, call for help now.
    .exact = Possible atrial flutter: an even wave at { NUM($rate, digits: 0) }/min between the QRS complexes, about { NUM($ratio, digits: 1) } waves a beat (median RR); with its overtone it explains { NUM($explained, digits: 2) } of the trace between them; no P waves before most beats; { $n } beats.
    .name = Possible flutter

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

finding-short-pr = The way from the atria to the ventricles takes little time: { NUM($value, digits: 0) } ms. Many people have this without harm; show this trace to a doctor at the next visit, and soon after fainting or a racing heart.
    .exact = Global PR { NUM($value, digits: 0) } ms over { $n } leads (adult limit { NUM($limit, digits: 0) } ms; looked at alone it is no sign of pre-excitation).
    .name = Short PR

finding-short-qtc = The recovery after each heartbeat is quick for this rate: QTc { NUM($value, digits: 0) } ms. Show this trace to a doctor soon, and after fainting at once.
    .exact = Global QTc { NUM($value, digits: 0) } ms by Fridericia over { $n } leads (limit { NUM($limit, digits: 0) } ms; a fast heart, potassium, calcium and digitalis shorten it too).
    .name = Short QTc

finding-pause-after-extra = After an extra beat the heartbeat pauses for { NUM($longest, digits: 1) } seconds (at { CLOCK($from) }). A short pause after an extra beat is usual.
    .exact = RR interval of { NUM($longest, digits: 2) } s after an ectopic beat.
    .name = Pause { NUM($longest, digits: 1) } s

finding-premature-ventricular-beats = { $n ->
        [one] One extra heartbeat looks as if it started in the ventricles: it comes early and is wide (at { CLOCK($from) }).
       *[other] { $n } extra heartbeats look as if they started in the ventricles: they come early and are wide. That is { NUM($burden, digits: 1) } of 100 beats.
    } Many healthy people have some. If they are new or many, or with dizziness, show this trace to a clinician.
    .exact = Possible premature ventricular complexes: { $n } of { $of } classified beats (burden { NUM($burden, digits: 1) } %), by shape and timing in one lead; mean class probability { NUM($probability, digits: 2) }.
    .name = Early beat (V)

finding-premature-supraventricular-beats = { $n ->
        [one] One extra heartbeat comes early and looks as if it started in the atria (at { CLOCK($from) }).
       *[other] { $n } extra heartbeats come early and look as if they started in the atria. That is { NUM($burden, digits: 1) } of 100 beats.
    } Many healthy people have some. If they are new or many, show this trace to a clinician.
    .exact = Possible premature supraventricular complexes: { $n } of { $of } classified beats (burden { NUM($burden, digits: 1) } %), by shape and timing in one lead; mean class probability { NUM($probability, digits: 2) }.
    .name = Early beat (S)

finding-ventricular-couplet = { $pairs ->
        [one] Two extra heartbeats in a row look as if they started in the ventricles (at { CLOCK($from) }).
       *[other] { $pairs } times two extra heartbeats in a row look as if they started in the ventricles (from { CLOCK($from) } to { CLOCK($to) }).
    } Show this trace to a clinician if they are new.
    .exact = Possible ventricular couplets: { $pairs }; mean class probability { NUM($probability, digits: 2) }.
    .name = V couplet

finding-ventricular-bigeminy = Every second heartbeat is an extra one that looks as if it started in the ventricles ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a clinician.
    .exact = Possible ventricular bigeminy: { $n } ventricular complexes alternating with other beats; mean class probability { NUM($probability, digits: 2) }.
    .name = V bigeminy

finding-ventricular-trigeminy = Every third heartbeat is an extra one that looks as if it started in the ventricles ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a clinician.
    .exact = Possible ventricular trigeminy: { $n } ventricular complexes, each after two other beats; mean class probability { NUM($probability, digits: 2) }.
    .name = V trigeminy

finding-ventricular-run = { $n } heartbeats in a row look as if they started in the ventricles, at { NUM($rate, digits: 0) } per minute (at { CLOCK($from) }). Show this trace to a doctor soon; with dizziness, fainting or chest pain, call for help now.
    .exact = Possible non-sustained ventricular tachycardia: { $n } wide complexes at { NUM($rate, digits: 0) }/min over { NUM($length, digits: 1) } s; one lead cannot exclude aberrant conduction; mean class probability { NUM($probability, digits: 2) }.
    .name = V run ({ $n })

finding-ventricular-run-slow = { $n } heartbeats in a row look as if they started in the ventricles, at a calm { NUM($rate, digits: 0) } per minute (at { CLOCK($from) }). Show this trace to a clinician.
    .exact = Possible accelerated or escape ventricular rhythm: { $n } wide complexes at { NUM($rate, digits: 0) }/min over { NUM($length, digits: 1) } s; one lead cannot exclude intermittent bundle branch block; mean class probability { NUM($probability, digits: 2) }.
    .name = Slow V run ({ $n })

finding-ventricular-run-sustained = For { NUM($length, digits: 0) } seconds the heartbeats look as if they started in the ventricles, at { NUM($rate, digits: 0) } per minute (from { CLOCK($from) } to { CLOCK($to) }). If it goes on, or with dizziness, fainting, chest pain or breathlessness, call for help now.
    .exact = Possible sustained ventricular tachycardia: { $n } wide complexes at { NUM($rate, digits: 0) }/min over { NUM($length, digits: 1) } s; one lead cannot exclude aberrant conduction; mean class probability { NUM($probability, digits: 2) }.
    .name = Long V run ({ $n })

finding-supraventricular-couplet = { $pairs ->
        [one] Two early heartbeats in a row look as if they started in the atria (at { CLOCK($from) }).
       *[other] { $pairs } times two early heartbeats in a row look as if they started in the atria (from { CLOCK($from) } to { CLOCK($to) }).
    } Many healthy people have some.
    .exact = Possible supraventricular couplets: { $pairs }; mean class probability { NUM($probability, digits: 2) }.
    .name = S couplet

finding-supraventricular-bigeminy = Every second heartbeat comes early and looks as if it started in the atria ({ CLOCK($from) } to { CLOCK($to) }). If this is new, show this trace to a clinician.
    .exact = Possible supraventricular bigeminy: { $n } supraventricular complexes alternating with other beats; mean class probability { NUM($probability, digits: 2) }.
    .name = S bigeminy

finding-supraventricular-run = { $n } early heartbeats in a row look as if they started in the atria, at { NUM($rate, digits: 0) } per minute (at { CLOCK($from) }). Short runs are common; if they are new, long or felt, show this trace to a clinician.
    .exact = Possible supraventricular run: { $n } complexes at { NUM($rate, digits: 0) }/min over { NUM($length, digits: 1) } s; mean class probability { NUM($probability, digits: 2) }.
    .name = S run ({ $n })

finding-third-degree-block = The upper and the lower chambers of the heart may be beating without each other: the upper ones { NUM($atrial, digits: 0) } times a minute, the lower ones { NUM($rate, digits: 0) } times ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a doctor today; with fainting, breathlessness or chest pain call for help now.
    .exact = Possible third-degree AV block: P waves at { NUM($atrial, digits: 0) }/min ({ NUM($even, digits: 2) } of their steps fit that) beside even QRS complexes at { NUM($rate, digits: 0) }/min ({ $n } beats); time from the last P to the QRS scatters by { NUM($scatter, digits: 0) } ms. P waves within QRS and T are not seen.
    .name = Possible AV block 3°

finding-second-degree-block = { $n } heartbeats are missing although the upper chambers gave their signal on time ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a doctor soon; after fainting, call for help now.
    .exact = Possible second-degree AV block: { $n } P waves on time without a QRS complex; PR before the pause longer than after it by { NUM($longer, digits: 0) } ms (median): type not clear.
    .name = Possible AV block 2°

finding-second-degree-block-one = { $n } heartbeats are missing although the upper chambers gave their signal on time; before that, the way to the lower chambers took longer ({ CLOCK($from) } to { CLOCK($to) }). In athletes and in sleep this occurs without illness; show this trace to a doctor.
    .exact = Possible second-degree AV block type I (Wenckebach): { $n } P waves on time without a QRS complex; PR before the pause longer than after it by { NUM($longer, digits: 0) } ms (median).
    .name = Possible AV block 2° I

finding-second-degree-block-two = { $n } heartbeats are missing although the upper chambers gave their signal on time ({ CLOCK($from) } to { CLOCK($to) }). Show this trace to a doctor soon; after fainting, call for help now.
    .exact = Possible second-degree AV block type II: { $n } P waves on time without a QRS complex; PR before the pause longer than after it by { NUM($longer, digits: 0) } ms (median).
    .name = Possible AV block 2° II

finding-second-degree-block-two-to-one = Only every second signal of the upper chambers is followed by a heartbeat ({ $n } are missing, { CLOCK($from) } to { CLOCK($to) }). Show this trace to a doctor soon; after fainting, call for help now.
    .exact = Possible second-degree AV block, 2:1: { $n } P waves on time without a QRS complex.
    .name = Possible AV block 2:1

finding-paced-rhythm = A pacemaker gives the signal for { $n } of { $of } heartbeats looked at. What is said of the shape and width of these beats is the pacemaker's doing.
    .exact = Pacing spikes { NUM($before, digits: 0) } ms (median) before the fiducial of { $n } of { $of } beats; a device that filters at 40 Hz, or samples below 250 Hz, hides them.
    .name = Paced

finding-amplitude-alternans = Every second heartbeat is smaller on the trace ({ $n } beats, { CLOCK($from) } to { CLOCK($to) }). Show this trace to a doctor; movement in step with the heart can look the same.
    .exact = QRS height alternates over { $n } beats by { NUM($percent, digits: 0) } % of its size (median).
    .name = Alternans

finding-lead-reversal-arms = The electrodes of the two arms may be swapped: lead I is upside down, the chest leads are not. Put them right and record again; what is said of the limb leads is not to be trusted, and the axis is not measured.
    .exact = P and QRS of lead I negative, QRS of the left chest lead positive ({ $n } beats): arm electrodes swapped; dextrocardia would turn the chest leads over too.
    .name = Arms swapped

finding-lead-reversal-right = The electrodes of the right arm and the right leg may be swapped: lead II is nearly flat. Put them right and record again; what is said of the limb leads is not to be trusted, and the axis is not measured.
    .exact = QRS of lead II nearly flat beside leads I and III ({ $n } beats): right arm and right leg electrodes swapped.
    .name = Electrodes swapped

finding-lead-reversal-left = The electrodes of the left arm and the right leg may be swapped: lead III is nearly flat. Put them right and record again; what is said of the limb leads is not to be trusted, and the axis is not measured.
    .exact = QRS of lead III nearly flat beside leads I and II ({ $n } beats): left arm and right leg electrodes swapped.
    .name = Electrodes swapped

finding-inverted-trace = The whole trace is upside down: the electrodes may be swapped, or the watch on the other wrist. Put them right and record again.
    .exact = P, QRS and T of the median beat ({ $n } beats) are negative in lead { $lead }: arm electrodes swapped, or dextrocardia.
    .name = Upside down
