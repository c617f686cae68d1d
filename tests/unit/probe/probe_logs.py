"""Where recorded logs are, and logs made line by line."""

from __future__ import annotations

from pathlib import Path

from vmcsgen.logs.probe_protocol import framed

LOGS = Path(__file__).parents[2] / "fixtures" / "probe"


def numbered(*lines: str) -> bytes:
    """Sound lines with these words, counted from 0."""
    return b"".join(
        framed((f"{number:04x}", *line.split())).encode() + b"\r\n"
        for number, line in enumerate(lines)
    )
