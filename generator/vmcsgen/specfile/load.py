"""Files to a validated Spec: reading, schema, semantic rules, and the cached result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmcsgen import ready
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity
from vmcsgen.resources import shown, spec_root
from vmcsgen.specfile import stamp
from vmcsgen.specfile.files import SpecFile, discover, version_file
from vmcsgen.specfile.inputs import MODEL_KINDS, model_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmcsgen.specfile.nodes import Document


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a validation looked at, and what it found."""

    files: int
    fields: int
    controls: int
    projects: int
    diagnostics: tuple[Diagnostic, ...]


def load(root: Path | str | None = None, *, cache: bool = True) -> Spec:
    """The validated spec of folder ``root`` (default: the one that comes with vmcsgen).

    Raises DiagnosticError with everything that is wrong, each with file, line and column. With
    ``cache`` a spec whose bytes were validated before is taken from the user's cache, or as it
    was when this package was built.
    """
    folder = spec_root() if root is None else Path(root)

    def made() -> tuple[Spec, Any]:
        spec, diagnostics = read(folder, discover(folder, MODEL_KINDS))
        if spec is None:
            raise DiagnosticError(diagnostics)
        return spec, stamp.to_entry(spec)

    if not cache:
        return made()[0]
    key = model_key(folder)
    entry = f"spec-{key[:40]}.json" if key else ""
    return ready.answer(entry, "spec", folder, stamp.from_entry, made)


def validate(root: Path | str | None = None) -> Inspected:
    """Check every file of a spec, those beside the model included; never raises for bad content."""
    folder = spec_root() if root is None else Path(root)
    try:
        files = discover(folder)
    except DiagnosticError as error:
        return Inspected(0, 0, 0, 0, error.diagnostics)
    spec, diagnostics = read(folder, files)
    if spec is None:
        return Inspected(len(files), 0, 0, 0, diagnostics)
    return Inspected(
        len(files), len(spec.fields), len(spec.controls), len(spec.projects), diagnostics
    )


def read(folder: Path, files: Iterable[SpecFile]) -> tuple[Spec | None, tuple[Diagnostic, ...]]:
    """Read, check and build; the Spec is None where anything is wrong.

    All files are looked at, whatever is wrong with some; rules that compare files run only when
    all of them could be read.
    """
    from vmcsgen.specfile import build, cpu_rules, rules

    documents, diagnostics = read_documents(files)
    version = _version(folder, diagnostics)
    if diagnostics:
        diagnostics.extend(rules.check_encodings(documents.get("fields", ())))
        return None, tuple(diagnostics)
    diagnostics.extend(rules.check(documents))
    if diagnostics:
        return None, tuple(diagnostics)
    spec = build.build(version, documents)
    diagnostics.extend(cpu_rules.check(documents, spec))
    return (None if diagnostics else spec), tuple(diagnostics)


def read_documents(
    files: Iterable[SpecFile],
) -> tuple[dict[str, list[Document]], list[Diagnostic]]:
    """The documents that follow their schemas, by kind, and what is wrong with the others."""
    from vmcsgen.specfile import nodes, schema

    diagnostics: list[Diagnostic] = []
    documents: dict[str, list[Document]] = {}
    for file in files:
        try:
            document = nodes.parse(nodes.read_text(file.path, file.shown), file.shown)
        except DiagnosticError as error:
            diagnostics.extend(error.diagnostics)
            continue
        faults = schema.check(document, file.kind)
        diagnostics.extend(faults)
        if not faults:
            documents.setdefault(file.kind, []).append(document)
    return documents, diagnostics


def _version(folder: Path, diagnostics: list[Diagnostic]) -> str:
    from vmcsgen.specfile import nodes

    path = version_file(folder)
    try:
        text = nodes.read_text(path, shown(path)).rstrip("\n")
    except DiagnosticError as error:
        diagnostics.extend(error.diagnostics)
        return ""
    if not re.fullmatch(r"20[0-9]{2}\.(0[1-9]|1[0-2])(\.[0-9]{1,3})?", text):
        where = Location(shown(path), 1, 1, text.split("\n")[0], max(1, len(text)))
        hint = "write year and month, such as 2026.11"
        message = "not a calendar version"
        diagnostics.append(Diagnostic(Severity.ERROR, "SPEC010", message, where, hint))
    return text


def summary(counts: Mapping[str, int]) -> str:
    """``12 files, 211 fields``: counts for people, in the order given."""
    return ", ".join(
        f"{count} {noun if count != 1 else noun.removesuffix('s')}"
        for noun, count in counts.items()
    )
