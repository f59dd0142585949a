# The report: quality, rhythm, rate, measurements, and what is always said.

## Why something is not there

withheld-not-measured = not measured by this version
withheld-one-lead = one lead cannot show it
withheld-not-analysed = the recording was not analysed
withheld-waves-median = waves are marked on the median beat only
withheld-not-finite = the calculation gave no number

## Reading errors: what, where, and what to do

error-not-recognised = No known ECG format is recognised in it. Run "einthoven formats" or look at the list of formats for what can be opened; a table of numbers needs one column a lead.
error-damaged = { $format } at { $place }: expected { $expected }, found { $found }; export the recording again, or copy the file anew
error-unsupported = { $format }: { $feature } is not supported; export the recording in another form
error-too-large = There are { $found } { $what }, more than the limit of { $limit }; cut the recording into parts
error-needs-file = { $format }: the file { $name } belongs to it; put it beside this one and open both
error-empty = The file is empty; copy or export it again
error-no-signal = { $format }: there is no ECG signal in it, but { $holds }; export the ECG itself
error-medium = The file could not be read: { $reason }; copy it to this machine and try again
