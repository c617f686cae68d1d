"""From the lines of a log to the facts: what each kind of line means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vmcsgen.core.processor import Leaf, Registers
from vmcsgen.diagnostics import DiagnosticError, counted, refuse
from vmcsgen.logs import probe_protocol
from vmcsgen.logs.probe_answers import Answer, Ended, Host, OwnVerdict, ProbeLog
from vmcsgen.logs.probe_protocol import Line
from vmcsgen.resources import shown

ENCODINGS = 0x8000
"""Every number of 15 bits; the probe asks for each."""

_STOPS = {
    "no-vmx": "the processor does not offer VMX (CPUID.1:ECX bit 5 is 0)",
    "vmx-locked-off": "the firmware has locked VMX off (IA32_FEATURE_CONTROL)",
    "vmx-refused": "VMX operation could not be entered",
}
_STOP_HINTS = {
    "no-vmx": "choose a processor with VMX; in QEMU, -accel kvm with nested VMX and -cpu host",
    "vmx-locked-off": "enable virtualization (VT-x) in the firmware setup",
}
_ENDED = re.compile(r"ok|invalid|[0-9a-f]{2}|trap[0-9a-f]{2}")


class NothingAskedError(DiagnosticError):
    """The log of a sound run on a processor that can't be asked: it has no VMX, or not for us."""


def read_log(path: Path) -> ProbeLog:
    """The last complete run in a log, or in the image of a stick that a probe wrote its log to.

    DiagnosticError if the file holds no complete run, or if the probe could not ask anything.
    """
    return parse_log(probe_protocol.read_bytes(path), shown(path))


def parse_log(raw: bytes, name: str) -> ProbeLog:
    """Like ``read_log``, for bytes that messages call ``name``."""
    collected = _Collected()
    for line in probe_protocol.lines(raw, name):
        handler = _HANDLERS.get(line.kind)
        if handler is None or (line.kind == probe_protocol.HOST) != (line.number is None):
            raise line.fault(f"unknown line {line.kind!r}", hint="was it written by another probe?")
        handler(collected, line)
    return _finish(collected, name)


@dataclass(slots=True)
class _Collected:
    """What the lines so far have told."""

    begin: tuple[str, str, str] | None = None
    leaves: dict[Leaf, Registers] = field(default_factory=dict)
    msrs: dict[int, int] = field(default_factory=dict)
    absent_msrs: set[int] = field(default_factory=set)
    answers: dict[int, Answer] = field(default_factory=dict)
    swept: bool = False
    malformed: dict[int, Answer] = field(default_factory=dict)
    differences: dict[int, str] = field(default_factory=dict)
    verdict: tuple[int, int, int] | None = None
    host: Host | None = None


def _finish(collected: _Collected, name: str) -> ProbeLog:
    if collected.begin is None or not collected.swept or collected.verdict is None:
        raise refuse(
            "the run has no begin, sweep or verdict line: nothing can be compared",
            name,
            rule="LOG006",
        )
    return ProbeLog(
        *collected.begin,
        collected.leaves,
        collected.msrs,
        frozenset(collected.absent_msrs),
        collected.answers,
        collected.malformed,
        OwnVerdict(collected.differences, *collected.verdict),
        collected.host,
    )


def _arguments(line: Line, least: int, most: int | None = None) -> tuple[str, ...]:
    arguments = line.words[1:]
    if not least <= len(arguments) <= (least if most is None else most):
        raise line.fault(f"a {line.kind} line can't have {counted(len(arguments), 'argument')}")
    return arguments


def _number(line: Line, text: str, limit: int) -> int:
    """A hexadecimal number below ``limit``."""
    if not re.fullmatch(r"[0-9a-f]{1,16}", text) or int(text, 16) >= limit:
        raise line.fault(f"{text!r} is not a number that can stand here")
    return int(text, 16)


