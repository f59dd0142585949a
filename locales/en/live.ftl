# Live devices: what a session does, what went wrong, and what to do about it.

recognised-live = Recorded live from a device

# Status
live-idle = Not connected.
live-connecting = Connecting.
live-preparing = Connected. Starting the ECG.
live-waiting-for-data = Started. Waiting for the first samples; this can take up to half a minute.
live-streaming = Receiving.
live-no-data = No data for { $seconds } s. The trace is paused, not flat. Check that the strap sits on the skin and is in reach.
live-reconnecting = Connection lost. Trying again in { $seconds } s (attempt { $attempt }).
live-stopped = Disconnected.

# Events
live-link-lost = The connection to the device was lost. It is made again by itself; the recording goes on with a gap.
live-gap = { $seconds } s of samples were lost on the way. They are left as a gap.
live-stalled = The device has sent nothing for { $seconds } s. The connection is made anew.
live-no-first-data = The device accepted the start but sent nothing for { $seconds } s. Moisten the strap's electrodes and check that it sits on the skin; the connection is made anew.
live-no-reply = The device did not answer the { $command } command within { $seconds } s. It is tried again; if this goes on, take the strap off, wait a minute and connect again.
live-stopped-by-device = The device stopped the ECG by itself. It is started again.
live-unreadable = The device sent bytes that cannot be read. They are left out and counted.
live-no-ecg-service = This device offers no ECG to read. Heart rate and RR intervals are shown instead. A Polar H10 needs firmware 3.0 or later for ECG.
live-nothing-to-read = This device has neither an ECG nor a heart rate that can be read. Choose another device.

# The link
live-link-authentication = The device wants to be paired. Pair it in the system's Bluetooth settings, then connect again.
live-link-unreachable = The device does not answer. Bring it closer, check that no other app is connected to it, and wear it so that it wakes up.
live-link-busy = The Bluetooth of this computer is busy with another request. It is tried again.
live-link-other = Bluetooth reports: { $words }. It is tried again.

# Answers of the device (Polar measurement service)
live-status-success = The device accepted the command.
live-status-invalid-operation = The device does not know this command. Its firmware may be too old; update it with the maker's app.
live-status-invalid-measurement = The device does not offer an ECG.
live-status-not-supported = The device does not support this measurement.
live-status-invalid-length = The device found the command incomplete. Connect again.
live-status-invalid-parameter = The device refused the settings of the ECG. Update its firmware with the maker's app.
live-status-already-in-state = The ECG was already running.
live-status-invalid-resolution = The device refused the resolution of the ECG.
live-status-invalid-sample-rate = The device refused the sampling rate of the ECG.
live-status-invalid-range = The device refused the measuring range.
live-status-invalid-mtu = The connection's packets are too small for ECG. The connection is made anew; if this goes on, turn Bluetooth off and on.
live-status-invalid-channels = The device refused the number of channels.
live-status-invalid-state = The device cannot start an ECG now. Another app may be using it; close it and connect again.
live-status-in-charger = The device is charging. Take it off the charger first.
live-status-disk-full = The device's memory is full. Empty it with the maker's app.
live-status-undocumented = The device answered with the unknown code { $code }. Connect again.

# Notes of a live recording
note-live-gaps = { $gaps ->
    [one] One gap of { NUMBER($seconds, maximumFractionDigits: 1) } s, where samples did not arrive.
   *[other] { $gaps } gaps with { NUMBER($seconds, maximumFractionDigits: 1) } s in all, where samples did not arrive.
}
note-live-full = The recording reached its longest length of { $hours } h; what came later is not kept.
note-live-store-cut = The end of this live recording was damaged ({ $bytes } bytes). All that was whole before it is here.
