# Reading and writing files: errors, notes, questions.

## Why a file could not be read

error-not-recognised = This file is in no ECG format that is known here. Check that it is the recording itself, or export it again as EDF, WFDB or CSV.
error-damaged = The { $format } file is damaged at { $place }: expected { $expected }, found { $found }. Export or copy the file again.
error-unsupported = This { $format } file uses something that is not read here: { $feature }. Export it in another way, for example as EDF or CSV.
error-too-large = The file holds { $found } { $what ->
        [bytes] bytes
        [samples] samples
        [signals] signals
        [members] members
        [archives] archives within each other
        [blocks] blocks
       *[other] { $what }
    }, and at most { $limit } are read. Cut it into shorter recordings.
error-needs-file = This { $format } recording has another part. Add the file { $name } and open them together.
error-empty = The file is empty. Copy or export it again.
error-no-signal = The { $format } file holds no ECG signal: { $holds ->
        [holds-no-samples] { holds-no-samples }
        [holds-events-only] { holds-events-only }
        [holds-no-electrocardiograms] { holds-no-electrocardiograms }
        [holds-no-signal-column] { holds-no-signal-column }
        [holds-no-waveform] { holds-no-waveform }
        [holds-no-drawn-trace] { holds-no-drawn-trace }
        [holds-activity] { holds-activity }
        [holds-health-records] { holds-health-records }
        [holds-heart-rates] { holds-heart-rates }
        [holds-list-of-recordings] { holds-list-of-recordings }
        [holds-no-sampled-data] { holds-no-sampled-data }
        [holds-other-sensors] { holds-other-sensors }
        [holds-rr-intervals] { holds-rr-intervals }
       *[other] { $holds }
    }. Choose the file with the recorded trace.
error-medium = The file could not be read: { $reason }. Check that it is still there, and open it again.

## What a file holds instead of an ECG

holds-activity = it is a workout or a day of a watch, without ECG messages
holds-health-records = it lists health records, and the electrocardiograms are files of their own beside it in the same export
holds-heart-rates = it is a list of heart rates, one value at a time, without the trace
holds-list-of-recordings = it lists recordings, and their traces are in other files of the same export
holds-no-sampled-data = none of its observations has sampled data
holds-other-sensors = it is a log of other sensors
holds-rr-intervals = it is a list of intervals between beats, without the trace
holds-no-samples = it describes signals, but has no samples
holds-events-only = it is a list of events
holds-no-drawn-trace = nothing on its pages is drawn like a trace
holds-no-electrocardiograms = the export contains no electrocardiograms
holds-no-signal-column = none of its columns is a signal
holds-no-waveform = it is an image, a report or another object without a waveform

## Why a file was taken for its format

recognised-apple-csv = The lines have the shape of an ECG from Apple Health: a date with its zone, a rate, a unit of voltage, then one number a line.
recognised-edf-header = The header has the length that EDF prescribes for its number of signals.
recognised-mfer = The file is a chain of MFER tags.
recognised-scp = The first section points at itself, as SCP-ECG prescribes.
recognised-columns = The columns have the names of the format.
recognised-frames = The bytes are frames of Polar's measurement service.
recognised-header = The header has the fields of the format, and they fit the length of the file.
recognised-integers = The file holds nothing but whole numbers that run like a trace.
recognised-json = The JSON has the fields of the format.
recognised-samsung-csv = The lines have the shape of an ECG from Samsung Health Monitor: a date without a zone, a rate, a unit of voltage, then one number a line.
recognised-signature = The file begins with the signature of the format.
recognised-table = The text holds rows with the same number of columns of numbers.
recognised-xml-root = The document's first element is the one of this format.
recognised-hdf5 = The file has the signature of HDF5, and data sets of numbers.
recognised-mat = The file is one of MATLAB arrays.
recognised-pdf = The file is a PDF whose pages draw traces as lines.
recognised-unisens = The XML describes a Unisens recording.
recognised-wfdb-header = The header is a WFDB record line with its signal lines.

## What was noticed while reading

note-annotations-beyond-end = { $count ->
        [one] One mark lies beyond the recording and was left out.
       *[other] { $count } marks lie beyond the recording and were left out.
    }
