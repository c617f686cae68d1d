"""Capability dumps and known CPUs: from what others print to MSR values and verdicts."""
