"""Rows of a table with several numbers: which of them is the encoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

SMALL = 0x800
"""Decimal numbers below it are widths, sizes, indexes and numbers of the rows themselves."""


def encoding_column(rows: Iterable[Sequence[str]]) -> int:
    """Where among its numbers, as they are spelled, most rows have the encoding: first, but behind
    small decimal numbers, as in ``{ .width = 64, .encoding = 0x681e }``."""
    columns = Counter(
        next((column for column, text in enumerate(row) if not _is_small(text)), 0) for row in rows
    )
    return columns.most_common(1)[0][0] if columns else 0


def _is_small(text: str) -> bool:
    return len(text) <= 4 and text.isdecimal() and int(text) < SMALL
