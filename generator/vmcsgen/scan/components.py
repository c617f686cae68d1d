"""An encoding put together from the words for its parts, as ``encode(FULL, 15, GUEST, NATURAL)``.

The words are those of the SDM's table "Structure of VMCS Component Encoding", so that what is
called can be a function or a macro that another file defines.
"""

from __future__ import annotations

from collections.abc import Sequence

from vmcsgen.scan.patterns import lazy

_PARTS = {
    word: part
    for part, words in {
        (0, 0): "full",
        (0, 1): "high",
        (10, 0): "control controls ctrl ctl",
        (10, 1): "exit vmexit information info only readonly ro",
        (10, 2): "guest",
        (10, 3): "host",
        (13, 0): "word 16",
        (13, 1): "qword quadword 64",
        (13, 2): "dword doubleword 32",
        (13, 3): "natural nat nw",
    }.items()
    for word in words.split()
}
"""A word -> the lowest bit of the part it speaks of, and the part's value (SDM 27.11.2)."""

_WORD = lazy(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def encoding(index: int, names: Sequence[str]) -> int | None:
    """The encoding that an index and the names of the other parts make; None if they make none.

    Every name must speak of one part, no two of the same, and of type and width one each; without
    access, it is full.
    """
    if not 0 <= index < 0x200:
        return None
    parts: dict[int, int] = {}
    for name in names:
        said = {_PARTS[w] for word in _WORD().findall(name) if (w := word.lower()) in _PARTS}
        if len(said) != 1:
            return None
        ((bit, value),) = said
        if bit in parts:
            return None
        parts[bit] = value
    if not parts.keys() >= {10, 13}:
        return None
    return index << 1 | sum(value << bit for bit, value in parts.items())
