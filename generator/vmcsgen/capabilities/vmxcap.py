"""Output of QEMU's scripts/kvm/vmxcap, which prints controls by name and some MSRs as a number.

Grammar: a heading at the start of a line, below it lines that begin with two blanks:

    Basic VMX Information
      Hex: 0xda040000000004
    secondary processor-based controls
      TSC scaling                              no          yes, no, default, forced or ?

An MSR that vmxcap can't read counts as zero there. "?" leaves a control unknown.
"""

from __future__ import annotations

import re

from vmcsgen.capabilities.dump import Collector, Dump
from vmcsgen.core.spec import Spec

NAME = "vmxcap"

_GROUPS = {
    "pin-based controls": "pin",
    "primary processor-based controls": "primary",
    "secondary processor-based controls": "secondary",
    "tertiary processor-based controls": "tertiary",
    "vm-exit controls": "exit",
    "vm-entry controls": "entry",
}
_MSRS = {
    "basic vmx information": 0x480,
    "miscellaneous data": 0x485,
    "vpid and ept capabilities": 0x48C,
    "vm functions": 0x491,
}
_STATES = {"yes": True, "default": True, "forced": True, "no": False}

_CONTROL = re.compile(r"  (?P<label>\S.{0,80}?)\s+(?P<state>yes|no|default|forced|\?)\s*")
_HEX = re.compile(r"  Hex: (?P<value>0x[0-9a-f]{1,80})\s*")


def recognises(text: str) -> bool:
    """Whether the text has the heading that vmxcap prints first."""
    return re.search(r"^Basic VMX Information\s*$", text, re.MULTILINE) is not None


def read(text: str, source: str, spec: Spec) -> Dump:
    """One processor for each run of vmxcap (it looks at logical CPU 0 only)."""
    collector = Collector(source, spec)
    labels = {group: _labels(spec, group) for group in _GROUPS.values()}
    group: str | None = None
    msr: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if collector.full:
            break
        if len(line) > 200:
            continue
        if not line.startswith(" "):
            heading = line.strip().lower()
            group, msr = _GROUPS.get(heading), _MSRS.get(heading)
        elif msr is not None:
            found = _HEX.fullmatch(line)
            if found is not None:
                collector.msr(msr, found["value"], number, line)
        elif group is not None:
            control = _CONTROL.fullmatch(line)
            if control is not None:
                name = labels[group].get(_folded(control["label"]))
                state = _STATES.get(control["state"])
                if name is not None and state is not None:
                    collector.current.controls.setdefault(name, state)
    return collector.finish(NAME)


def _labels(spec: Spec, group: str) -> dict[str, str]:
    """Control name by what vmxcap calls it: an SDM title, old or new, or a name of its own."""
    project = spec.project_by_id.get("qemu")
    found: dict[str, str] = {}
    known = spec.group_by_id.get(group)
    for control in () if known is None else known.controls:
        own = project.controls.get(control.name, {}) if project is not None else {}
        for label in (control.title, *control.formerly, own.get("vmxcap", "")):
            found.setdefault(_folded(label), control.name)
    return found


def _folded(label: str) -> str:
    return "".join(character for character in label.casefold() if character.isalnum())
