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

method-median-beat-tangent = median beat, tangent method
method-median-beat-slope = median beat, slope threshold
method-qtc-bazett = Bazett
method-qtc-fridericia = Fridericia
method-qtc-framingham = Framingham
method-qtc-hodges = Hodges

quality-beats = heartbeats readable
quality-waves = waves readable
