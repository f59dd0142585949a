# The command line. Its help stands with the parser; here is what it says while it works.

cli-no-language = There is no language "{ $code }" in this version; use --lang en.
cli-progress = { $at } of { $of }: { $name }
cli-analysing = analysing { $name }
cli-not-written = It could not be written: { $reason }; check the place and the space left.
cli-exists = It is there already; choose another name, or say --force to write over it.
cli-empty-range = Nothing lies between { CLOCK($from) } and { CLOCK($to) }: the recording is { NUM($duration, digits: 1) } s long; change --from or --to.
cli-to-is-no-time = --to { $text } is no time; give seconds, M:SS or H:MM:SS. Only "convert" takes a format here.
cli-choose = There are several recordings in it: { $ids }; name one of them with --choose.
cli-one-only = There is more than one recording in it, and one file to write; name one with --choose.
cli-no-lead = There is no lead "{ $name }"; the leads are { $names }.
cli-no-writer = The format "{ $format }" is not written; the formats are { $ids }.
cli-cannot-hold = { $reason }; choose another format.
cli-several-files = The format needs several files and standard output is one; give a file name.
cli-no-such-name = There is no "{ $name }" here; see --help for the names.
cli-noise-does-not-fit = The noise cannot be added: it needs a lead with some swing at the record's own rate, and the record annotated normal beats.
cli-no-annotations = There are no beat annotations with it to score against; put the annotation file beside the record.

cli-question-rate = How many samples are there a second? Say --rate HZ
cli-question-unit = What is the unit of the numbers? Say --unit mV, uV, V or nV
cli-question-gain = How many counts are one millivolt? Say --gain COUNTS_PER_MV
cli-question-lead = Which lead is it? Say --lead NAME
cli-question-proposed = { $question } (proposed: { $value })

cli-formats-read = Read
cli-formats-written = Written

cli-no-models = There are no models in { $folder }; say --models-dir DIR.
cli-model-unreadable = The model cannot be used: { $reason }; put manifest and model file into its folder again.
cli-model-passed = It passed the checks.
cli-hash-matches = as its manifest says
cli-hash-differs = differs from its manifest

## Reading errors on one line: format, place, what was expected, and what to do

cli-error-not-recognised = No known ECG format is recognised in it. Run "einthoven formats" or look at the list of formats for what can be opened; a table of numbers needs one column a lead.
cli-error-damaged = { $format } at { $place }: expected { $expected }, found { $found }; export the recording again, or copy the file anew
cli-error-unsupported = { $format }: { $feature } is not supported; export the recording in another form
cli-error-too-large = There are { $found } { $what }, more than the limit of { $limit }; cut the recording into parts
cli-error-needs-file = { $format }: the file { $name } belongs to it; put it beside this one and open both
cli-error-empty = The file is empty; copy or export it again
cli-error-no-signal = { $format }: there is no ECG signal in it, but { $holds }; export the ECG itself
cli-error-medium = The file could not be read: { $reason }; copy it to this machine and try again

cli-classes-trained = The beat classes were trained on MIT-BIH DS1 (without 201) and SVDB: on those records these figures are not held apart. Held-apart figures stand in models/training/beats/card.md.
