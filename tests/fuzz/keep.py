"""From what a fuzzer found to what is kept: inputs that reach what seeds and smaller ones do not.

    python tests/fuzz/keep.py HARNESS FOUND/

writes them into the harness's corpus. What an input reaches are the pairs of lines of our own code
that ran one after the other. (libFuzzer's own merge would start this program without its harness.)
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from harnesses import CORPUS, HARNESSES, corpus

import vmcsgen

OURS = os.path.dirname(vmcsgen.__file__)
SIZE_LIMIT = 3000
"""Bytes; a longer input is not kept: most of it says nothing."""

ROOM = 8000
"""Bytes that the kept inputs of one harness may take."""

Arcs = set[tuple[str, int, int]]


def reached(look: Callable[[bytes], None], raw: bytes) -> Arcs:
    """The pairs of lines that run one after the other while ``look`` looks at an input."""
    arcs: Arcs = set()

    def begin(frame: FrameType, _event: str, _argument: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(OURS):
            return None
        last = 0

        def step(frame: FrameType, _event: str, _argument: Any) -> Any:
            nonlocal last
            arcs.add((name, last, frame.f_lineno))
            last = frame.f_lineno
            return step

        return step

    sys.settrace(begin)
    try:
        look(raw)
    finally:
        sys.settrace(None)
    return arcs


def main(name: str, found: Path) -> None:
    """Keep what is worth it, the smallest first."""
    os.environ["VMCSGEN_CACHE"] = ""
    harness = HARNESSES[name]
    look = harness.make(Path(tempfile.mkdtemp()) / "place")
    known: Arcs = set()
    for raw in [*harness.seeds(), *corpus(name)]:
        known |= reached(look, raw)
    folder = CORPUS / name
    room = ROOM - sum(map(len, corpus(name)))
    for raw in sorted((path.read_bytes() for path in found.iterdir()), key=len):
        if len(raw) > min(SIZE_LIMIT, room):
            break
        arcs = reached(look, raw)
        if arcs <= known:
            continue
        known |= arcs
        room -= len(raw)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(raw).hexdigest()[:16]).write_bytes(raw)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
