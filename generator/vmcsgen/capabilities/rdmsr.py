"""MSR values as people write them: ``rdmsr`` and its wrappers, debuggers, notes, tables.

A line is cut into words at blanks and ``: = , ; | > ( ) [ ] { } " '`` (a number keeps ``- _ `` and
backtick between its digits). Then, case-blind:

    line     = [cpu] reading | cpu | command | value          anything else is left alone
    cpu      = ("cpu" | "core" | "processor") ["#"] DECIMAL    also as one word: cpu3
    reading  = {"msr" | "rdmsr"} (ADDRESS | NAME [ADDRESS]) number
    ADDRESS  = hexadecimal, 0x480 to 0x49f, with or without 0x or h
    NAME     = [MSR_] IA32_VMX_...
    number   = hexadecimal, but decimal in a line of JSON ("0x48a": 46,); up to 64 bits;
               with 0x, with a digit, or all that there is
             | two words of 8 digits, high half first, or four words of 4; else it is a fault
             | "edx" hexadecimal "eax" hexadecimal, in either order
    command  = ... "rdmsr" {options} ADDRESS                  values follow, one a line, one a CPU
    value    = in the base that the command asked for         (rdmsr -a); rdmsr_command.py

The value of a reading may stand alone on the next line. An ADDRESS that stands alone there is the
next reading: what was asked for before it does not exist. Once a command has told its CPU, one
without -p or -a asks CPU 0, as rdmsr does.

``cpuid -r`` lines (``0x00000007 0x01: eax=0x... ebx=0x... ecx=0x... edx=0x...``) tell CPUID leaves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, takewhile

from vmcsgen.capabilities import rdmsr_command
from vmcsgen.capabilities.dump import (
    FIRST_MSR,
    LAST_MSR,
    Collector,
    Dump,
    msr_names,
    parse_hexadecimal,
)
from vmcsgen.capabilities.rdmsr_command import Command
from vmcsgen.core.spec import Spec

NAME = "MSR text"

_WORDS = re.compile(r"[^\s:=,;|>()\[\]{}\"<]+")
_NUMBER = rdmsr_command.PRINTED[16]
_CPU = re.compile(r"(?:l?v?cpu|core|processor)#?(\d{1,6})?")
_MEMBER = re.compile(r"(\"[^\"]{1,80}\"[ \t]*:[ \t]*)([0-9]{1,20})(?=[ \t]*(?:[,}]|$))")
"""A member of a JSON object whose value is a number, which is decimal there."""

_REDIRECTION = re.compile(r"\s\d?>>?(?:&\d|\s*/\S+)")
_CPUID = re.compile(
    r"\s*(?:0x)?(?P<leaf>[0-9a-f]{8})(?:[ /](?:0x)?(?P<subleaf>[0-9a-f]{1,8}))?\s*:\s*"
    r"eax=0x(?P<eax>[0-9a-f]{8}) ebx=0x(?P<ebx>[0-9a-f]{8}) "
    r"ecx=0x(?P<ecx>[0-9a-f]{8}) edx=0x(?P<edx>[0-9a-f]{8})"
)
_PLAUSIBLE = ("48", "49", "vmx_", "rdmsr", "cpu", "core", "processor", "eax=")
"""Every line that is of use has one of these: a quick look saves most of the time on a log."""

_LINE_LIMIT = 1000
"""Longest line that is looked at; no tool prints a reading on a longer one."""

_NOISE = ("-", "*", "->")


@dataclass(slots=True)
class _Pending:
    """An address whose values stand on the lines after it; all that come are a command's."""

    address: int
    command: Command | None
    count: int = 0


def read(text: str, source: str, spec: Spec) -> Dump:
    """The processors of a text."""
    reader = _Reader(Collector(source, spec), msr_names(spec))
    for number, line in enumerate(text.splitlines(), 1):
        if reader.collector.full:
            break
        if len(line) <= _LINE_LIMIT:
            reader.line(line, number)
    return reader.collector.finish(NAME)


