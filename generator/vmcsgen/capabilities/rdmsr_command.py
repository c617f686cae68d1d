"""Command lines of msr-tools' ``rdmsr``: what they ask, and how the answer is printed.

    rdmsr {options} ADDRESS         decimal, unless it has 0x or a letter: as strtoul() reads it

Short options may be joined, and their argument may follow at once (``-0xp3``). Read are ``-a``,
``-p CPU``, ``-f HIGH:LOW`` and the bases, of which the last counts: ``-x``, ``-X``, ``-u``, ``-d``
(signed) and ``-o``; the long ones, and what they are cut short to, as far as it is one option.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONG = {
    "all": "a", "bitfield": "f", "c-language": "c", "cpu": "p", "decimal": "d", "hexadecimal": "x",
    "octal": "o", "processor": "p", "raw": "r", "signed": "d", "signed-decimal": "d",
    "unsigned": "u", "zero-pad": "0",
}  # fmt: skip
_BASES = {"x": 16, "u": 10, "d": 10, "o": 8}
PRINTED = {
    16: re.compile(r"(?:0x)?[0-9a-f][0-9a-f_`'-]*h?"),
    10: re.compile(r"-?[0-9]{1,20}"),
    8: re.compile(r"[0-7]{1,23}"),
}
"""Base -> what is a number of it."""


@dataclass(slots=True)
class Command:
    """A command line. ``partial`` says that it prints some bits of the value only.

    ``cpu`` is None where it names none; ``words`` are what is no option, the address first.
    """

    words: list[str]
    cpu: int | None = None
    every: bool = False
    base: int = 16
    partial: bool = False

    def digits(self, word: str) -> str | None:
        """The hexadecimal digits of a value that the command prints, or None if it is none."""
        if not PRINTED[self.base].fullmatch(word):
            return None
        if self.base == 16:
            return word
        value = int(word, self.base)
        if value < -(1 << 63):
            return None
        return f"{value + ((value < 0) << 64):x}"  # signed values are those of 64 bits


def parse(words: list[str]) -> Command:
    """The command of the words behind ``rdmsr``, whose colons have been cut."""
    command = Command([])
    remaining = iter(words)
    for word in remaining:
        if word.startswith("--"):
            meant = {short for name, short in _LONG.items() if name.startswith(word[2:])}
            letters = meant.pop() if len(meant) == 1 else ""
        elif word.startswith("-"):
            letters = word[1:]
        else:
            command.words.append(word)
            continue
        _options(command, letters, remaining)
    return command


def _options(command: Command, letters: str, remaining: Iterator[str]) -> None:
    for place, letter in enumerate(letters, 1):
        if letter in "pf":
            argument = letters[place:] or next(remaining, "")
            if letter == "p":
                command.cpu = int(argument[:6]) if argument.isdecimal() else None
            else:
                command.partial = True
                next(remaining, None)  # LOW of HIGH:LOW
            return
        command.every |= letter == "a"
        command.base = _BASES.get(letter, command.base)


def address(word: str) -> int | None:
    """The MSR that a word names in decimal, or None if it is no decimal number."""
    return int(word) if re.fullmatch(r"[1-9][0-9]{0,9}", word) else None
