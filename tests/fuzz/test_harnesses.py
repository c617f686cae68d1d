"""Every harness on what was kept of long runs, and then for a while on what a fuzzer thinks of.

VMCSGEN_FUZZ_SECONDS says how long each is fuzzed (default 60, 0 for the kept inputs only). The
seed is fixed, so that a change is stopped by what it brings, not by luck; long runs have others.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from driver import PATIENCE
from harnesses import HARNESSES, corpus

from needs import missing

DRIVER = Path(__file__).resolve().parent / "driver.py"
SECONDS = int(os.environ.get("VMCSGEN_FUZZ_SECONDS", "60"))


@pytest.mark.parametrize("name", HARNESSES)
def test_seeds_and_kept_inputs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", "")
    harness = HARNESSES[name]
    look = harness.make(tmp_path / "place")
    inputs = [*harness.seeds(), *corpus(name)]
    assert inputs
    for each in (b"", b"\n", *inputs):
        start = time.process_time()
        look(each)
        assert time.process_time() - start < PATIENCE


def test_every_kept_input_belongs_to_a_harness() -> None:
    folders = {each.name for each in (DRIVER.parent / "corpus").iterdir()}
    assert folders <= set(HARNESSES)


@pytest.mark.skipif(not SECONDS, reason="VMCSGEN_FUZZ_SECONDS is 0")
@pytest.mark.parametrize("name", HARNESSES)
def test_fuzzing(name: str, tmp_path: Path) -> None:
    if find_spec("atheris") is None:
        missing("the fuzzer atheris (pip install -e '.[fuzz]'; it wants x86-64 and CPython)")
    found = tmp_path / "found"
    found.mkdir()
    done = subprocess.run(
        [sys.executable, str(DRIVER), name, "-seed=1", f"-max_total_time={SECONDS}", str(found)],
        cwd=tmp_path, capture_output=True, text=True, errors="replace",
        timeout=SECONDS + 300, check=False,
    )  # fmt: skip
    finds = [
        each.name for each in tmp_path.iterdir() if re.match(r"(crash|timeout|oom)-", each.name)
    ]
    assert not finds, f"{finds}\n{done.stderr[-4000:]}"
    # A fuzzer that did not run finds nothing either.
    assert re.search(r"^Done [1-9]\d* runs", done.stderr, re.MULTILINE), done.stderr[-4000:]
