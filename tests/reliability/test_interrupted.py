"""Runs that are killed, run out of disk, lose permission or run 20 at once on the same files.

Every file is the old or the new one at any time, and the next run mends all.

VMCSGEN_RUNS says how many runs are killed at random moments in all (default 1,000); the other
ways to fail are tried in proportion. victim.py does it, a process a scenario and a mode.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from needs import missing, need

# What is proven here does not depend on the disk, and a real one makes every run wait for it.
MEMORY = Path("/dev/shm")
VICTIM = Path(__file__).resolve().parent / "victim.py"
RUNS = int(os.environ.get("VMCSGEN_RUNS", "1000"))
SCENARIOS = ("gen", "gen-tree", "adopt", "check-fix")
# Permission bits don't bind root, unless it gives up the capability to ignore them.
BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
SMALL_DISK = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'
SIZES = {"gen": "1m", "gen-tree": "128k", "adopt": "128k", "check-fix": "64k"}


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such a thing."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield Path(folder) / "top"


def suffer(scenario: str, mode: str, count: int, top: Path, *before: str) -> dict[str, int]:
    """How the runs ended; ``before`` is what the process is started through."""
    top.mkdir(exist_ok=True)
    done = subprocess.run(
        [*before, sys.executable, str(VICTIM), scenario, mode, str(count), "1", str(top)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    endings: dict[str, int] = json.loads(done.stdout)
    print(f"{scenario}, {mode}: {endings}")
    return endings


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_random_moments(scenario: str, top: Path) -> None:
    count = max(1, RUNS // len(SCENARIOS))
    endings = suffer(scenario, "random", count, top)
    assert sum(n for how, n in endings.items() if how.startswith("status -9")) == count


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_before_an_operation_on_a_file(scenario: str, top: Path) -> None:
    endings = suffer(scenario, "points", max(4, RUNS // 25), top)
    if RUNS >= 1000:  # some were killed between a temporary file and its new name
        assert endings["left a temporary file"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_files_may_not_grow(scenario: str, top: Path) -> None:
    endings = suffer(scenario, "size", max(4, RUNS // 40), top)
    assert any(how.startswith("status 2") for how in endings)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_disk_is_full(scenario: str, top: Path) -> None:
    top.mkdir()
    unshare = [need("unshare", "util-linux"), "--mount"]
    unshare += [] if os.geteuid() == 0 else ["--map-root-user"]
    small = [*unshare, "sh", "-c", SMALL_DISK, "sh", SIZES[scenario], str(top)]
    if subprocess.run([*small, "true"], check=False, capture_output=True).returncode:
        missing("may not mount a small file system of its own here")
    endings = suffer(scenario, "full", max(4, RUNS // 40), top, *small)
    assert any(how.startswith("status 2") for how in endings)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_permission_is_lost_midway(scenario: str, top: Path) -> None:
    bound: tuple[str, ...] = ()
    if os.geteuid() == 0:
        bound = (need("setpriv", "util-linux"), *BOUND[1:])
    endings = suffer(scenario, "denied", max(4, RUNS // 40), top, *bound)
    assert any(how.startswith("status 2") for how in endings)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_twenty_at_once(scenario: str, top: Path) -> None:
    assert suffer(scenario, "together", max(1, RUNS // 250), top)
