"""Compilers with every warning an error, and targets written where they can be compiled."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import vmcsgen
from needs import need
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render

WARNINGS = (
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror",
    # What careful code bases add.
    "-Wsign-conversion", "-Wshadow", "-Wundef", "-Wcast-qual", "-Wvla", "-Wdouble-promotion",
)  # fmt: skip
C_WARNINGS = ("-Wstrict-prototypes", "-Wmissing-prototypes")

PACKAGES = {"gcc": "gcc", "g++": "g++", "clang": "clang", "clang++": "clang"}


@dataclass(frozen=True)
class Compiler:
    """A C or C++ compiler; ``c++`` in a standard's name chooses the language."""

    name: str

    def run(self, standard: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Compile with all warnings as errors."""
        plus = "++" in standard
        program = {"gcc": "g++", "clang": "clang++"}[self.name] if plus else self.name
        language = ("-x", "c++") if plus else ("-x", "c", *C_WARNINGS)
        return subprocess.run(
            [
                need(program, PACKAGES[program]),
                f"-std={standard}",
                *WARNINGS,
                *language,
                *arguments,
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, source: Path, program: Path, standard: str = "c99") -> Path:
        """Compile ``source`` to an executable; the compiler's messages if it can't."""
        done = self.run(standard, "-O1", source, "-o", program)
        assert done.returncode == 0, done.stderr
        return program


def generate(spec: vmcsgen.Spec, target: str, folder: Path) -> Path:
    """Write the outputs of a target below ``folder``, and return it."""
    for rendered in render(spec, load_target(target)):
        path = folder / rendered.output.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered.text, encoding="utf-8")
    return folder