def _ended(line: Line, text: str) -> Ended:
    if not _ENDED.fullmatch(text) or text == "00":
        raise line.fault(f"{text!r} is no way for an instruction to end")
    return Ended(text)


def _begin(collected: _Collected, line: Line) -> None:
    version, digest, loader = _arguments(line, 3)
    collected.begin = (version, digest, loader)


def _cpuid(collected: _Collected, line: Line) -> None:
    leaf, subleaf, a, b, c, d = (_number(line, text, 1 << 32) for text in _arguments(line, 6))
    collected.leaves[leaf, subleaf] = (a, b, c, d)


def _msr(collected: _Collected, line: Line) -> None:
    index, value = _arguments(line, 2)
    msr = _number(line, index, 1 << 32)
    if value.startswith("trap"):
        _ended(line, value)
        collected.absent_msrs.add(msr)
    else:
        collected.msrs[msr] = _number(line, value, 1 << 64)


def _step(_: _Collected, line: Line) -> None:
    name, ended = _arguments(line, 2)
    if not _ended(line, ended).ok:
        message = f"VMX operation could not be entered: {name.upper()} {_ended(line, ended)}"
        raise line.fault(message, "LOG007", "")


def _stop(_: _Collected, line: Line) -> None:
    (reason,) = _arguments(line, 1)
    message = _STOPS.get(reason, f"the probe gave up: {reason}")
    fault = line.fault(f"nothing was asked: {message}", "LOG007", _STOP_HINTS.get(reason, ""))
    raise NothingAskedError(fault.diagnostics)


def _trapped(_: _Collected, line: Line) -> None:
    vector, error, address = _arguments(line, 3)
    raise line.fault(
        f"the probe itself failed: vector {vector}, error code {error}, at {address}",
        "LOG007",
        "please report this log",
    )


def _field(collected: _Collected, line: Line) -> None:
    arguments = _arguments(line, 3, 4)
    encoding = _number(line, arguments[0], ENCODINGS)
    stored = _number(line, arguments[3], 1 << 32) if len(arguments) == 4 else None
    collected.answers[encoding] = Answer(
        _ended(line, arguments[1]), _ended(line, arguments[2]), stored
    )


def _sweep(collected: _Collected, line: Line) -> None:
    first, last = (_number(line, text, 1 << 16) for text in _arguments(line, 2))
    if (first, last) != (0, ENCODINGS - 1):
        raise line.fault(f"encodings {first:#x} to {last:#x} were asked for, not all")
    collected.swept = True


def _malformed(collected: _Collected, line: Line) -> None:
    encoding, read, written = _arguments(line, 3)
    collected.malformed[_number(line, encoding, 1 << 32)] = Answer(
        _ended(line, read), _ended(line, written)
    )


def _differs(collected: _Collected, line: Line) -> None:
    encoding, what = _arguments(line, 2)
    collected.differences[_number(line, encoding, ENCODINGS)] = what


def _verdict(collected: _Collected, line: Line) -> None:
    _, different, *enums = (_number(line, text, 1 << 64) for text in _arguments(line, 5))
    if different != len(collected.differences):
        raise line.fault(
            f"{counted(different, 'difference')} counted, {len(collected.differences)} told"
        )
    reported, derived, found = enums
    collected.verdict = (reported, derived, found)


def _host(collected: _Collected, line: Line) -> None:
    emulator, version, model, *settings = _arguments(line, 3, 40)
    collected.host = Host(emulator, version, model, tuple(settings))


def _end(_: _Collected, line: Line) -> None:
    _arguments(line, 0)


_HANDLERS: Mapping[str, Callable[[_Collected, Line], None]] = {
    "begin": _begin,
    "cpuid": _cpuid,
    "msr": _msr,
    "step": _step,
    "stop": _stop,
    "trapped": _trapped,
    "field": _field,
    "sweep": _sweep,
    "malformed": _malformed,
    "differs": _differs,
    "verdict": _verdict,
    "end": _end,
    probe_protocol.HOST: _host,
}
