"""Numbers as people write encodings and MSRs. Imports nothing."""

from __future__ import annotations


def parse_number(text: str) -> int | None:
    """The number that ``text`` writes (``0x2032``, ``2032h``, ``8242``), or None if none."""
    stripped = text.strip().casefold().replace("_", "") if len(text) < 40 else ""
    try:
        if stripped.startswith("0x"):
            return int(stripped, 16)
        if stripped.endswith("h") and stripped[:1].isdigit():
            return int(stripped[:-1], 16)
        return int(stripped, 10) if stripped.isascii() and stripped.isdigit() else None
    except ValueError:
        return None
