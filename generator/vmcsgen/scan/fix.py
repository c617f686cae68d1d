"""--fix: wrong values replaced in place, every other byte left as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from vmcsgen.scan.findings import Finding, Fix


def apply(findings: Iterable[Finding]) -> dict[str, int]:
    """Mend what can be mended; how many values were replaced, by path.

    A place whose bytes are not what the check saw is left alone. DiagnosticError if a file can't
    be written.
    """
    from vmcsgen.writer import write

    by_path: dict[str, list[Fix]] = {}
    for finding in findings:
        if finding.fix is not None:
            by_path.setdefault(finding.path, []).append(finding.fix)
    mended: dict[str, int] = {}
    for path, fixes in by_path.items():
        content = Path(path).read_bytes()
        changed, count = replace(content, fixes)
        if count and write(Path(os.path.realpath(path)), changed):
            mended[path] = count
    return mended


def replace(content: bytes, fixes: Iterable[Fix]) -> tuple[bytes, int]:
    """``content`` with the fixes applied, and how many were; overlapping ones but the first."""
    pieces: list[bytes] = []
    position = count = 0
    for fix in sorted(set(fixes)):
        old = fix.old.encode("utf-8", "surrogateescape")
        if fix.start < position or content[fix.start : fix.end] != old:
            continue
        pieces += [content[position : fix.start], fix.new.encode("utf-8", "surrogateescape")]
        position = fix.end
        count += 1
    return b"".join(pieces) + content[position:], count