@dataclass(slots=True)
class _Reader:
    """Takes one line after the other; ``commanded`` once a command has told which CPU it asks."""

    collector: Collector
    names: Mapping[str, int]
    pending: _Pending | None = None
    commanded: bool = False

    def line(self, line: str, number: int) -> None:
        """Read a line, or leave it alone."""
        lowered = line.lower()
        if self.pending is None and not any(map(lowered.__contains__, _PLAUSIBLE)):
            return
        leaf = _CPUID.match(lowered) if "eax=" in lowered else None
        if leaf is not None:
            registers = (int(leaf[key], 16) for key in ("eax", "ebx", "ecx", "edx"))
            eax, ebx, ecx, edx = registers
            key = int(leaf["leaf"], 16), int(leaf["subleaf"] or "0", 16)
            self.collector.current.cpuid.setdefault(key, (eax, ebx, ecx, edx))
            return
        if "rdmsr" in lowered:
            lowered = _REDIRECTION.sub(" ", lowered)
        lowered = _MEMBER.sub(lambda found: f"{found[1]}{int(found[2]):#x}", lowered)
        words = [word for word in _WORDS.findall(lowered) if word not in _NOISE]
        if not words:
            return
        if self.pending is not None and self._is_value(words, self.pending):
            self._value(self.pending, words[0], number, line)
            return
        self.pending = self._reading(words, number, line)

    def _is_value(self, words: list[str], pending: _Pending) -> bool:
        """Whether a line is the value of the address before it, and not the next address."""
        if len(words) != 1:
            return False
        if pending.command is not None:
            return pending.command.digits(words[0]) is not None
        return bool(_NUMBER.fullmatch(words[0])) and _address(words, self.names)[0] is None

    def _value(self, pending: _Pending, word: str, number: int, line: str) -> None:
        command = pending.command
        every = command is not None and command.every
        if every:
            self.collector.select(pending.count)
        if every or pending.count == 0:
            self._printed(pending, word, number, line)
        pending.count += 1

    def _printed(self, pending: _Pending, word: str, number: int, line: str) -> None:
        """Take a value as it is printed."""
        address, command = pending.address, pending.command
        digits = word if command is None else command.digits(word)
        if command is not None and command.partial:
            if pending.count == 0:
                message = f"rdmsr -f printed some bits of MSR {address:#x} only: not used"
                self.collector.fault(message, number, line, "leave out -f")
        elif digits is not None:
            self.collector.msr(address, digits, number, line)

    def _reading(self, words: list[str], number: int, line: str) -> _Pending | None:
        """Read an address with its value, or return it if it is without one."""
        command = None
        if "rdmsr" in words:
            command = rdmsr_command.parse(words[words.index("rdmsr") + 1 :])
            cpu, words = command.cpu, command.words
        else:
            cpu, words = _cpu(words)
        while words and words[0] in ("msr", "rdmsr"):
            words = words[1:]
        address, rest = _address(words, self.names, command)
        if command is not None and address is not None:
            if cpu is None and not command.every and self.commanded:
                cpu = 0
            self.commanded = self.commanded or command.every or cpu is not None
        if cpu is not None:
            self.collector.select(cpu)
        if address is None:
            return None
        pending = _Pending(address, command)
        if not rest:
            return pending
        if command is not None and (command.partial or command.base != 16):
            self._printed(pending, rest[0], number, line)
            return None
        self._written(address, rest, number, line)
        return None

    def _written(self, address: int, words: list[str], number: int, line: str) -> None:
        """Take the value that the words begin with, if they do, or say why it is none."""
        halves = _halves(words)
        if halves is not None:
            high, low = (parse_hexadecimal(half) for half in halves)
            if high is None or low is None or high >> 32 or low >> 32:
                message = f"EAX or EDX of MSR {address:#x} does not fit 32 bits"
                self.collector.fault(message, number, line)
            else:
                self.collector.msr(address, f"{high << 32 | low:x}", number, line)
            return
        numbers = _numbers(words)
        sizes = {len(each) for each in numbers}
        if len(numbers) == 1 or (len(numbers), sizes) in ((2, {8}), (4, {4})):
            self.collector.msr(address, "".join(numbers), number, line)
        elif numbers:
            shown = " ".join(numbers)
            self.collector.fault(
                f"which part of MSR {address:#x} is which in {shown[:40]}?", number, line,
                "write one number, or two halves of 8 digits",
            )  # fmt: skip


def _cpu(words: list[str]) -> tuple[int | None, list[str]]:
    found = _CPU.fullmatch(words[0])
    if found is None:
        return None, words
    if found[1]:
        return int(found[1]), words[1:]
    number = words[1].lstrip("#") if len(words) > 1 else ""
    return (int(number[:6]), words[2:]) if number.isdecimal() else (None, words)


def _address(
    words: list[str], names: Mapping[str, int], command: Command | None = None
) -> tuple[int | None, list[str]]:
    """The MSR that the first words name, and what follows it; a command's may be decimal."""
    if not words:
        return None, words
    named = names.get(words[0].removeprefix("msr_"))
    if named is not None:
        rest = words[1:]
        if len(rest) > 1 and _number(rest[0]) == named:
            rest = rest[1:]
        return named, rest
    address = None if command is None else rdmsr_command.address(words[0])
    if address is None:
        address = _number(words[0])
    if address is None or not FIRST_MSR <= address <= LAST_MSR:
        return None, words
    rest = words[1:]
    if len(rest) > 1 and rest[0].removeprefix("msr_") in names:
        rest = rest[1:]
    return address, rest


def _number(word: str) -> int | None:
    return parse_hexadecimal(word) if _NUMBER.fullmatch(word) else None


def _halves(words: list[str]) -> tuple[str, str] | None:
    """The words that stand behind EDX and EAX, or high and low, if both are there."""
    halves = {
        key: word
        for key, word in pairwise(words)
        if key in ("edx", "eax", "high", "low") and _NUMBER.fullmatch(word)
    }
    high, low = halves.get("edx") or halves.get("high"), halves.get("eax") or halves.get("low")
    return None if high is None or low is None else (high, low)


def _numbers(words: list[str]) -> list[str]:
    """The digits of the numbers that the words begin with; "bad address" begins with none."""
    found = list(takewhile(_NUMBER.fullmatch, words))
    if len(found) < len(words) and not any(map(str.isdecimal, "".join(found))):
        return []
    return [word.removeprefix("0x").removesuffix("h") for word in found]
