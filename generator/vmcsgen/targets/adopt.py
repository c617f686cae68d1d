"""The first conversion of a tree: a target's steps applied to a draft of it, in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.core.project import Project
from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, refuse
from vmcsgen.resources import shown
from vmcsgen.targets import hunks
from vmcsgen.targets.constructs import Constant, Construct, find
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.manifest import Output
from vmcsgen.targets.regions import (
    AS_NAMED,
    EVERY,
    Selection,
    State,
    enclosed,
    parse,
    replace,
    state,
)
from vmcsgen.targets.selection import constants, new_constants
from vmcsgen.targets.series import DiffStep, FileStep, Patch, RegionStep
from vmcsgen.targets.tree import Workshop
from vmcsgen.targets.tree_facts import tree_text
from vmcsgen.writer import destination


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a draft; ``before`` is None for a new file, and equals ``after`` if unchanged."""

    path: str
    before: str | None
    after: str


class Draft:
    """A source tree and what shall become of some of its files; the tree itself stays as it is."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._texts: dict[str, str] = {}

    def text(self, path: str) -> str | None:
        """What the file holds in this draft, or None if there is none."""
        if path in self._texts:
            return self._texts[path]
        file = destination(self.top, path)
        try:
            there = file.is_file()
        except OSError as error:
            raise refuse(f"can't be read: {error.strerror}", shown(file), rule="WRITE002") from None
        return tree_text(self.top, path) if there else None

    def put(self, path: str, text: str) -> None:
        """Give the file another text."""
        self._texts[path] = text

    def place(self, output: Output) -> str | None:
        """Which of the output's paths this tree has."""
        return next((p for p in (output.path, *output.elsewhere) if self.text(p) is not None), None)


def apply_patch(
    workshop: Workshop, target: str, patch: Patch, draft: Draft, *, every: bool = False
) -> tuple[Change, ...]:
    """Do the steps of a patch in the draft; the files that they looked at, in order of path.

    Steps that were done before change nothing. DiagnosticError where a step can't be done.
    """
    before: dict[str, str | None] = {}

    def note(path: str) -> None:
        before.setdefault(path, draft.text(path))

    if _applied(workshop, target, patch, draft):
        return tuple(_as_they_are(workshop, target, patch, draft))
    for step in patch.steps:
        match step:
            case RegionStep(name):
                output = _output(workshop, target, name)
                path = draft.place(output)
                if path is None:
                    raise refuse("has none of these files", shown(draft.top), rule="ADOPT002",
                                 hint=", ".join((output.path, *output.elsewhere)))  # fmt: skip
                note(path)
                make_region(workshop, target, output, path, draft, every=every)
            case FileStep(name):
                output = _output(workshop, target, name)
                note(output.path)
                add_file(workshop, target, output, draft)
            case DiffStep(diffs):
                folder = workshop.maker(target).target.folder
                for path, text in _edited([folder / each for each in diffs], draft).items():
                    note(path)
                    draft.put(path, text)
    return tuple(
        Change(path, text, draft.text(path) or "") for path, text in sorted(before.items())
    )


def _applied(workshop: Workshop, target: str, patch: Patch, draft: Draft) -> bool:
    """Whether a patch with regions or files was applied: they stand in the tree, filled.

    A patch may also say by what text it is known.
    """
    if patch.done is not None and patch.done[1] in (draft.text(patch.done[0]) or ""):
        return True
    outputs = [
        _output(workshop, target, step.output)
        for step in patch.steps
        if not isinstance(step, DiffStep)
    ]
    edits = any(isinstance(step, DiffStep) for step in patch.steps)
    return bool(outputs) and edits and all(_stands(target, each, draft) for each in outputs)


def _as_they_are(workshop: Workshop, target: str, patch: Patch, draft: Draft) -> Iterator[Change]:
    """The regions and files of a patch that was applied."""
    for step in patch.steps:
        path = None
        if not isinstance(step, DiffStep):
            path = draft.place(_output(workshop, target, step.output))
        text = None if path is None else draft.text(path)
        if path is not None and text is not None:
            yield Change(path, text, text)


