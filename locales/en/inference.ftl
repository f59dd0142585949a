# Models: why one cannot be used, and why one gives no answer.

## A model that cannot be used: what, and what to do

model-not-reachable = The model cannot be fetched, so the rhythm is not named; everything else is measured. Open the page once while connected, and it is kept for later.
model-error-manifest = The model's manifest is not right at { $field }: expected { $expected }, found { $found }. Correct the manifest, or use the model that belongs to this version.
model-error-unknown-step = The model wants its signal prepared by "{ $step }", which this version does not know. Use a newer version, or another model.
model-error-not-trained = The model's manifest says that it is not trained. Use a trained model.
model-error-wrong-file = The model's file is not the one that its manifest speaks of ({ $what } { $found }, expected { $expected }). Load it again; if it stays so, fetch model and manifest together from where they were published.
model-error-too-large = The model has { NUM($found) } { $what }, more than the limit of { NUM($limit) }. Use a smaller model.
model-error-unreadable = The model's file cannot be read: { $reason }. Export it again as ONNX with the weights in the same file.
model-error-operators = The model uses operators that cannot be run here: { $operators }. Export it again with standard ONNX operators, operator set 17.
model-error-shape = The model does not fit its manifest at { $place }: expected { $expected }, found { $found }. Correct the manifest, or export the model with these shapes fixed.
model-error-not-finite = The model has a value that is not a number ({ $place }), so its answers cannot be trusted. Use an undamaged model.
model-error-run = The model stopped while running: { $reason }. Load the page again; if it happens again, use another model.
model-error-rate = The model cannot be asked: this lead has { NUM($rate) } samples per second, and the model takes { NUM($least) } to { NUM($most) }. Export the recording at another rate.
model-error-operator-set = The model uses operator set { $found }, and { $least } to { $most } can be run here. Export it again with operator set 17.
model-error-missing-leads = This recording lacks leads that the model is given: { $missing }. It has { $there }. Open one with these leads; none is made up.
model-error-no-unit = The unit of lead { $lead } is not known, so the model is not asked. Open the file again and say its unit.
model-error-flat = There is no signal in { $leads }, so the model is not asked. Open another recording.
model-error-voltage = Lead { $lead } has about { NUM($found) } mV from lowest to highest, which no heart has ({ NUM($least) } to { NUM($most) } mV): its unit must be another, so the model is not asked. Open the file again and say its unit.
model-error-too-short = The model needs { NUM($window) } s without a gap in its leads, and this recording has { NUM($duration) } s in all. Open a longer one.

## The slot: a model of the user's own

own-fact-file = { NUM($bytes) } bytes, operator set { $opset }{ $known ->
        [0] { "" }
       *[other] , made by { $producer }
    }.
own-fact-input = Input { $name }: { $shape }.
own-fact-output = Output { $name }: { $shape }.
own-card-name = { $name } { $version }, SHA-256 { $sha256 }
own-card-input = It is given { $leads } in { $unit }, { NUM($rate) } samples per second, { NUM($window) } s at a time, every { NUM($hop) } s.
own-card-filter-none = Nothing is filtered.
own-card-filter-high = Filtered from { NUM($low) } Hz on.
own-card-filter-low = Filtered up to { NUM($high) } Hz.
own-card-filter-band = Filtered to { NUM($low) } to { NUM($high) } Hz.
own-card-citation = As entered: { $text }
own-card-licence = Licence, as entered: { $text }
own-basis = { $n ->
        [one] One window
       *[other] Mean over { $n } windows
    } from { CLOCK($from) } to { CLOCK($to) }; leads given: { $leads }.
own-left-out = Windows left out, for missing samples or for time: { $n }.
own-kept = Kept on this device until it is taken out.
own-session = Not kept: gone when this page is closed.
own-not-kept = This browser would not keep it.
own-gone = The model is no longer kept on this device. Load its file again.
own-no-recording = There is no recording open.
own-no-file = There is no model among the chosen files. Choose an ONNX file.

own-error-field = { $field }: expected { $expected }, found { $found }. Correct it there.
own-manifest = Manifest
own-step-input = What it is given
own-step-signal = How the signal is prepared
own-step-output = What it answers
own-step-card = Whose it is
own-leads = Leads
    .exact = In the model's order: I, II, III, aVR … A recording's are put into it.
own-layout = Order of the input
own-layout-open = …
own-layout-leads-samples = [1, leads, samples]
own-layout-samples-leads = [1, samples, leads]
own-layout-one-leads-samples = [1, 1, leads, samples]
own-unit = Unit
    .exact = As in its training; a wrong unit gives wrong answers.
own-unit-open = …
own-unit-mV = mV
own-unit-uV = µV
own-rate = Samples per second
own-window = Window in seconds
own-hop = A window every … seconds
    .exact = Empty: windows follow each other.
own-high-pass = Filter from (Hz)
    .exact = Empty: no lower edge.
own-low-pass = Filter up to (Hz)
    .exact = Empty: no upper edge.
own-normalisation = Normalisation
own-normalisation-open = …
own-normalisation-none = none
own-normalisation-z-score-lead = each lead: z-score
own-normalisation-z-score-all = all leads together: z-score
own-normalisation-max-abs-lead = each lead: by its largest value
own-labels = Labels
    .exact = In the model's order, a semicolon between.
own-activation = Its outputs are
own-activation-open = …
own-activation-softmax = scores of which one holds (softmax)
own-activation-sigmoid = scores each for itself (sigmoid)
own-activation-none = to be shown as they are
own-thresholds = Thresholds
    .exact = One for all, or one a label. Empty: none.
own-tensor = Name of the output
own-name = Name
own-version = Version
own-citation = Whose it is, and where it is described
own-licence = Licence
own-keep = Keep it
own-keep-session = until this page is closed
own-keep-device = on this device, for later visits

## Why a model gives no answer

model-abstains-short = Cannot tell: only { NUM($duration, digits: 1) } seconds without a break, and the model needs { NUM($least, digits: 0) }. Record for 30 seconds.
model-abstains-gaps = Cannot tell: samples are missing, and the longest stretch without a gap has { NUM($duration, digits: 1) } seconds; the model needs { NUM($least, digits: 0) }. Keep the electrodes in contact and the device near, and record again.
model-abstains-quality = Cannot tell: most of this stretch is too noisy for the model ({ NUM($usable, digits: 0) } % of it is usable). Keep still, check the contact of the electrodes, and record again.
model-abstains-no-beats = Cannot tell: no heartbeats were found, and without them there is no rhythm to name. Check the contact of the electrodes; if you feel unwell, call for help now.
model-refuses-voltage = Cannot tell: the trace swings by { NUM($typical, digits: 0) } mV in a second, and no heart by more than { NUM($most, digits: 0) }. The unit or the gain of this file must be wrong: open it again with the right one.
model-abstains-unsure = Cannot tell: the model's best answer has a probability of { NUM($probability, digits: 2) }, under its limit of { NUM($limit, digits: 2) }. Record again at rest, or show the trace to a clinician.
