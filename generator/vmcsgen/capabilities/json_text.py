"""JSON: MSR values by address, the output of ``caps --format json``, QMP's expanded CPU models.

One or more JSON objects or lists, one after the other (a QMP session logs one a line). In them,
inside of lists and of objects that are none of these (a key such as "cpu3" tells the number), an
object is

    {"0x48b": "0x...", ...}                  MSRs by address or name; numbers, or text as in rdmsr
    {"msrs": {...}, "cpu": "name", ...}      the same with a name, "logical_cpus", "controls",
                                             "features", "virtual", "vendor", "family", "model"
                                             and "stepping" as caps writes them
    {"name": "Skylake-Server", "props": {"vmx-ept": true, ...}}     QMP's "model"
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from vmcsgen.capabilities.dump import (
    FIRST_MSR,
    LAST_MSR,
    Collector,
    Dump,
    Identity,
    msr_names,
    parse_hexadecimal,
)
from vmcsgen.capabilities.qmp import add_model
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse

NAME = "JSON"

_DEPTH_LIMIT = 8

_BLANK = " \t\r\n\ufeff"


def recognises(text: str) -> bool:
    """Whether the text begins with an object, or with a list of objects or lists.

    ``[cpu 0] 0x480 = ...`` does not.
    """
    return re.match(rf"[{_BLANK}]*(?:\{{|\[[{_BLANK}]*[\[{{\]])", text) is not None


def read(text: str, source: str, spec: Spec) -> Dump:
    """The processors of all JSON values; DiagnosticError where the text is not JSON."""
    collector = Collector(source, spec)
    names = msr_names(spec)
    for value in _values(text, collector):
        _visit(collector, value, spec, names, _DEPTH_LIMIT)
    return collector.finish(NAME)


def _values(text: str, collector: Collector) -> Iterator[Any]:
    def whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(
                key for key, count in Counter(key for key, _ in pairs).items() if count > 1
            )
            collector.fault(
                f"key {twice[:60]!r} stands twice in one object", 0, None, "the last is used"
            )
        return found

    decoder = json.JSONDecoder(object_pairs_hook=whole, parse_constant=str)
    position = _skip(text, 0)
    while position < len(text):
        try:
            if text[position] not in "{[":
                raise json.JSONDecodeError("Expecting an object or a list", text, position)
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                problem = f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
            else:
                problem = "not JSON that can be read: nested too deeply, or a number too long"
            raise refuse(problem, collector.source, rule="CAPS002") from None
        yield value
        position = _skip(text, position)


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position


def _visit(
    collector: Collector, value: Any, spec: Spec, names: Mapping[str, int], depth: int
) -> None:
    """Read ``value``, or what is in it, as far as ``depth`` levels down."""
    if isinstance(value, list):
        for item in value if depth else ():
            _visit(collector, item, spec, names, depth - 1)
    elif isinstance(value, dict) and not _object(collector, value, spec, names) and depth:
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                numbered = _NUMBERED.fullmatch(key)
                collector.select(int(numbered[1]) if numbered else None)
                _visit(collector, inner, spec, names, depth - 1)


_NUMBERED = re.compile(r"(?:cpu)?[ _#]?(\d{1,6})", re.IGNORECASE)


def _object(
    collector: Collector, found: dict[str, Any], spec: Spec, names: Mapping[str, int]
) -> bool:
    """Read an object of one of the three forms; False if it is none of them."""
    props = found.get("props")
    if isinstance(props, dict):
        add_model(collector, str(found.get("name", ""))[:100] or None, props, spec)
        return True
    msrs = found.get("msrs", found)
    if not isinstance(msrs, dict):
        return False
    readings = [(key, _address(key, names), value) for key, value in msrs.items()]
    known = [(key, address, value) for key, address, value in readings if address is not None]
    if not known and not ("msrs" in found and isinstance(found.get("controls"), dict)):
        return False
    if collector.current.tells:
        collector.begin()
    seen: set[int] = set()
    for key, address, value in known:
        digits = _digits(value)
        if address in seen:
            collector.fault(f"MSR {address:#x} stands twice in one object, again as {key!r}", 0)
        elif digits is not None:
            seen.add(address)
            collector.msr(address, digits)
        elif value is not None:
            collector.fault(f"the value of MSR {address:#x} is neither an integer nor text", 0)
    if "msrs" in found:
        _report(collector, found, spec)
    return True


def _report(collector: Collector, found: dict[str, Any], spec: Spec) -> None:
    """What a report of ``caps`` tells beside the MSRs."""
    draft = collector.current
    if isinstance(found.get("cpu"), str):
        draft.name = found["cpu"][:200] or None
    draft.identity = _identity(found)
    numbers = found.get("logical_cpus")
    if isinstance(numbers, list):
        draft.numbers = tuple(n for n in numbers if type(n) is int and 0 <= n < 10**6)
    virtual = found.get("virtual")
    draft.virtual = virtual if isinstance(virtual, bool) else None
    for key, known, target in (
        ("controls", spec.controls, draft.controls),
        ("features", spec.feature_by_name, draft.features),
    ):
        told = found.get(key)
        if isinstance(told, dict):
            target.update(
                (name, truth)
                for name, truth in told.items()
                if name in known and isinstance(truth, bool)
            )
    inferred = found.get("inferred")
    if isinstance(inferred, dict):
        for name in inferred:
            draft.features.pop(name, None)


def _identity(found: Mapping[str, Any]) -> Identity | None:
    """Vendor and signature, which no report has leaves for; None where it has neither."""
    vendor = found.get("vendor")
    signature = [found.get(key) for key in ("family", "model", "stepping")]
    family, model, stepping = (n if type(n) is int and n >= 0 else None for n in signature)
    vendor = vendor[:100] if isinstance(vendor, str) else ""
    if not vendor and family is None:
        return None
    return Identity(vendor, "", family, model, stepping)


def _address(key: str, names: Mapping[str, int]) -> int | None:
    lower = key.strip().lower()
    address = names.get(lower.removeprefix("msr_")) or parse_hexadecimal(lower[:20])
    return address if address is not None and FIRST_MSR <= address <= LAST_MSR else None


def _digits(value: Any) -> str | None:
    """Hexadecimal digits of a number, or of text as ``rdmsr`` prints it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return f"{value:x}" if value >= 0 else "negative"
    return value if isinstance(value, str) else None
