"""Logs of kernels, hypervisors and tests that mention VMCS encodings."""
