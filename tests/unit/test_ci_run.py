"""What .ci/run ends with: 0 when every tier passed, else not, and nothing left running.

The tiers are played by a ``make`` that does nothing or fails; what they do is tested by themselves.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

CI_RUN = Path(__file__).resolve().parents[2] / ".ci/run"

STEPS = tuple(re.findall(r"^(?:step )?(?:env \S+ )?make ([\w-]+)", CI_RUN.read_text(), re.M))
"""What the script makes, in its order."""


def play(tmp_path: Path, failing: str, status: str = "") -> subprocess.CompletedProcess[str]:
    """Run a copy of the script with a ``make`` that fails at ``failing``.

    ``status`` is what git says of the outputs.
    """
    script = tmp_path / ".ci/run"
    script.parent.mkdir()
    script.write_bytes(CI_RUN.read_bytes())
    tools = tmp_path / "tools"
    tools.mkdir()
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    for tool, body in {
        tools / "make": f'[ "$1" != "{failing}" ] || {{ echo "$1 failed"; exit 1; }}',
        tools / "git": f'[ "$1" != status ] || printf "%s" "{status}"',
        tools / "dpkg-query": "echo install ok installed",
        python: "",
    }.items():
        tool.write_text(f"#!/bin/sh\n{body}\n")
        tool.chmod(0o755)
    return subprocess.run(
        ["bash", script], check=False, text=True, capture_output=True, timeout=60,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)},
    )  # fmt: skip


def test_ends_well(tmp_path: Path) -> None:
    ended = play(tmp_path, failing="")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not list(tmp_path.glob("tmp*")), "the trees' output was not swept away"


@pytest.mark.parametrize("failing", STEPS)
def test_ends_with_a_failure(tmp_path: Path, failing: str) -> None:
    ended = play(tmp_path, failing)
    assert ended.returncode != 0
    assert f"{failing} failed" in ended.stdout


def test_an_output_that_nobody_committed_is_a_failure(tmp_path: Path) -> None:
    ended = play(tmp_path, failing="", status="?? out/new/")
    assert ended.returncode == 1
    assert ended.stdout.endswith("make gen wrote what is not committed:\n?? out/new/\n")


def test_every_tier_of_the_makefile_is_run() -> None:
    makefile = CI_RUN.parents[1] / "Makefile"
    targets = re.findall(r"^([\w -]+):", makefile.read_text(), re.M)
    tiers = {name for names in targets for name in names.split() if name.startswith("test")}
    assert {"test", "test-trees", "test-live"} < tiers
    assert tiers - {"test-fuzz"} == {name for name in STEPS if name.startswith("test")}
