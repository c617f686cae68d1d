"""A header with one wrong value, files of long ago, and what a check says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vmcsgen.cli import main

WRONG = """\
/* VMCS */
enum vmcs_field {
\tGUEST_RSP = 0x0000681c,
\tGUEST_RIP = 0x0000681e,
\tHOST_RSP  = 0x00006c14,
\tHOST_RIP  = 0x00006c14,
};
"""
RIGHT = WRONG.replace("HOST_RIP  = 0x00006c14", "HOST_RIP  = 0x00006c16")


LONG_AGO = -3_600_000_000_000
"""For states.SETTLED: every change so far counts as one of long ago."""


def write(path: str | Path, text: str) -> None:
    """As something that was written long ago, but for the time of its inode."""
    Path(path).write_text(text)
    os.utime(path, (1, 1))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status and both streams of ``check``."""
    status = main(["check", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err
