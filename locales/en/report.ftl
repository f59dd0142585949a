# The report: quality, rhythm, rate, measurements, and what is always said.

## Why something is not there

withheld-not-measured = not measured by this version
withheld-one-lead = one lead cannot show it
withheld-not-analysed = the recording was not analysed
withheld-not-finite = the calculation gave no number

withheld-no-median-beat = there are too few beats whose waves can be measured
method-median-beat = marked on the median of the aligned beats

## Quality

quality-good = Waves can be measured in { NUM($waves, digits: 0) } of { NUM($total, digits: 0) } s.
    .exact = Waves { NUM($waves, digits: 1) } s, beats only { NUM($beats, digits: 1) } s, unusable { NUM($unusable, digits: 1) } s.
    .name = Good
quality-fair = Beats can be counted in most of it, waves measured in { NUM($waves, digits: 0) } of { NUM($total, digits: 0) } s. { $reason }
    .exact = Waves { NUM($waves, digits: 1) } s, beats only { NUM($beats, digits: 1) } s, unusable { NUM($unusable, digits: 1) } s.
    .name = Fair
quality-poor = { NUM($unusable, digits: 0) } of { NUM($total, digits: 0) } s cannot be read. { $reason }
    .exact = Waves { NUM($waves, digits: 1) } s, beats only { NUM($beats, digits: 1) } s, unusable { NUM($unusable, digits: 1) } s.
    .name = Poor
quality-unusable = Nothing can be read in it. { $reason }
    .name = Unusable
quality-unknown = The recording is too short to judge.
    .name = Unknown

quality-reason-none = Keep still and record again.
quality-reason-flat = There is no signal. Check that both electrodes touch the skin, and record again.
quality-reason-saturated = The signal is at the limits of its range. Check the electrodes, keep still, and record again.
quality-reason-missing = Samples are missing. Check the contact and the connection, and record again.
quality-reason-mains = There is mains hum. Move away from cables and chargers, and record again.
quality-reason-muscle = There is much muscle noise. Rest both arms on the table and record again.
quality-reason-wander = The baseline wanders. Keep still, breathe quietly, and record again.
quality-reason-motion = There is motion in it. Sit still and record again.
quality-reason-weak = The heartbeat is small against the noise. Moisten the skin under the electrodes and record again.
quality-reason-marked = Stretches were marked by hand as not to be measured.
quality-reason-short = There is too little of it. Record for at least 30 seconds.

## Rhythm

rhythm-sinus = The rhythm is consistent with sinus rhythm.
    .exact = Probability of sinus rhythm { NUM($probability, digits: 2) }, over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s.
    .name = Sinus rhythm
rhythm-af = The rhythm is consistent with atrial fibrillation. Show this trace to a clinician.
    .exact = Probability of atrial fibrillation { NUM($probability, digits: 2) }, over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s.
    .name = Possible AF
rhythm-af-by-beats = By the spacing of its beats the rhythm is consistent with atrial fibrillation; the model could not tell. Show this trace to a clinician.
    .exact = By rule (scattered RR intervals), over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s; the model abstained.
    .name = Possible AF
rhythm-other = The rhythm fits neither sinus rhythm nor atrial fibrillation. Show this trace to a clinician.
    .exact = Probability of another rhythm { NUM($probability, digits: 2) }, over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s.
    .name = Other rhythm
rhythm-other-because = The model takes the rhythm for another one than plain sinus rhythm or atrial fibrillation; { $because } may be why. Show this trace to a clinician.
    .exact = Probability of another rhythm { NUM($probability, digits: 2) }, over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s; the model's class of other rhythms holds slow and fast hearts, extra beats and blocks too.
    .name = Other rhythm
because-block = the missing beats
because-early = the early beats
because-fast = the fast heartbeat
because-slow = the slow heartbeat
because-wide = the wide beats
because-long-pr = the long way from the upper to the lower chambers
rhythm-flutter = The rhythm is consistent with atrial flutter. Show this trace to a doctor soon.
    .exact = By rule (an even wave between the QRS complexes), over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s; the models do not know flutter.
    .name = Possible flutter
rhythm-paced = A pacemaker gives the rhythm.
    .exact = By rule (spikes before the beats), over { NUM($seconds, digits: 0) } of { NUM($total, digits: 0) } s; the models do not know paced rhythms.
    .name = Paced
