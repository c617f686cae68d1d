"""Specs and the manifests of targets, as a stranger may write them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from common import CHECKOUT, Look, below, lay, packed, told, unpacked

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.resources import spec_folder
from vmcsgen.specfile import inputs, nodes, schema
from vmcsgen.specfile.load import validate
from vmcsgen.targets.hunks import read_hunks
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.series import DiffStep, load_series

SMALL = CHECKOUT / "tests/golden/spec"
DIAGNOSTICS = CHECKOUT / "tests/golden/diagnostics"
KINDS = {kind: n for n, kind in enumerate([*dict.fromkeys(inputs.KINDS), "target", "series"])}


def whole(place: Path) -> Look:
    """A spec of a few files, some of which the input replaces."""
    usual = below(SMALL) | {"disagreements.yaml": b"", "emulators.yaml": b""}
    lay(place, below(SMALL))
    changed: set[str] = set()

    def look(raw: bytes) -> None:
        for name in changed:
            (place / name).unlink(missing_ok=True)
        lay(place, {name: usual[name] for name in changed if usual[name]})
        files = unpacked(raw, usual)
        changed.clear()
        changed.update(files)
        lay(place, files)
        found = validate(place)
        assert found.fields or found.diagnostics
        if found.diagnostics:
            told(found.diagnostics)

    return look


def whole_seeds() -> Iterable[bytes]:
    """The small spec's files, one a seed, and all of them."""
    files = below(SMALL)
    yield packed(files)
    for name, text in files.items():
        yield packed({name: text})


def file(_place: Path) -> Look:
    """One file of any kind: YAML and schema. The first byte chooses the kind."""
    kinds = list(KINDS)

    def look(raw: bytes) -> None:
        if not raw:
            return
        text = raw[1:].decode("utf-8", "replace")
        try:
            document = nodes.parse(text, "file.yaml")
        except DiagnosticError as error:
            told(error.diagnostics)
            return
        document.root.plain()
        faults = schema.check(document, kinds[raw[0] % len(kinds)])
        if faults:
            told(faults)

    return look


def file_seeds() -> Iterable[bytes]:
    """Wrong files of the golden tests, and the head of every file of the spec."""
    for path in sorted(DIAGNOSTICS.glob("*.yaml")):
        yield b"0" + path.read_bytes()
    for relative, kind in inputs.files_of(spec_folder()):
        head = (Path(spec_folder()) / relative).read_bytes()[:3000]
        yield bytes([KINDS[kind]]) + head[: head.rfind(b"\n") + 1]


_MANIFEST = ("target.yaml", "series.yaml", "a.diff")


def manifest(place: Path) -> Look:
    """The folder of a target: target.yaml, series.yaml and a diff."""
    folder = place / "stranger"
    lay(folder, {"a.j2": b"{{ view.spec.version }}\n", "a.txt.j2": b"message\n"})

    def look(raw: bytes) -> None:
        for name in _MANIFEST:
            (folder / name).unlink(missing_ok=True)
        lay(folder, unpacked(raw, _MANIFEST))
        try:
            target = load_target("stranger", place)
            steps = [patch.steps for patch in load_series(target).patches]
            for step in itertools.chain(*steps):
                if isinstance(step, DiffStep):
                    for name in step.diffs:
                        read_hunks(folder / name)
        except DiagnosticError as error:
            told(error.diagnostics)
            return
        assert target.foreign
        for output in target.outputs:
            assert ".." not in Path(output.path).parts
            assert not Path(output.path).is_absolute()

    return look


def manifest_seeds() -> Iterable[bytes]:
    """The manifests of our own targets, made to fit the folder."""
    for path in sorted((CHECKOUT / "templates").glob("*/target.yaml")):
        files = {"target.yaml": path.read_bytes()}
        series = path.with_name("series.yaml")
        if series.exists():
            files["series.yaml"] = series.read_bytes()
        yield packed(files)
    outputs = b"outputs:\n  - {template: a.j2, path: a.h, language: c, region: a, replaces: enum a}"
    yield packed({
        "target.yaml": b"target: stranger\ntitle: T\nlicense: MIT\nproject: linux\n" + outputs,
        "series.yaml": b"subject: s\npatches:\n  - subject: one\n    message: a.txt.j2\n    adopt: "
        b"true\n    steps:\n      - {region: a}\n      - {diff: a.diff}\n",
        "a.diff": b"--- a/x.c\n+++ b/x.c\n@@ one\n one\n-two\n+three\n ...\n four\n",
    })  # fmt: skip
