"""A series of patches as the mails that ``git am`` takes, the same bytes on every machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vmcsgen import __version__
from vmcsgen.excerpt import counted
from vmcsgen.targets.diffs import FileDiff

STAT_WIDTH = 72
"""Columns of a diffstat."""

_NO_COMMIT = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
"""How git format-patch --zero-commit begins a mail."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a series; ``name`` is its file's."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says: subject, text, and the changes it carries (none: the cover letter)."""

    subject: str
    text: str
    diffs: tuple[FileDiff, ...]


def series_mails(
    cover: Letter | None, letters: Sequence[Letter], author: str, *, signed: bool
) -> tuple[Mail, ...]:
    """The mails of a series in order, the cover letter first.

    ``author`` is ``Name <address>``; ``signed`` adds its Signed-off-by.
    """
    total = len(letters)
    digits = len(str(total))
    mails = []
    for number, letter in enumerate(([cover] if cover else []) + list(letters), 0 if cover else 1):
        tag = f"PATCH {number:0{digits}}/{total}"
        head = [_NO_COMMIT, f"From: {author}", f"Subject: [{tag}] {letter.subject}"]
        head += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8",
                 "Content-Transfer-Encoding: 8bit", ""]  # fmt: skip
        text = letter.text.strip("\n")
        diffs = letter.diffs
        if letter is cover:
            body = [text, "", *_shortlog(author, letters), "", *diffstat(_summed(letters)), ""]
        else:
            sign = [f"Signed-off-by: {author}"] if signed else []
            body = [text, *([""] if sign and text else []), *sign, "---", *diffstat(diffs), ""]
            body.append("".join(each.text for each in diffs).removesuffix("\n"))
        end = ["-- ", f"vmcsgen {__version__}", ""]
        slug = "cover-letter" if letter is cover else _slug(letter.subject)
        mails.append(Mail(f"{number:04}-{slug}.patch", "\n".join([*head, *body, *end])))
    return tuple(mails)


def _slug(subject: str) -> str:
    """The subject as git makes a file name of it."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", subject).strip("-.")[:52].rstrip("-.")


def _shortlog(author: str, letters: Sequence[Letter]) -> list[str]:
    name = author.partition(" <")[0]
    return [f"{name} ({len(letters)}):", *(f"  {letter.subject}" for letter in letters)]


def _summed(letters: Iterable[Letter]) -> tuple[FileDiff, ...]:
    """The changes of all letters together, one entry a file."""
    found: dict[str, FileDiff] = {}
    for each in (diff for letter in letters for diff in letter.diffs):
        known = found.get(each.path)
        found[each.path] = each if known is None else FileDiff(
            each.path, "", known.inserted + each.inserted, known.deleted + each.deleted,
            known.created,
        )  # fmt: skip
    return tuple(found[path] for path in sorted(found))


def diffstat(diffs: Sequence[FileDiff]) -> list[str]:
    """The summary that git puts between message and diff."""
    shown = [each for each in diffs if each.inserted or each.deleted]
    if not shown:
        return []
    names = max(len(each.path) for each in shown)
    counts = max(len(str(each.inserted + each.deleted)) for each in shown)
    room = max(STAT_WIDTH - names - counts - 5, 10)
    most = max(each.inserted + each.deleted for each in shown)
    lines = []
    for each in shown:
        total = each.inserted + each.deleted
        scale = 1.0 if most <= room else room / most
        plus = max(1, round(each.inserted * scale)) if each.inserted else 0
        minus = max(1, round(each.deleted * scale)) if each.deleted else 0
        lines.append(f" {each.path:<{names}} | {total:>{counts}} {'+' * plus}{'-' * minus}")
    inserted = sum(each.inserted for each in shown)
    deleted = sum(each.deleted for each in shown)
    parts = [f"{counted(len(shown), 'file')} changed"]
    if inserted:
        parts.append(f"{counted(inserted, 'insertion')}(+)")
    if deleted:
        parts.append(f"{counted(deleted, 'deletion')}(-)")
    created = [f" create mode 100644 {each.path}" for each in shown if each.created]
    return [*lines, f" {', '.join(parts)}", *created]
