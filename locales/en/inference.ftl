# Models: why one cannot be used, and why one gives no answer.

## A model that cannot be used: what, and what to do

model-not-reachable = The model cannot be fetched, so the rhythm is not named; everything else is measured. Open the page once while connected, and it is kept for later.
model-error-manifest = The model's manifest is not right at { $field }: expected { $expected }, found { $found }. Correct the manifest, or use the model that belongs to this version.
model-error-unknown-step = The model wants its signal prepared by "{ $step }", which this version does not know. Use a newer version, or another model.
model-error-not-trained = The model's manifest says that it is not trained. Use a trained model.
model-error-wrong-file = The model's file is not the one that its manifest speaks of ({ $what } { $found }, expected { $expected }). Load it again; if it stays so, fetch model and manifest together from where they were published.
model-error-too-large = The model has { NUM($found) } { $what }, more than the limit of { NUM($limit) }. Use a smaller model.
model-error-unreadable = The model's file cannot be read: { $reason }. Export it again as ONNX with the weights in the same file.
model-error-operators = The model uses operators that cannot be run here: { $operators }. Export it again with standard ONNX operators, operator set 13 to 18.
model-error-shape = The model does not fit its manifest at { $place }: expected { $expected }, found { $found }. Correct the manifest, or export the model with these shapes fixed.
model-error-not-finite = The model has a value that is not a number ({ $place }), so its answers cannot be trusted. Use an undamaged model.
model-error-run = The model stopped while running: { $reason }. Load the page again; if it happens again, use another model.
model-error-rate = The model cannot be asked: this lead has { NUM($rate) } samples per second, and the model takes { NUM($least) } to { NUM($most) }. Export the recording at another rate.

## Why a model gives no answer

model-abstains-short = Cannot tell: only { NUM($duration, digits: 1) } seconds without a break, and the model needs { NUM($least, digits: 0) }. Record for 30 seconds.
model-abstains-gaps = Cannot tell: samples are missing, and the longest stretch without a gap has { NUM($duration, digits: 1) } seconds; the model needs { NUM($least, digits: 0) }. Keep the electrodes in contact and the device near, and record again.
model-abstains-quality = Cannot tell: most of this stretch is too noisy for the model ({ NUM($usable, digits: 0) } % of it is usable). Keep still, check the contact of the electrodes, and record again.
model-abstains-no-beats = Cannot tell: no heartbeats were found, and without them there is no rhythm to name. Check the contact of the electrodes; if you feel unwell, call for help now.
model-abstains-unsure = Cannot tell: the model's best answer has a probability of { NUM($probability, digits: 2) }, under its limit of { NUM($limit, digits: 2) }. Record again at rest, or show the trace to a clinician.
