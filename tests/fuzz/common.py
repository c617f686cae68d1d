"""What harnesses share: folders that an input describes, and what must hold of a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, as_plain, as_text

CHECKOUT = Path(__file__).resolve().parents[2]

Look = Callable[[bytes], None]
"""Looks at one input."""

_SEPARATOR = re.compile(rb"^=== ([A-Za-z0-9._/-]{1,60})\n", re.MULTILINE)


def packed(files: Mapping[str, bytes]) -> bytes:
    """Several files as one input: each behind a line ``=== PATH``."""
    return b"".join(b"=== %s\n%s\n" % (name.encode(), text) for name, text in files.items())


def unpacked(raw: bytes, allowed: Iterable[str]) -> dict[str, bytes]:
    """The files of an input whose paths are allowed; a later one counts."""
    known = frozenset(allowed)
    pieces = _SEPARATOR.split(raw)
    named = zip(pieces[1::2], pieces[2::2], strict=True)
    return {name.decode(): text for name, text in named if name.decode() in known}


def below(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    """The files below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file()
    }


def lay(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def told(diagnostics: Iterable[Diagnostic]) -> None:
    """What is said of an input must say something, and must not steer a terminal."""
    count = 0
    for each in diagnostics:
        count += 1
        shown(as_text(each))
        assert as_plain(each)["message"]
        if count == 20:
            break
    assert count, "an error that says nothing"


def shown(text: str) -> None:
    """What people read holds no control characters but line ends."""
    assert text.replace("\n", "").isprintable(), ascii(text)
