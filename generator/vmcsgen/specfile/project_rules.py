"""Semantic rules for projects: SPEC118 to SPEC122, SPEC136. Their names are unique and valid."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from vmcsgen.diagnostics import Diagnostic, Severity, did_you_mean
from vmcsgen.specfile.names import NAMES_HINT, Documents, Entry, Names, unique, whole


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
    language = project.value["language"]
    taken: dict[str, str] = {}
    for section in ("fields", "high_names", "aliases"):
        if section not in project.value:
            continue
        section_node = project.node.value[section]
        for identity, spelled in project.value[section].items():
            at = Entry(project.document, section_node, project.value[section])
            if identity not in found.fields:
                where = project.document.locate(section_node.keys[identity])
                yield Diagnostic(
                    Severity.ERROR, "SPEC119", f"there is no field {identity!r}", where,
                    did_you_mean(identity, found.fields, "field ids stand in spec/fields"),
                )  # fmt: skip
                continue
            if found.fields[identity].value.get("status") == "unconfirmed":
                yield at.fault(
                    "SPEC121",
                    f"{identity} is unconfirmed: no project's name may make it look real",
                    identity,
                    "move the name to `extras` with a reason",
                )
            for name in spelled if isinstance(spelled, list) else [spelled]:
                if name is None:
                    continue
                if not valid_identifier(name, language):
                    yield at.fault(
                        "SPEC120",
                        f"{name!r} is not a valid name in {language}",
                        identity,
                        "copy the constant's name from the project's source",
                    )
                if taken.setdefault(name, identity) != identity or (
                    section != "fields" and name == project.value["fields"].get(identity)
                ):
                    yield at.fault(
                        "SPEC118",
                        f"{name} is also the name of {taken[name]}",
                        identity,
                        "one constant has one value: correct one of the two",
                    )
    for position, subset in enumerate(project.value.get("subsets", ())):
        listed = project.node.value["subsets"].value[position].value["fields"]
        for node in listed.value:
            if node.value not in found.fields:
                yield Diagnostic(
                    Severity.ERROR,
                    "SPEC119",
                    f"subset {subset['id']}: there is no field {node.value!r}",
                    project.document.locate(node),
                    did_you_mean(node.value, found.fields, "field ids stand in spec/fields"),
                )
    if "controls" in project.value:
        section_node = project.node.value["controls"]
        for name in project.value["controls"]:
            if name not in found.requirable:
                where = project.document.locate(section_node.keys[name])
                yield Diagnostic(
                    Severity.ERROR, "SPEC122", f"there is no control or feature {name!r}", where,
                    did_you_mean(name, found.requirable, NAMES_HINT),
                )  # fmt: skip
        yield from _check_words(project)


def _check_words(project: Entry) -> Iterator[Diagnostic]:
    """SPEC136: what a control is called agrees with the word that holds its group."""
    for name, called in project.value["controls"].items():
        word = project.value.get("words", {}).get(name.partition(".")[0])
        if word is None:
            continue
        if called.get("word", word["name"]) != word["name"]:
            message = f"{name}: the group is in {word['name']}, not in {called['word']}"
        elif not called.get("macro", word["prefix"]).startswith(word["prefix"]):
            message = f"{name}: the macros of {word['name']} begin with {word['prefix']}"
        else:
            continue
        where = project.document.locate(project.node.value["controls"].keys[name])
        yield Diagnostic(Severity.ERROR, "SPEC136", message, where, "see `words` of the project")
