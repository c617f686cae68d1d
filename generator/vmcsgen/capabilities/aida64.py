"""AIDA64 CPUID and MSR dumps, the format of the InstLatx64 collection.

Grammar, one item a line:

    ------[ MSR Registers / Logical CPU #4 ]------     section; "#N" is missing in some
    MSR 00000480: 03DA-0500-0000-0013 [anything]
    MSR 00000492: < FAILED >                           no such MSR
    CPUID 00000007: 00401C30-00000000-00000000-00000000 [SL 01]
    CPUID CPU Name    : 12th Gen Intel(R) Core(TM) i9-12900K
"""

from __future__ import annotations

import re

from vmcsgen.capabilities.dump import Collector, Dump, parse_hexadecimal
from vmcsgen.core.spec import Spec

NAME = "AIDA64 dump"

_SECTION = re.compile(r"-+\[ ?(?P<title>[^\]#]*)(?:#(?P<number>\d{1,6})\b)?[^\]]*\]")
_MSR = re.compile(r"MSR (?P<address>[0-9A-Fa-f]{8}): (?P<value>[0-9A-Fa-f-]{4,80})(?:\s|$)")
_CPUID = re.compile(
    r"CPUID (?P<leaf>[0-9A-Fa-f]{8})[:\s]\s*(?P<registers>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{8}){3})"
    r"(?:\s*\[SL (?P<subleaf>[0-9A-Fa-f]{2})\])?"
)
_NAME = re.compile(r"CPUID CPU Name\s*:\s*(?P<name>\S.{0,80})")

_LINE_LIMIT = 1000
"""Longest line that is looked at; no dump has one."""


def recognises(text: str) -> bool:
    """Whether the text has a section of MSR or CPUID registers."""
    return "---[ MSR Registers" in text or "---[ CPUID Registers" in text


def read(text: str, source: str, spec: Spec) -> Dump:
    """The processors of a dump; a section's number tells which logical CPU it is of."""
    collector = Collector(source, spec)
    name = None
    for line_number, line in enumerate(text.splitlines(), 1):
        if collector.full:
            break
        if len(line) > _LINE_LIMIT:
            continue
        if line.startswith("MSR "):
            found = _MSR.match(line)
            if found is not None:
                address = int(found["address"], 16)
                collector.msr(address, found["value"], line_number, line)
        elif line.startswith("CPUID "):
            named = _NAME.match(line)
            if named is not None:
                name = named["name"].strip()
            else:
                _leaf(collector, line)
        elif line.startswith("---"):
            section = _SECTION.match(line)
            if section is not None:
                collector.select(int(section["number"]) if section["number"] else None)
    return collector.finish(NAME, name)


def _leaf(collector: Collector, line: str) -> None:
    found = _CPUID.match(line)
    if found is None:
        return
    eax, ebx, ecx, edx = (parse_hexadecimal(part) or 0 for part in found["registers"].split("-"))
    leaf = int(found["leaf"], 16), int(found["subleaf"] or "0", 16)
    collector.current.cpuid.setdefault(leaf, (eax, ebx, ecx, edx))