rhythm-mixed = The rhythm changes within the recording. Look at the marked stretches.
    .exact = Consistent with sinus rhythm { NUM($sinus, digits: 0) } s, atrial fibrillation { NUM($af, digits: 0) } s, another rhythm { NUM($other, digits: 0) } s, cannot tell { NUM($unsure, digits: 0) } s.
    .name = Several rhythms
rhythm-unsure = Cannot tell the rhythm.
    .name = Cannot tell
rhythm-no-model = No model was asked; rules alone name no rhythm.
rhythm-noisy = The signal is too noisy to tell the rhythm. Rest both arms on the table, keep still, and record again.
rhythm-unknown-label = The model answered with a label that is not known here. Use the models that belong to this version.
rhythm-contradicted-by-beats = The model's answer is another rhythm, but the beats are spaced as in atrial fibrillation, without a regular wave before them. Show this trace to a clinician: only a person who reads it can tell.
rhythm-contradicted = The model's answer is atrial fibrillation, but the beats are evenly spaced. Look at the trace, or show it to a clinician.
rhythm-reason-model = model, probability { NUM($probability, digits: 2) }

## Rate and measurements

rate-line = { NUM($mean, digits: 0) } beats per minute, from { NUM($min, digits: 0) } to { NUM($max, digits: 0) }.
    .exact = 60 / mean RR over { $n } intervals; the range is from the longest and the shortest one.
    .name = { NUM($mean, digits: 0) }/min

measured-spread = { NUM($value, digits: 0) } ms (spread { NUM($sd, digits: 0) } ms, { $n } beats)
measured-plain = { NUM($value, digits: 0) } ms ({ $n ->
        [one] one beat
       *[other] { $n } beats
    })
measured-global-spread = { NUM($value, digits: 0) } ms over { $n } leads (their own spread { NUM($sd, digits: 0) } ms)
measured-global = { NUM($value, digits: 0) } ms over { $n } leads
global-basis = What is said to be over several leads runs from near the earliest onset to near the latest end in { $leads }, { CLOCK($from) } to { CLOCK($to) }. The rest is of one lead, and shows the least of it. QRS read so is up to about 20 ms longer than programs make it that mark all leads together.
measured-axis-spread = { NUM($value, digits: 0) }° (spread { NUM($sd, digits: 0) }°, { $n } beats)
measured-axis = { NUM($value, digits: 0) }° ({ $n ->
        [one] one beat
       *[other] { $n } beats
    })
measured-height = { NUM($value, digits: 2) } { $unit } (spread { NUM($sd, digits: 2) }, { $n } beats)
measured-withheld = withheld: { $reason }

## Limits of the heights of twelve leads

limit-sokolow-lyon = Sokolow-Lyon (S in V1 + R in V5 or V6): met from 3.5 mV. Of 100 people with a thick left chamber about 24 meet it, of 100 without one about 6, more of them young.
limit-cornell = Cornell (R in aVL + S in V3): met above 2.8 mV in men, 2.0 mV in women. Of 100 people with a thick left chamber about 29 meet it, of 100 without one about 8.
limit-katz-wachtel = Katz-Wachtel (R + S in V2 to V4): 5 mV and more, R about as high as S, are read as both lower chambers being thick, above all in children; most who have that do not show it.
limit-p-terminal = P end in V1 (depth times length of its last, negative part; Morris): 4 mV·ms and more are read as load on the left atrium; most who have that do not show it, and an electrode that lies too high shows it in anyone.
limit-r-to-s-v1 = R/S in V1: above 1 with an R of at least 0.7 mV is read as a thick right chamber; most who have that do not show it.

## What stands under the findings

conclusion-by-hand = Corrected by hand, and measured with that: { $added ->
        [one] one beat
       *[other] { $added } beats
    } put in, { $removed } taken out, { $named } named, { $marked ->
        [one] one stretch
       *[other] { $marked } stretches
    } marked.
conclusion-no-finding = No finding in this recording, from the list that this software knows. This does not exclude disease.
conclusion-no-finding-in-part = No finding in the { NUM($read, digits: 0) } of { NUM($total, digits: 0) } s that could be read, from the list that this software knows. This does not exclude disease.
conclusion-little-read = Only { NUM($read, digits: 0) } of { NUM($total, digits: 0) } s could be read: too little to look for findings. Nothing is said about your heart either way.
conclusion-doubtful-beats = { $n ->
        [one] One beat (at { CLOCK($from) }) is marked V on the trace, as if it started in the ventricles
       *[other] { $n } beats (from { CLOCK($from) } on) are marked V on the trace, as if they started in the ventricles
    }, but too little bears that out to call it: a movement can look the same.
