# The page.

page-title = einthoven
page-headline-open = Open an ECG.
page-headline-stays = It stays on this device.
page-intro = Watch, strap, Holter or hospital recording: the trace, its quality, its beats and what they may mean, without sending anything anywhere.
page-open = Open
page-open-file = Open a file
page-open-another = Open another file
page-connect = Connect
page-connect-device = Connect a device
page-example = Try an example
page-formats = Opens { $names }. Or drop it anywhere.
page-requests = { $n ->
        [0] No request since this page was loaded.
        [one] One request since this page was loaded, for its own files.
       *[other] { $n } requests since this page was loaded, all for its own files.
    }
page-offline = Works offline.
page-private = On this device only
page-back = Back to the start
page-clinical = Clinical words
page-theme = Light or dark
page-shortcuts = Keyboard shortcuts
page-actions = Main actions
page-tools = How the trace is drawn
page-drop = Drop it here. It stays on this device.
page-notice = Something went wrong
page-close = Close
page-cancel = Cancel
page-stop = Stop
page-none = –
page-per-minute = /min
page-rate-range = { $min } to { $max }, { $n } intervals
page-update = A newer version is ready. Load the page again when it suits you; nothing is lost before that.
page-worker-died = Reading stopped at something this program did not expect. What was open is still there; please report the file's kind to the makers.
page-model-died = The model stopped at something it did not expect. Everything that was measured still stands.
page-other-build = Parts of two versions are mixed. Load the page again.

## The verdict

page-quality = Quality
page-rate = Heart rate
page-rhythm = Rhythm
page-measuring = Measuring …
page-rhythm-waiting = Asking the model …
page-probability = probability
page-stage-opening = Opening the file …
page-stage-measuring = Measuring quality, beats and intervals …
page-stage-inferring = Asking the model …

## The sheet

page-sheet = ECG trace of { $name } on paper; its report stands beside it as text.
page-overview = The whole recording; press where the sheet shall go.
page-speed = Paper speed
page-gain = Gain
page-zoom-in = Show less time
page-zoom-out = Show more time
page-beats = Beats
page-waves = Waves
page-open-again = This recording has to be opened again before anything more can be measured in it.
page-edit = Correct
page-edit-not-yet = There is nothing to correct until the recording is measured.
page-edit-beats = Beats
page-edit-stretch = Stretch
page-edit-beats-hint = Tap a beat to take it out, or the trace to put one in. Dragging still moves the sheet.
page-edit-stretch-hint = Tap where the stretch begins. An unreadable stretch is opened, any other is left out.
page-edit-stretch-end = From { $from }: tap where it ends.
page-edit-nothing = There is nothing to do here.
page-undo = Undo
page-redo = Redo
page-edit-discard = Discard all
page-evidence = Model
page-all-leads = All leads
page-analysed-lead = Analysed lead
page-lead = Lead { $name }
page-scale = { $speed } mm/s  { $gain }  { $filter }  { $rate } Hz
page-no-filter = no filter
page-uncalibrated = amplitude unknown
page-gap = gap { NUM($seconds, digits: 1) } s
page-veil-beats = beats only: { $reasons }
page-veil-unusable = not read: { $reasons }
quality-reason-none-name = unclear
quality-reason-flat-name = no signal
quality-reason-saturated-name = at the limits
quality-reason-missing-name = missing samples
quality-reason-mains-name = mains hum
quality-reason-muscle-name = muscle noise
quality-reason-wander-name = wandering baseline
quality-reason-motion-name = motion
quality-reason-weak-name = weak signal
quality-reason-marked-name = marked by hand
quality-reason-short-name = too short

## The panel

page-findings = Findings
page-measurements = Measurements
page-measured-on = { $n ->
        [0] lead { $lead }
        [one] lead { $lead }, one beat
       *[other] lead { $lead }, median of { $n } beats
    }
page-measured-leads = { $n } leads at once
page-basis = { $spread }{ $n ->
        [one] one beat
       *[other] { $n } beats
    }
page-basis-leads = { $spread }{ $n } leads
page-qtc = QTc
page-model = Model
page-no-model = No model has answered.
page-label-normal = normal
page-label-af = AF
page-label-other = other
page-label-noisy = noisy
page-one-of-calls = One of { $n } calls: { $from } to { $to }.
page-evidence-words = The strip under the trace marks the segments that most influenced the score.
page-model-choice = Model
page-model-took = It took { NUM($ms, digits: 0) } ms on this device.
page-no-evidence = Which stretch made the difference is not shown: this model's maps did not pass the test for that.
page-card = Model card
page-networks = Small networks help here; their cards
page-network-quality = signal quality
page-network-beats = beat classes
page-network-waves = waves
page-own-slot = A model of your own
page-own-open = Choose its file …
page-own-what = An ONNX file, with its manifest if it has one. It is checked and run on this device, and its answer stands apart from ours.
page-own-step = Your own model, { $n } of { $of }: { $what }
page-own-back = Back
page-own-next = Next
page-own-check = Check it
page-own-waiting = Your model is being tried …
page-own-model = Your own model, not ours
page-own-no-claim = What it answers is not checked by einthoven, and nothing else here rests on it.
page-own-threshold = { $reached ->
        [0] < { $limit }
       *[other] ≥ { $limit }
    }
page-own-save = Save its manifest
page-own-take-out = Take it out
page-own-never-ended = Your model had not finished after { $limit } s, so it was ended and taken out. Use a smaller one, or a shorter window.
page-own-died = Your model made its worker stop: it wants too much memory, or something that cannot be run. It was taken out. Use a smaller one.
page-rr = RR intervals
page-tachogram = { $n } RR intervals over time and how often each occurs; around { $median } ms.
page-recording = Recording
page-leads = Leads
page-lead-facts = { $name } { $rate } Hz, { $samples } samples{ $derived ->
        [0] { "" }
       *[other] , computed
    }
page-its-numbers = It measured
page-person = Person
page-save = Save
page-report-json = Report (JSON)
page-report-pdf = Report to print (PDF)

## Choosing, asking, connecting

page-choose = Which recording?
page-question = This file does not say everything ({ $format })
page-ask-rate = Samples per second
page-ask-unit = Unit of the numbers
page-ask-unit-none = not known
page-ask-gain = Counts per millivolt
page-ask-lead = Lead
page-answer = Open it so
page-answered-before = Filled in as you answered for a file like this on this device.
page-preview = The first numbers of the file, as they stand
page-other-parts = Show its other parts
page-connect-how = A chest strap with electrodes, moistened and worn, streams its ECG straight to this page. Nothing passes through any server.
page-connect-h10 = Polar H10
page-connect-simulated = A simulated strap
page-simulated-device = Simulated Polar H10
page-no-bluetooth = This browser has no Web Bluetooth. Chrome and Edge have it on Android, Windows, macOS and Linux.
page-grade-waves = Good signal
page-grade-beats = Beats only
page-grade-unusable = Not readable

## Shortcuts

page-key-pan = earlier, later
page-key-zoom = less time, more time
page-key-ends = first second, last second
page-key-findings = finding before, next finding
page-key-beats = beats
page-key-waves = waves
page-key-quality = quality
page-key-evidence = what influenced the model
page-key-undo = take back a correction; with Shift, make it again
page-key-open = open a file
page-key-help = this list
