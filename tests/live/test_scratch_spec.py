"""A wrong requirement in the spec is found by the processors, and named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Wrong:
    """A requirement to break, and a CPU model of Bochs that shows that it is wrong."""

    field: str
    right: str
    wrong: str
    model: str


WRONG = [
    Wrong(
        "tsc_multiplier", "secondary.use_tsc_scaling", "secondary.enable_pconfig",
        "corei7_skylake_x",
    ),
    Wrong("pml_address", "secondary.enable_pml", "always", "core_duo_t2400_yonah"),
]  # fmt: skip


def broken(spec: Path, wrong: Wrong) -> None:
    """Write the wrong requirement into a copy of the spec."""
    table = spec / "fields" / "b04-64bit-control.yaml"
    before, found, after = table.read_text().partition(f"- id: {wrong.field}\n")
    assert found
    assert f"requires: {wrong.right}\n" in after
    changed = after.replace(f"requires: {wrong.right}\n", f"requires: {wrong.wrong}\n", 1)
    table.write_text(before + found + changed)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.field)
def test_test_live_names_the_field_and_the_cpu_model(
    tools: None, checkout: Path, tmp_path: Path, wrong: Wrong
) -> None:
    shutil.copytree(checkout / "spec", tmp_path / "spec")
    broken(tmp_path / "spec", wrong)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            "tests/live/test_conformance.py",
        ],
        cwd=checkout,
        env={**os.environ, "VMCSGEN_LIVE_SPEC": str(tmp_path / "spec")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    assert any(f"[bochs {wrong.model}]" in line for line in failed), run.stdout
    assert f"{wrong.model}: GenuineIntel" in run.stdout
    assert f" {wrong.field}: " in run.stdout
