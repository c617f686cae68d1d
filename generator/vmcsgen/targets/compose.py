"""From a target's series.yaml and a source tree to the mails of a patch series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse
from vmcsgen.targets.adopt import Change, Draft, apply_patch
from vmcsgen.targets.diffs import FileDiff, file_diff
from vmcsgen.targets.mail import Letter, Mail, series_mails
from vmcsgen.targets.series import series_for_tree
from vmcsgen.targets.tree import Workshop

_AUTHOR = re.compile(r"[^<>\x00-\x1f\x7f]{1,200} <[^<>\s\x00-\x1f\x7f]{1,200}>")


@dataclass(frozen=True, slots=True)
class PatchView:
    """What the template of a message is handed of its patch."""

    subject: str
    paths: tuple[str, ...]
    inserted: int
    deleted: int


def compose(
    name: str,
    tree: Path,
    spec: Spec,
    author: str,
    *,
    signed: bool = False,
    templates: Path | None = None,
) -> tuple[Mail, ...]:
    """The mails that bring target ``name`` into ``tree``; none if it has everything already.

    ``author`` is ``Name <address>``. Patches that would change nothing are left out.
    DiagnosticError where the tree is not one that the target is for.
    """
    if not _AUTHOR.fullmatch(author):
        raise refuse(f"{author!r} is not of the form 'Name <address>'", "vmcsgen patch")
    workshop = Workshop(spec, tree, templates)
    maker = workshop.maker(name)
    series = series_for_tree(maker.target, templates)
    draft = Draft(tree)
    letters = []
    views = []
    for patch in series.patches:
        changes = apply_patch(workshop, name, patch, draft)
        diffs = tuple(diff for change in changes if (diff := _diff(change)).text)
        if not diffs:
            continue
        view = PatchView(
            patch.subject,
            tuple(diff.path for diff in diffs),
            sum(diff.inserted for diff in diffs),
            sum(diff.deleted for diff in diffs),
        )
        text = maker.renderer.message(patch.message, patch=view) if patch.message else ""
        letters.append(Letter(patch.subject, text, diffs))
        views.append(view)
    if not letters:
        return ()
    cover = None
    if series.cover is not None:
        text = maker.renderer.message(series.cover, patches=tuple(views))
        cover = Letter(series.subject, text, ())
    return series_mails(cover, letters, author, signed=signed)


def _diff(change: Change) -> FileDiff:
    return file_diff(change.path, change.before, change.after)
