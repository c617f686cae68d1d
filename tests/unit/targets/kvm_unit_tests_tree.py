"""As much of kvm-unit-tests as the fixtures and the target's own edits tell of it."""

from __future__ import annotations

import csv
from pathlib import Path

from vmcsgen.resources import template_root
from vmcsgen.targets.hunks import read_hunks


def published(checkout: Path) -> list[tuple[str, str]]:
    """The constants of the tree's enum Encoding, in its order."""
    with (checkout / "tests/fixtures/names/kvm-unit-tests.csv").open(newline="") as file:
        return [(row["name"], row["encoding"]) for row in csv.DictReader(file)]


def make(top: Path, checkout: Path) -> Path:
    """The published enum in vmx.h, and the old sides of the edits."""
    files = {"x86/vmx.h": "#ifndef X86_VMX_H\n\nenum Encoding {\n"}
    for name, value in published(checkout):
        files["x86/vmx.h"] += f"\t{name}\t= {value}ul,\n"
    files["x86/vmx.h"] += "};\n\n"
    for hunk in read_hunks(template_root() / "kvm-unit-tests/vmx.diff"):
        files[hunk.path] = files.get(hunk.path, "") + "\n".join([*hunk.old, "", ""])
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return top
