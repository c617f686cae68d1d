"""Rust compilers, and the generated crate built with them: every warning is an error."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from needs import need

DEBIAN = Path("/usr/bin/rustc")
"""Debian 12's compiler is the oldest that the crate promises to build with."""

FLAGS = ("--edition", "2021", "-C", "opt-level=1", "-D", "warnings")


SOURCES = {"selftest": "tests/selftest.rs", "answer": "examples/answer.rs"}
"""The programs of the crate."""


def any_rustc() -> Rustc:
    """The compiler on the path."""
    return Rustc(need("rustc", "rustc"))


@dataclass(frozen=True)
class Rustc:
    """A compiler; each method says what it printed if it fails."""

    program: str

    def run(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Compile; the caller looks at the status."""
        return subprocess.run(
            [self.program, *FLAGS, *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )

    def compile(self, *arguments: str | Path, cwd: Path) -> None:
        """Compile without a word."""
        done = self.run(*arguments, cwd=cwd)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")

    def build(self, crate: Path, *programs: str) -> None:
        """The library and ``programs`` of the crate in folder ``crate``, beside their sources."""
        self.compile("--crate-type", "rlib", "--crate-name", "vmcs", "src/lib.rs", cwd=crate)
        for program in programs:
            source = SOURCES[program]
            test = ["--test"] if source.startswith("tests/") else []
            self.compile(*test, source, "--extern", "vmcs=libvmcs.rlib", cwd=crate)
