"""Logs of our own probe (docs/probe.md): MSRs and CPUID leaves, each line with a checksum."""

from __future__ import annotations

import re

from vmcsgen.capabilities.dump import Collector, Dump
from vmcsgen.core.spec import Spec

NAME = "probe log"


def recognises(raw: bytes) -> bool:
    """Whether there is a line of the probe; the log may hold anything else, too."""
    return re.search(rb"@vmcs[0-9]{1,4} [0-9a-f]{4} ", raw) is not None


def read(raw: bytes, source: str, spec: Spec) -> Dump:
    """The processor of the last complete run; DiagnosticError where the probe's own reader has one.

    An MSR that trapped does not exist. A run with a ``host`` line was one in an emulator or a
    virtual machine; one without may have been either, as CPUID tells.
    """
    from vmcsgen.logs.probe_reading import parse_log

    log = parse_log(raw, source)
    collector = Collector(source, spec)
    for address, value in sorted(log.msrs.items()):
        collector.msr(address, f"{value:x}")
    collector.current.cpuid.update(log.leaves)
    if log.host is not None:
        collector.current.virtual = True
    return collector.finish(NAME)