def _stands(target: str, output: Output, draft: Draft) -> bool:
    path = draft.place(output)
    regions = parse(draft.text(path) or "", path).regions if path is not None else ()
    return any(each.name == f"{target}/{output.name}" and each.stamp for each in regions)


def _output(workshop: Workshop, target: str, name: str) -> Output:
    output = workshop.maker(target).target.output(name)
    assert output is not None  # load_series() has checked it
    return output


def add_file(workshop: Workshop, target: str, output: Output, draft: Draft) -> None:
    """Put a whole file into the draft, between marks below its SPDX line.

    DiagnosticError if a file of that name stands there that isn't ours.
    """
    found = draft.text(output.path)
    name = f"{target}/{output.name}"
    if found is not None:
        if any(region.name == name for region in parse(found, output.path).regions):
            return
        raise refuse("exists, and vmcsgen did not make it", shown(draft.top / output.path),
                     rule="ADOPT003", hint="move it away first")  # fmt: skip
    maker = workshop.maker(target)
    language = LANGUAGES[output.language]
    spdx = f"SPDX-License-Identifier: {maker.target.license}"
    # Linux wants the C++ form in .c files (Documentation/process/license-rules.rst).
    first = f"// {spdx}" if output.path.endswith(".c") else language.one_line(spdx)
    lines = maker.renderer.body(output).removesuffix("\n").split("\n")
    marked = enclosed(language, name, workshop.stamp, lines)
    draft.put(output.path, "\n".join([first, *marked]) + "\n")


def make_region(
    workshop: Workshop, target: str, output: Output, path: str, draft: Draft, *, every: bool
) -> None:
    """Turn a hand-written list in the draft into a region with the same names and values.

    With ``every`` the region gets every field besides. DiagnosticError if there is no such list,
    or if a name, value or their order would change.
    """
    text = draft.text(path) or ""
    where = shown(draft.top / path)
    marked = parse(text, where)
    if marked.faults:
        raise DiagnosticError(marked.faults)
    name = f"{target}/{output.name}"
    renderer = workshop.maker(target).renderer
    there = next((each for each in marked.regions if each.name == name), None)
    if there is not None:
        if not there.stamp:
            # Marks without a stamp were put there, by hand or by an edit, to be filled.
            filled = workshop.lines(there)
            if state(there, filled) is State.HAND_EDITED:
                message = "adopt would write over the lines of this region, which vmcsgen did not"
                hint = "take the marks away to convert the list, or the lines to have new ones"
                raise DiagnosticError([there.fault("ADOPT004", f"{message} write", hint)])
            language = LANGUAGES[output.language]
            draft.put(path, replace(text, [(there, filled)], language, workshop.stamp))
        return
    project = workshop.spec.project_by_id[renderer.target.project_of(output) or ""]
    kind = output.replaces or ""
    fresh = new_constants(workshop.spec, project)
    known = frozenset((*constants(project), *fresh))
    construct = find(text, kind, known, where)
    if construct is None:
        raise refuse(f"has no {kind} to turn into a region", where, rule="ADOPT002")
    if construct.faults:
        raise DiagnosticError(construct.faults)
    selection = _selection(project, frozenset(fresh), construct, every)
    body = renderer.body(output, _known_part(selection, known)).removesuffix("\n").split("\n")
    made = find("\n".join(body) + "\n", kind, known, "")
    lines = text.split("\n")
    faults = list(_differences(construct, made, where, lines))
    if kind == "#define" and made is not None:
        faults += _second_definitions(construct, made, where, lines)
    if faults:
        raise DiagnosticError(faults)
    first = construct.first - 1
    if first and body and lines[first - 1].strip() == body[0].strip():
        first -= 1  # the title above the list, which is the region's from now on
    carriage = "\r" if lines[construct.first - 1].endswith("\r") else ""
    enclosed_lines = enclosed(LANGUAGES[output.language], name, workshop.stamp, body, selection)
    made_lines = [f"{line}{carriage}" for line in (*enclosed_lines, *construct.foreign)]
    if not lines[construct.last - 1].endswith("\r"):  # where the file ends, with no line end
        made_lines[-1] = made_lines[-1].removesuffix("\r")
    lines[first : construct.last] = made_lines
    draft.put(path, "\n".join(lines))


