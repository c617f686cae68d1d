"""Names packed into pages that any C compiler takes, and where in them each name begins."""

from __future__ import annotations

from collections.abc import Iterable

from vmcsgen.records import Record

PAGE_BITS = 10
PAGE_SIZE = 1 << PAGE_BITS
"""Bytes in a page. A string literal of more than 4,095 bytes is beyond C99 (5.2.4.1)."""


class PageView(Record):
    """Names that stand one after the other, each closed by a NUL, in one string literal."""

    number: int
    names: tuple[str, ...]


def pack(names: Iterable[str]) -> tuple[tuple[PageView, ...], dict[str, int]]:
    """The pages that hold ``names`` in their order, and the offset of each from the first page.

    No name crosses the end of a page. Names are ASCII; ValueError for one longer than a page.
    """
    pages: list[list[str]] = [[]]
    offsets: dict[str, int] = {}
    used = 0
    for name in names:
        size = len(name) + 1
        if size > PAGE_SIZE:
            raise ValueError(f"a name of {len(name)} bytes does not fit a page: {name[:40]}...")
        if used + size > PAGE_SIZE:
            pages.append([])
            used = 0
        offsets[name] = (len(pages) - 1) * PAGE_SIZE + used
        pages[-1].append(name)
        used += size
    return tuple(PageView(number, tuple(page)) for number, page in enumerate(pages)), offsets
