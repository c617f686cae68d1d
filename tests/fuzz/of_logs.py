"""Logs: what the probe wrote, with all that a serial port may add, and what annotate is fed."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterable
from pathlib import Path

from common import CHECKOUT, Look, shown, told

import vmcsgen
from vmcsgen.logs import probe_protocol
from vmcsgen.logs.annotate import annotate, for_terminal, names
from vmcsgen.logs.probe_reading import parse_log
from vmcsgen.probe.compare import compare
from vmcsgen.probe.deviations import load_explanations
from vmcsgen.probe.report import Result, as_plain, as_text, cpu_entry, markdown

PROBE = CHECKOUT / "tests/fixtures/probe"


@functools.cache
def _spec() -> vmcsgen.Spec:
    return vmcsgen.load()


def probe(_place: Path) -> Look:
    """A log as it came from the port."""
    explanations = load_explanations(_spec())

    def look(raw: bytes) -> None:
        try:
            log = parse_log(raw, "log")
        except vmcsgen.DiagnosticError as error:
            told(error.diagnostics)
            return
        result = Result("log", log, compare(_spec(), log, explanations))
        json.dumps(as_plain(_spec(), result))
        shown("\n".join(as_text(result)))
        shown("\n".join(markdown([result])))
        cpu_entry(_spec(), log)

    return look


def probe_seeds() -> Iterable[bytes]:
    """Logs of emulators."""
    for path in sorted(PROBE.glob("*.log")):
        yield path.read_bytes()


def probe_lines(place: Path) -> Look:
    """The same with sound marks, numbers and checksums: the input is what the lines say."""
    look = probe(place)

    def framed(raw: bytes) -> None:
        text = raw.decode("ascii", "replace").replace("\ufffd", "?")
        words = [line.split() for line in text.split("\n") if line.strip()]
        host = [each for each in words if each[0] == probe_protocol.HOST]
        plain = [each for each in words if each[0] != probe_protocol.HOST]
        numbered = [[f"{number & 0xFFFF:04x}", *each] for number, each in enumerate(plain)]
        look("\n".join(map(probe_protocol.framed, [*host, *numbered])).encode())

    return framed


def probe_line_seeds() -> Iterable[bytes]:
    """What the lines of those logs say."""
    for seed in probe_seeds():
        found = probe_protocol.lines(seed, "log")
        yield "\n".join(" ".join(line.words) for line in found).encode()


def annotated(_place: Path) -> Look:
    """A log in pieces and as a whole: the same names at the same places, and nothing lost."""
    spec = _spec()
    beside = names(spec, "linux")

    def look(raw: bytes) -> None:
        one, other, safe = io.BytesIO(), io.BytesIO(), io.BytesIO()
        count = annotate(io.BytesIO(raw), one, beside)
        assert annotate(_Slow(raw), other, beside) == count
        assert one.getvalue() == other.getvalue()
        assert (one.getvalue() == raw) is (count == 0)
        annotate(io.BytesIO(raw), safe, beside, for_terminal)
        shown(safe.getvalue().decode())

    return look


class _Slow(io.BytesIO):
    """A pipe that gives a few bytes at a time."""

    def read1(self, _size: int | None = -1) -> bytes:
        return self.read(61)


def annotate_seeds() -> Iterable[bytes]:
    """Lines of every kind that annotate knows."""
    text = vmcsgen.logs.annotate.__doc__ or ""
    yield text.encode()
    for line in text.split("\n"):
        if line.startswith("    "):
            yield line.encode() + b"\n"