def _selection(
    project: Project, fresh: frozenset[str], construct: Construct, every: bool
) -> Selection:
    """What the owner's list says of the constants: those it lacks, those it has beyond."""
    if every:
        return Selection(added=(EVERY,))
    there = {each.name for each in construct.constants}
    dropped = tuple(name for name in constants(project) if name not in there)
    added = tuple(each.name for each in construct.constants if each.name in fresh)
    return Selection(added, dropped) if added or dropped else AS_NAMED


def _known_part(selection: Selection, known: frozenset[str]) -> Selection:
    return Selection(
        tuple(name for name in selection.added if name in known or name == EVERY),
        tuple(name for name in selection.dropped if name in known),
    )


def _differences(
    old: Construct, new: Construct | None, path: str, lines: list[str]
) -> Iterable[Diagnostic]:
    """Everything in which a region would not be the list that it replaces."""
    made = {each.name: each for each in new.constants} if new else {}

    def fault(constant: Constant, message: str, hint: str) -> Diagnostic:
        text = lines[constant.line - 1].removesuffix("\r")
        column = text.find(constant.name) + 1
        place = Location(path, constant.line, column, text, len(constant.name))
        return Diagnostic(Severity.ERROR, "ADOPT004", message, place, hint)

    last = 0
    for each in old.constants:
        if each.name not in made:
            yield fault(each, f"the region would lose {each.name}, which no field is called",
                        "take it out of the list first, or name it in spec/projects")  # fmt: skip
            continue
        right = made[each.name]
        if right.value != each.value:
            yield fault(each, f"{each.name} is {each.value:#x} here, {right.value:#x} in the spec",
                        "find out which is right, then mend it")  # fmt: skip
        if right.line < last:
            yield fault(each, f"{each.name} would change its place in the list",
                        "move it to where the spec's order has it")  # fmt: skip
        last = max(last, right.line)


def _second_definitions(
    old: Construct, new: Construct, path: str, lines: list[str]
) -> Iterator[Diagnostic]:
    """Macros that the region would define too: not as plain numbers, and so not in the list."""
    added = {each.name for each in new.constants} - {each.name for each in old.constants}
    for number, line in enumerate(lines, 1):
        found = re.match(r"[ \t]*#[ \t]*define[ \t]+(\w+)", line)
        if found and found[1] in added:
            message = f"{found[1]} is defined here, and the region would define it too"
            place = Location(
                path, number, found.start(1) + 1, line.removesuffix("\r"), len(found[1])
            )
            hint = "make it a plain number of the list, or take it out"
            yield Diagnostic(Severity.ERROR, "ADOPT001", message, place, hint)


def _edited(diffs: list[Path], draft: Draft) -> dict[str, str]:
    """The files that the first diff that fits changes, with their new text."""
    misfits: list[Diagnostic] = []
    for path in diffs:
        texts: dict[str, str] = {}
        try:
            for hunk in hunks.read_hunks(path):
                text = texts.get(hunk.path, draft.text(hunk.path))
                if text is None:
                    raise hunks.UnfitError(hunk, f"the tree has no {hunk.path}")
                texts[hunk.path] = hunks.apply(hunk, text)
        except hunks.UnfitError as error:
            hint = "the tree differs from those that this target is for"
            misfits.append(
                Diagnostic(Severity.ERROR, "ADOPT005", str(error), error.hunk.origin, hint)
            )
        else:
            return texts
    raise DiagnosticError(misfits)