note-annotations-cut = The annotation file { $file } ends without its end mark. Marks may be missing at the end.
note-annotations-limit = Only the first { $count } marks are shown.
note-annotations-unreadable = The annotation file { $file } could not be read: { $reason }. The recording is shown without its marks.
note-annotator-not-used = The marks in { $file } are not used, because the record has another annotation file. To see them, open the record with this file only.
note-bad-date = The date or time of the recording has no meaning ("{ $text }"), so that part is left out.
note-bimodal = The recording is stored at a lower rate between the beats and was rebuilt. Between the beats fine detail is missing.
note-bytes-after-end = { $count } bytes follow after the end of the recording. They were ignored.
note-calibration-cut = The last { $count } samples are the calibration pulse that the device appends. They were left out.
note-checksum = The checksum of { $signal } differs from the one in the file. The samples may have been changed or damaged.
note-checksum-header = The checksum of the header of { $file } is wrong. Names, dates and settings may be damaged.
note-checksum-record = The checksum of { $file } is wrong. The file may have been changed or damaged.
note-checksum-section = The checksum of section { $section } is wrong. What it holds may be damaged.
note-columns-left-out = These columns are no signals and were left out: { $names }.
note-companded = The samples are stored in 8 bits with a logarithmic scale and were expanded, so that large values are coarse.
note-cut-document = { $file } ends before its last element is closed. What is there is shown. Copy or export it again to get the rest.
note-damaged-end = The file { $file } is damaged at its end. What comes before is shown.
note-clipped-samples = { $count ->
        [one] One sample is marked as beyond the range of the device. It is shown at the limit.
       *[other] { $count } samples are marked as beyond the range of the device. They are shown at the limit.
    }
note-clock-not-set = The device's clock was never set, so the time of the recording is not known.
note-duration-differs = The file says that it is { $expected } seconds long, but holds { $found } seconds. What is there is shown.
note-empty-signal = The signal { $signal } has no samples and was left out.
note-gain-default = The file does not say what voltage a count of { $signal } stands for. The default of its standard, { $microvolts } microvolts, was used. Check that this is right.
note-lead-order-assumed = The twelve columns have no names. They were taken for I, II, III, aVR, aVL, aVF, V1 to V6 in this order. Check that this is right.
note-limb-sums = The limb leads do not fit each other: I and III should add up to II, and differ from it by { $microvolts } microvolts on the whole. One of the leads may not be what it is called.
note-size-impossible = { $signal } would swing by { $swing } mV within a second, which no heart does: the file states a wrong unit or gain. The trace is drawn to fit, and no height is told.
note-median-beat = This is a representative beat that the device computed, not a recording over time.
note-no-preamble = The file begins without the usual DICOM preamble.
note-no-ecg-channel = None of the channels is said to be an ECG. All are listed, none is analysed.
note-null-signals = { $count ->
        [one] One signal of the record has no data and was left out.
       *[other] { $count } signals of the record have no data and were left out.
    }
note-odd-header = The header contradicts what follows it. The file was read as what follows is.
note-offset-ignored = The file gives an offset for { $signal }, whose meaning is not documented. It was not applied.
note-other-parts = The file also holds: { $names }.
note-pdf-columns-in-time = The columns of the sheet were read as following each other in time, as printed sheets usually have them.
note-pdf-drawn-twice-differs = The lead { $lead } is drawn twice, and the two differ by up to { $difference } microvolts. The longer one was used.
note-pdf-true-size-assumed = The page has no grid from which its scale could be measured. It was read at its true size.
note-pdf-rows-left-out = { $count ->
        [one] One row holds several leads that cannot be told apart. It was left out.
       *[other] { $count } rows hold several leads that cannot be told apart. They were left out.
    }
note-pdf-uneven = A trace is drawn at uneven steps. It was read at { $rate } Hz along the straight lines between its points, so short waves may be rounded.
note-pdf-zero-by-middle = The sheet does not show where zero is. The middle of each trace was taken for it.
note-origin-is-a-count = The origin of the data, { $origin }, was taken for the count of zero volts: read by the letter of the standard, the trace would lie far from zero.
note-packets-out-of-order = The time stamps jump back. The samples were put in the order of their stamps.
note-packets-repeated = { $count ->
        [one] One packet of samples came twice. It is shown once.
       *[other] { $count } packets of samples came twice. Each is shown once.
    }
note-pieces-left-out = { $count ->
        [one] One piece of a lead has another rate or scale than the first and was left out.
       *[other] { $count } pieces of a lead have another rate or scale than the first and were left out.
    }
note-rate-default = The header names no sampling rate. The default of its standard, { $rate } Hz, was used. Check that this is right.
note-raw-of-two-versions = The file holds the trace twice, as recorded and filtered by the maker. The one as recorded is shown.
note-records-overlap = { $count ->
        [one] One part of the recording says that it began before the part in front of it had ended. The parts were put one after the other.
       *[other] { $count } parts of the recording say that they began before the part in front of them had ended. The parts were put one after the other.
    }
