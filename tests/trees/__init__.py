"""Tests in real source trees: Debian's kernels and QEMUs, built and run without KVM."""
