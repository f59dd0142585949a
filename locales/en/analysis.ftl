# What the analysis says: why something is not measured, and words for signal quality.

analysis-no-ecg-lead = This recording has no ECG lead. Choose a file that holds an ECG.
analysis-no-such-lead = The recording has no lead with that number. Choose one of the leads listed.
analysis-lead-empty = This lead holds no samples. Choose another lead.

analysis-rate-no-intervals = No two heartbeats in a row could be read, so there is no heart rate. Record again, holding still.
analysis-too-few-beats = Only { $n } heartbeats could be read; at least 3 are needed to measure waves. Record for longer.
analysis-too-few-clean-beats = Only { $n } heartbeats are clear enough to measure waves on; at least 3 are needed. Record again, holding still.
analysis-too-few-alike-beats = Only { $n } heartbeats look alike, too few to measure waves on. Look at the trace itself.
analysis-no-clear-p = No clear P wave stands out from the noise, so it is not measured. Look at the trace itself.
analysis-no-clear-qrs = The beginning and end of the QRS are not clear, so it is not measured.
analysis-no-clear-t-end = The end of the T wave is not clear, so the QT interval is not measured.
analysis-qtc-irregular = The rhythm is too irregular for a corrected QT. Use the QT interval as it is.
analysis-qtc-bazett-rate = Bazett's formula misleads below { $low } and above { $high } beats per minute. Use one of the other formulas.
analysis-qtc-sex-unknown = Rautaharju's formula asks for the sex, which the recording does not state. Use one of the other formulas.

analysis-global-few-leads = Global intervals need at least three leads recorded at once that do not follow from each other.
analysis-global-few-beats = Too few beats of the usual kind can be measured for global intervals.
analysis-global-few-usable = Only { $n } leads can be measured at the same beats; global intervals need { $needed }.
analysis-global-paced = A pacemaker's spikes hide where the QRS begins, so global intervals are not measured.
analysis-global-no-qrs = The leads do not agree where the QRS begins and ends, so global intervals are not measured.
analysis-global-no-p = Too few leads show a clear P wave.
analysis-global-no-t-end = Too few leads show a clear end of the T wave.
analysis-axis-indeterminate = The QRS is about as high up as down in all limb leads, so its axis has no direction.
analysis-electrodes-swapped = Electrodes of the limbs look swapped, so what rests on where they lie is not said.
analysis-leads-not-of-one-scale = The limb leads do not add up as they must (I and III to II), so their heights cannot be compared.

method-axis-net = net heights of the six limb leads
method-global = earliest onset to latest end over the leads, near the outermost mark
method-heights = heights over the line before each complex, median over the beats of the usual kind
method-every-beat = median over the beats of the usual kind
method-every-beat-network = median over the beats of the usual kind, their marks halfway between rules and a small network
method-qtc-bazett = Bazett
method-qtc-fridericia = Fridericia
method-qtc-framingham = Framingham
method-qtc-hodges = Hodges
method-qtc-rautaharju = Rautaharju

quality-beats = heartbeats readable
quality-waves = waves readable

absent-no-repeat = nothing repeats from beat to beat where this wave would be
absent-irregular = the rhythm is irregular and nothing like this wave repeats clearly
absent-restless = the line before moves as much as the wave would
absent-not-here = other beats have this wave, this one does not
absent-flat = not to be told from the noise
absent-cut-off = it lies beyond the samples
absent-quality = the trace is too disturbed there
absent-merged = it runs into the wave beside it
absent-unseen = the rules see such a wave, the network does not

## Heart rate variability

hrv-withheld-length = At least { CLOCK($needed) } is needed; { CLOCK($length) } can be used.
hrv-withheld-few = At least { $needed } intervals are needed; there are { $n }.
hrv-withheld-rate = { $rate } samples per second are too few; { $needed } are needed.
hrv-withheld-fibrillation = The rhythm fits atrial fibrillation, where these figures mean nothing.
hrv-withheld-irregular = The rhythm is irregular, and nothing tells it from atrial fibrillation, where these figures mean nothing.
hrv-withheld-corrected = { NUM($share, digits: 0) } % of the beats would have to be corrected, more than { NUM($limit, digits: 0) } %.
hrv-withheld-kept = Only { NUM($share, digits: 0) } % of the intervals lie between normal beats; { NUM($limit, digits: 0) } % are needed.
hrv-withheld-sparse = Less than { NUM($limit, digits: 0) } % of the five minutes can be used.
hrv-withheld-slow = The heart beats too slowly to show waves up to 0.4 Hz; { NUM($rate, digits: 0) } beats per minute are needed.
hrv-withheld-undefined = The intervals do not show it.
hrv-withheld-no-pairs = There are too few intervals in a row.
hrv-withheld-no-peak = No clear peak.
hrv-remark-short-sdnn = Below two minutes SDNN comes out too low.
hrv-remark-rhythm = { NUM($seconds, digits: 0) } s of irregular rhythm are left out.

hrv-kind-ectopic = ectopic
hrv-kind-missed = beat missed
hrv-kind-extra = extra beat
hrv-kind-long = too long
hrv-kind-short = too short

method-hrv-nn = intervals between normal beats
method-hrv-lomb = Lomb-Scargle, straight line removed
method-hrv-burg = autoregression of order 16 (Burg), straight line removed
method-hrv-sampen = m = 2, r = 0.2 standard deviations
method-hrv-dfa = boxes of 4 to 16 beats