conclusion-limits = { $leads ->
        [one] One lead for a short time cannot show a heart attack
       *[other] This software does not look for a heart attack
    }, and a rhythm that comes and goes may be absent while it is recorded.
small-print = This is research and education software, not a cleared medical device. With chest pain, fainting or breathlessness call for help now; do not wait for software.

## On paper

report-of-another-recording = The report is of another recording than the one that is being opened. Open its file again, then save it.
paper-page = page { $n } of { $of }
paper-part = The first { NUM($seconds, digits: 0) } s of { NUM($total, digits: 0) } s are drawn.
paper-strip = { CLOCK($from) }  { $name }
label-intervals = Intervals

## Labels of the text report

label-format = Format
label-device = Device
label-start = Start
label-duration = Duration
label-lead = Lead
label-quality = Quality
label-rhythm = Rhythm
label-rate = Rate
label-findings = Findings
label-measurements = Measurements
label-models = Models
label-source = What the source says of itself
label-verdict = Its verdict
label-filters = Filters
label-remark = Remark
label-annotations = Annotations
label-notes = Notes
label-limb-leads = limb leads
label-axis = QRS axis
label-sokolow-lyon = Sokolow-Lyon
label-cornell = Cornell
label-katz-wachtel = Katz-Wachtel
label-p-terminal = P end in V1
label-r-to-s-v1 = R/S in V1
label-p = P
label-pr = PR
label-qrs = QRS
label-qt = QT
label-jt = JT
label-qtc-bazett = QTc Bazett
label-qtc-fridericia = QTc Fridericia
label-qtc-framingham = QTc Framingham
label-qtc-hodges = QTc Hodges
label-qtc-rautaharju = QTc Rautaharju

duration-line = { CLOCK($seconds) } ({ NUM($seconds, digits: 1) } s)
lead-line = { $name }: { $kind }, { $rate } Hz, { $samples } samples, { $min } to { $max } { $unit }
lead-line-derived = { $name }: { $kind }, computed from other leads, { $rate } Hz, { $samples } samples, { $min } to { $max } { $unit }
lead-line-empty = { $name }: { $kind }, { $rate } Hz, { $samples } samples, nothing but gaps
gap-line = gap at { CLOCK($from) } of { $seconds } s
and-more = and { $n } more
annotations-line = { $n ->
        [one] one mark came with the recording
       *[other] { $n } marks came with the recording
    }
call-line = { $label }, probability { NUM($probability, digits: 2) } ({ CLOCK($from) } to { CLOCK($to) }); version { $version }, { $hash }
unit-counts = counts of unknown size
rhythm-no-model-runtime = This build has no runtime for models; rules alone name no rhythm.

## Heart rate variability

label-hrv = Heart rate variability
label-hrv-corrections = Left out
hrv-line = { $value } { $unit }
hrv-line-raw = { $value } { $unit } (uncorrected { $raw })
hrv-basis = { $kept } of { $n } intervals lie between normal beats{ $corrected ->
        [0] .
        [one] ; one beat was corrected.
       *[other] ; { $corrected } beats were corrected.
    }
hrv-correction = { CLOCK($at) } { $kind }
hrv-mean-nn-ms = Mean NN
hrv-sdnn-ms = SDNN
hrv-rmssd-ms = RMSSD
hrv-pnn50-pct = pNN50
hrv-sd1-ms = SD1
hrv-sd2-ms = SD2
hrv-triangular-index = Triangular index
hrv-sdann-ms = SDANN
hrv-sdnn-index-ms = SDNN index
hrv-lf-ms2 = LF
hrv-hf-ms2 = HF
hrv-lf-hf = LF/HF
hrv-total-ms2 = Total power
hrv-hf-peak-hz = HF peak
hrv-lf-ar-ms2 = LF (AR)
hrv-hf-ar-ms2 = HF (AR)
hrv-lf-hf-ar = LF/HF (AR)
hrv-total-ar-ms2 = Total (AR)
hrv-hf-peak-ar-hz = HF peak (AR)
hrv-sample-entropy = Sample entropy
hrv-dfa-alpha1 = DFA alpha 1
