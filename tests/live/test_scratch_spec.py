"""A wrong requirement in the spec is found by the processors, and named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WRONG = [
    ("b04-64bit-control.yaml", "tsc_multiplier", "secondary.use_tsc_scaling",
     "secondary.enable_pconfig", "corei7_skylake_x"),
    ("b04-64bit-control.yaml", "pml_address", "secondary.enable_pml", "always",
     "core_duo_t2400_yonah"),
]  # fmt: skip
"""Field file, field, its requirement, a wrong one, and a model that shows that it is wrong."""


@pytest.mark.parametrize(("file", "field", "right", "wrong", "model"), WRONG)
def test_test_live_names_the_field_and_the_cpu_model(
    tools: None, checkout: Path, tmp_path: Path,
    file: str, field: str, right: str, wrong: str, model: str,
) -> None:  # fmt: skip
    scratch = tmp_path / "spec"
    shutil.copytree(checkout / "spec", scratch)
    table = scratch / "fields" / file
    before, found, after = table.read_text().partition(f"- id: {field}\n")
    assert found
    assert f"requires: {right}\n" in after
    table.write_text(before + found + after.replace(f"requires: {right}", f"requires: {wrong}", 1))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "tests/live/test_conformance.py"],
        cwd=checkout, env={**os.environ, "VMCSGEN_LIVE_SPEC": str(scratch)},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    assert any(f"[bochs {model}]" in line for line in failed), run.stdout
    assert f"bochs 2.7 {model}: " in run.stdout or f" {model}: " in run.stdout
    assert f" {field}: " in run.stdout
