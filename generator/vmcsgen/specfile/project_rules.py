"""Semantic rules for projects: SPEC118 to SPEC122, SPEC136. Their names are unique and valid."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Any

from vmcsgen.diagnostics import Diagnostic, Severity, did_you_mean
from vmcsgen.specfile.names import NAMES_HINT, Documents, Entry, Names, unique, whole
from vmcsgen.specfile.nodes import Node


def check_projects(documents: Documents, found: Names) -> Iterator[Diagnostic]:
    """Every fault of the projects, one by one, then names that two of them have."""
    every = [whole(document) for document in documents.get("project", ())]
    for project in every:
        yield from check_project(project, found)
    yield from unique(every, "project", "SPEC118", "project")


IDENTIFIERS = {
    "c": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "rust": re.compile(r"([a-z_][a-z0-9_]*::)*[A-Za-z_][A-Za-z0-9_]*"),
    "python": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "none": re.compile(r"\S(.*\S)?"),
}
"""What a name may look like in a project's language."""

C_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while bool true false nullptr class template".split()
)


def valid_identifier(name: str, language: str) -> bool:
    """Whether ``name`` can be a constant's name in ``language``."""
    reserved = {"python": keyword.iskeyword(name), "c": name in C_KEYWORDS}
    pattern = IDENTIFIERS.get(language, IDENTIFIERS["none"])
    return pattern.fullmatch(name) is not None and not reserved.get(language, False)


def check_project(project: Entry, found: Names) -> Iterator[Diagnostic]:
    """SPEC118 to SPEC122, SPEC136: names of a project are unique, valid, and of what exists."""
    yield from _check_fields(project, found)
    yield from _check_constants(project)
    yield from _check_subsets(project, found)
    yield from _check_controls(project, found)


def _fault(project: Entry, rule: str, message: str, node: Node, hint: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, rule, message, project.document.locate(node), hint)


def _at(node: Node, key: str) -> Any:
    """The node under ``key``, or one that holds nothing."""
    return node.value.get(key, Node({}, node.start, node.end, {}))


_OF_FIELDS = ("fields", "high_names", "aliases")
"""Sections that map ids of fields to names of constants."""


def _check_fields(project: Entry, found: Names) -> Iterator[Diagnostic]:
    """SPEC119, SPEC121: what has a constant is a field, and a confirmed one."""
    for key in _OF_FIELDS:
        section = _at(project.node, key)
        yield from _unknown_fields(project, section.keys.values(), found)
        for identity, node in section.value.items():
            known = found.fields.get(identity)
            if known is not None and known.value.get("status") == "unconfirmed":
                yield _fault(
                    project,
                    "SPEC121",
                    f"{identity} is unconfirmed: no project's name may make it look real",
                    node,
                    "move the name to `extras` with a reason",
                )


def _unknown_fields(
    project: Entry, ids: Iterable[Node], found: Names, where: str = ""
) -> Iterator[Diagnostic]:
    for node in ids:
        if node.value not in found.fields:
            hint = did_you_mean(node.value, found.fields, "field ids stand in spec/fields")
            yield _fault(project, "SPEC119", f"{where}there is no field {node.value!r}", node, hint)


def _check_constants(project: Entry) -> Iterator[Diagnostic]:
    """SPEC118 to SPEC120: a constant is an identifier and has one value; ``order`` knows it."""
    language = project.value["language"]
    taken: dict[str, str] = {}
    for node, of in _constants(project.node):
        name = node.value
        if not valid_identifier(name, language):
            yield _fault(
                project,
                "SPEC120",
                f"{name!r} is not a valid name in {language}",
                node,
                "copy the constant's name from the project's source",
            )
        if name in taken:
            yield _fault(
                project,
                "SPEC118",
                f"{name} is also the name of {taken[name]}",
                node,
                "one constant has one value: correct one of the two",
            )
        taken.setdefault(name, of)
    for node in _at(project.node, "order").value:
        if node.value not in taken:
            message = f"order: the project has no constant {node.value!r}"
            hint = did_you_mean(node.value, taken, "constants stand in `fields`")
            yield _fault(project, "SPEC119", message, node, hint)


def _constants(project: Node) -> Iterator[tuple[Node, str]]:
    """Each constant that a project's file spells out, and what it is the name of."""
    for key in _OF_FIELDS:
        for identity, node in _at(project, key).value.items():
            for each in node.value if isinstance(node.value, tuple) else (node,):
                if each.value is not None:
                    yield each, identity
    for extra in _at(project, "extras").value:
        yield extra.value["name"], "an extra"


def _check_subsets(project: Entry, found: Names) -> Iterator[Diagnostic]:
    """SPEC118, SPEC119: subsets are told apart by their ids, and are of fields that exist."""
    subsets = list(project.entries("subsets"))
    yield from unique(subsets, "id", "SPEC118", "subset")
    for subset in subsets:
        where = f"subset {subset.value['id']}: "
        for ids in (_at(subset.node, "fields").value, _at(subset.node, "members").keys.values()):
            yield from _unknown_fields(project, ids, found, where)


def _check_controls(project: Entry, found: Names) -> Iterator[Diagnostic]:
    """SPEC122, SPEC136: controls exist, and are called as their word asks."""
    for name, node in _at(project.node, "controls").keys.items():
        if name not in found.requirable:
            hint = did_you_mean(name, found.requirable, NAMES_HINT)
            yield _fault(project, "SPEC122", f"there is no control or feature {name!r}", node, hint)
    yield from _check_words(project)


def _check_words(project: Entry) -> Iterator[Diagnostic]:
    """SPEC136: what a control is called agrees with the word that holds its group."""
    for name, called in project.value.get("controls", {}).items():
        word = project.value.get("words", {}).get(name.partition(".")[0])
        if word is None:
            continue
        if called.get("word", word["name"]) != word["name"]:
            message = f"{name}: the group is in {word['name']}, not in {called['word']}"
        elif not called.get("macro", word["prefix"]).startswith(word["prefix"]):
            message = f"{name}: the macros of {word['name']} begin with {word['prefix']}"
        else:
            continue
        node = _at(project.node, "controls").keys[name]
        yield _fault(project, "SPEC136", message, node, "see `words` of the project")
