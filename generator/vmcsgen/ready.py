"""Answers that the package's own bytes decide, worked out when its wheel was built.

A wheel holds them as ``share/ready.json``, under the digest of all bytes of the program, the spec
and the templates: what is believed was made by this very code of this very spec. Where one byte is
another, and in a checkout, there are none, and every answer is worked out anew. They are asked for
once; the user's cache has them from then on. ``targets/prepare.py`` makes them.

``answer`` is the one way to what is known already: the cache, the wheel, and only then the work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from vmcsgen.cache import read_entry, write_entry
from vmcsgen.resources import PACKAGE, read_regular, share, spec_folder, template_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Made = TypeVar("Made")

_SIZE_LIMIT = 16 << 20
_answers: dict[str, Any] | None = None


def answer(
    entry: str,
    subject: str,
    folder: Path | str | None,
    shaped: Callable[[Any], Made | None],
    make: Callable[[], tuple[Made, Any]],
) -> Made:
    """What is known under ``entry`` in the user's cache, else under ``subject`` as in ``recall``,
    else what ``make`` makes; the cache has it from then on.

    An answer is kept as a JSON value, which ``make`` gives beside it, and which ``shaped`` turns
    into it again: None, or an error of look-ups and types, says that the value has another shape,
    and is as good as lost. Under an empty ``entry`` nothing is kept.
    """
    found = _shaped(shaped, read_entry(entry) if entry else None)
    if found is not None:
        return found
    plain = recall(subject, folder)
    found = _shaped(shaped, plain)
    if found is None:
        found, plain = make()
    if entry:
        write_entry(entry, plain)
    return found


def _shaped(shaped: Callable[[Any], Made | None], plain: Any) -> Made | None:
    try:
        return None if plain is None else shaped(plain)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def recall(subject: str, folder: Path | str | None = None) -> Any:
    """The answer under ``subject``, or None, as from the cache.

    Subjects are ``spec``, ``cpus DIGEST``, ``target NAME`` and the names of black's entries. What
    stands in a ``folder`` is known only of the package's own.
    """
    if folder is not None and os.fspath(folder) not in (spec_folder(), template_folder()):
        return None
    global _answers  # noqa: PLW0603
    if _answers is None:
        _answers = _read(os.path.join(share(), "ready.json"))
    return _answers.get(subject)


@contextmanager
def nothing() -> Iterator[None]:
    """Nothing is recalled meanwhile: all is worked out."""
    global _answers  # noqa: PLW0603
    before, _answers = _answers, {}
    try:
        yield
    finally:
        _answers = before


def _read(path: str) -> dict[str, Any]:
    try:
        whole = json.loads(read_regular(path, _SIZE_LIMIT))
        answers = whole["answers"] if whole["of"] == digest() else {}
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return {}
    return answers if isinstance(answers, dict) else {}


def digest() -> str:
    """SHA-256 (hex) of the names and bytes of all that decides the answers."""
    import hashlib

    total = hashlib.sha256()
    for name, path in sorted(_files()):
        raw = read_regular(path, -1)
        total.update(f"{len(raw)}:{name}\n".encode("utf-8", "surrogateescape") + raw)
    return total.hexdigest()


def _files() -> Iterator[tuple[str, str]]:
    """What each file is called in a wheel, and where it is; in a checkout, too."""
    for place, folder in (
        ("", PACKAGE),
        ("share/spec/", spec_folder()),
        ("share/templates/", template_folder()),
    ):
        for inner, folders, files in os.walk(folder):
            apart = {"__pycache__"} | ({"share"} if inner == PACKAGE else set())
            folders[:] = [each for each in folders if each not in apart]
            for name in files:
                path = os.path.join(inner, name)
                yield place + os.path.relpath(path, folder).replace(os.sep, "/"), path