note-samples-after-end = { $count } samples at the end fill no whole second of all leads. They were left out.
note-section-missing = Section { $section } is announced, but is not where it should be.
note-sample-count = The file announces { $expected } samples and holds { $found }. Those that are there are shown.
note-segment-lengths = The segments are { $found } samples long in all, but the record says { $expected }. The segments were used.
note-segment-signal = The signal { $signal } of a segment fits no signal of the record and was left out.
note-segments-missing = The record announces { $announced } segments, but lists { $found }. Those listed are shown.
note-short-file = { $file } is shorter than it should be (in the file's own count { $found } instead of { $expected }). What is there is shown. Copy the file again to get the rest.
note-signal-lines-missing = The header announces { $announced } signals, but describes { $found }. Those described are shown.
note-skew-ignored = { $signal } is said to begin after its own end. That was not applied.
note-time-unit-assumed = The time column names no unit. By the size of its steps it was read in { $unit }.
note-too-many-entries = There are more than { $limit } files. Only the first were looked at. Open a smaller folder or archive.
note-uncalibrated = { $signal } has no calibration in the file. The default of its standard, 200 counts a millivolt, was used, so amplitudes may be wrong.
note-uncalibrated-counts = { $signal } has no valid calibration in the file. It is shown in bare counts, and no voltages are measured.
note-undeclared-padding = Some samples are the smallest number there is in all leads at once. They were taken for missing ones.
note-unit-by-size = The file names no unit. By the size of the trace it was read in { $unit }. Check that the amplitudes are right.
note-unreadable-blocks = A part of the recording has no readable header and was left out.
note-unreadable-end = The file cannot be read from byte { $place } on. What stands before it is shown.
note-unreadable-numbers = { $count ->
        [one] One sample of { $signal } is no number. It is shown as a gap.
       *[other] { $count } samples of { $signal } are no numbers. They are shown as gaps.
    }
note-unfinished-file = The recorder did not finish the file. { $found } complete records were found and are shown.
note-unreadable-annotations = { $count ->
        [one] One annotation could not be read and was left out.
       *[other] { $count } annotations could not be read and were left out.
    }
note-unreadable-lines = { $count ->
        [one] Line { $line } is not a row of numbers. What is missing there is shown as a gap.
       *[other] { $count } lines, the first of them line { $line }, are not rows of numbers. What is missing there is shown as gaps.
    }
note-zero-contradicted = { $signal } says that its zero is at { $zero }, but its samples are far from there, so its scale was not believed.

## What speaks for an answer

evidence-beats = At { $rate } Hz the beats would come at { $bpm } a minute, and their R waves would be { $width } ms wide at half height (usual: about 21). Of all usual rates, this one and its close neighbours have { $share } % of what speaks for any.

evidence-bare-integers = The file is a bare run of whole numbers, as a HealthyPi Move keeps them at { $rate } Hz.
evidence-counts = The numbers look like bare counts of a converter (they span { $span } within a second or two). How many of them make one millivolt is written in the data sheet of the device.
evidence-dicom-scale = The lead { $lead } does not say what voltage a count stands for.
evidence-header-without-rate = The header has no usable sampling rate.
evidence-heart-rate = At { $rate } Hz the beats would come at { $bpm } a minute.
evidence-ishne-gain = The lead { $lead } does not say how many nanovolts a count stands for.
evidence-muse-gain = The lead { $lead } does not say how many microvolts a count stands for. Files of this kind have { $microvolts }.
evidence-no-rate = The file does not say how many samples were taken in a second.
evidence-no-scale = The file does not say what voltage its numbers stand for.
evidence-pdf-gain = What the page says of its voltage scale is missing or contradicts itself. Printed sheets usually have { $gain } mm for a millivolt.
evidence-pdf-lead = The page shows { $count } traces without names. If they are rows of one lead, say which.
evidence-pdf-speed = The page does not say how fast its paper runs. Printed sheets usually have { $speed } mm for a second.
evidence-device-gain = The file does not say how many counts make one millivolt. Files of this kind have { $gain }.
evidence-device-rate = The file names no sampling rate. Files of this kind are recorded at { $rate } Hz.
evidence-front-end = The file does not say how many counts make one millivolt. The front end of this device gives { $gain } at its usual gain.
evidence-gain-of-live-stream = The file does not say how many counts make one millivolt. The live stream of the same device has { $gain }.
evidence-lost-decimal-mark = The trace is a thousand times larger than an ECG and has whole numbers only: a spreadsheet has taken the decimal comma for a mark of thousands.
evidence-one-packet = The file holds too few time stamps to tell the sampling rate.
evidence-record-duration = The file says that each of its records lasts { $seconds } seconds, which gives no sampling rate.
evidence-scale-unit = The file gives { $scale } as the size of one count, but its unit ("{ $unit }") is no known unit of voltage.
evidence-span = The numbers span { $span } within a second or two, as an ECG in { $unit } would.
evidence-span-unusual = The numbers span { $span } within a second or two, which fits no usual unit of an ECG.
evidence-unit-unknown = The lead { $lead } gives its unit as "{ $unit }", which is no known unit of voltage.
evidence-stamps-uneven = The time stamps do not tell the sampling rate. The device is meant to take { $rate } samples a second.
evidence-watch-rate = The file names no sampling rate. Files of this kind are recorded at about { $rate } Hz.
evidence-watch-unit = The file names no unit. Files of this kind are written in microvolts.
evidence-usual-step = The file does not say what voltage a count stands for. In files of this kind it is { $microvolts } microvolts.
evidence-zoncare-gain = Files of this kind do not say what voltage a count stands for. By the only description known, { $gain } counts are one millivolt.
