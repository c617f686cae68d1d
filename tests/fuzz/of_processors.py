"""Capability dumps: each reader by itself, so that each is reached whatever a text begins with."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from common import CHECKOUT, Look, shown, told

import vmcsgen
from vmcsgen.capabilities import (
    aida64,
    json_text,
    libvirt,
    probe_log,
    rdmsr,
    virtualbox,
    vmxcap,
)
from vmcsgen.capabilities.assess import assess
from vmcsgen.capabilities.dump import Dump
from vmcsgen.capabilities.report import as_plain, as_text, warnings
from vmcsgen.capabilities.sources import decode, parse
from vmcsgen.capabilities.why import explain
from vmcsgen.specfile.cpus import KnownCpus, load_cpus

DUMPS = CHECKOUT / "tests/fixtures/dumps"
PROBE = CHECKOUT / "tests/fixtures/probe"


@functools.cache
def spec() -> vmcsgen.Spec:
    """The project's own spec, read once."""
    return vmcsgen.load()


@functools.cache
def known() -> KnownCpus:
    """The known CPUs, read once."""
    return load_cpus(spec())


READERS: dict[str, Callable[[bytes], Dump]] = {
    "any": lambda raw: parse(raw, "dump", spec()),
    "rdmsr": lambda raw: rdmsr.read(decode(raw), "dump", spec()),
    "aida64": lambda raw: aida64.read(decode(raw), "dump", spec()),
    "json": lambda raw: json_text.read(decode(raw), "dump", spec()),
    "libvirt": lambda raw: libvirt.read(decode(raw), "dump", spec()),
    "virtualbox": lambda raw: virtualbox.read(decode(raw), "dump", spec()),
    "vmxcap": lambda raw: vmxcap.read(decode(raw), "dump", spec()),
    "probe": lambda raw: probe_log.read(raw, "dump", spec()),
}
_SEEDS = {"json": "*.json", "libvirt": "*.xml", "any": "*", "probe": "no-such"}


def reader(name: str) -> Callable[[Path], Look]:
    """The harness of a reader."""
    return lambda _place: functools.partial(_look, READERS[name])


def seeds(name: str) -> Callable[[], Iterable[bytes]]:
    """The dumps of the reader's format, their first part if they are long."""

    def found() -> Iterable[bytes]:
        for path in sorted(DUMPS.glob(_SEEDS.get(name, f"{name}*"))):
            yield path.read_bytes()[:20_000]
        if name in ("probe", "any"):
            for path in sorted(PROBE.glob("*.log")):
                yield path.read_bytes()

    return found


def _look(read: Callable[[bytes], Dump], raw: bytes) -> None:
    try:
        dump = read(raw)
    except vmcsgen.DiagnosticError as error:
        told(error.diagnostics)
        return
    if dump.faults:
        told(dump.faults)
    for processor in dump.processors[:2]:
        assert all(0 <= value < 1 << 64 for value in processor.msrs.values())
        if len(raw) % 8:
            continue  # What follows is slow, and depends on little of the text.
        found = assess(spec(), processor, known())
        assert found.enumeration.vmcs_enum <= found.enumeration.upper_vmcs_enum
        json.dumps(as_plain(spec(), dump, found))
        shown(as_text(spec(), dump, found))
        for each in warnings(spec(), dump, [found]):
            told([each])
        field = spec().fields[len(raw) % len(spec().fields)]
        assert explain(spec(), dump, found, field)
