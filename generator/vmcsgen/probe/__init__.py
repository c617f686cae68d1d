"""Ask a processor: build the probe guest, run it, read its log, compare it with the spec."""
