"""Cost of commands beside something run at the same time, and figures as rows of a table."""

from __future__ import annotations

import atexit
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TypeAlias

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(sys.executable).with_name("vmcsgen")
RUNS = 11
SETTLE = 3.2
"""Seconds after which what was written counts as settled (``vmcsgen.states``)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, in seconds."""

    wall: float
    processor: float


Command: TypeAlias = "tuple[str | Path, ...]"

BARE: Command = (sys.executable, "-c", "pass")
"""What figures are ratios to."""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one kind: a caption, the heads of columns, and rows of cells."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What one bench found, as the page shows it: Markdown paragraphs, tables, pictures."""

    title: str
    parts: tuple[str | Table, ...]
    pictures: Mapping[str, str]
    """File name below docs/images -> SVG."""


def run(*command: str | Path, folder: Path | None = None) -> Cost:
    """Run a command that must succeed, and measure it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.DEVNULL, cwd=folder, env=_settings()
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used)


def _settings() -> dict[str, str]:
    """The environment, without what keeps Python from finding compiled modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def beside(*steps: Command | Callable[[], None], runs: int = RUNS) -> list[Cost]:
    """The median cost of each command among the steps, which are taken in turns.

    In turns, because what else the machine does disturbs all alike; and the median, because a
    machine may be faster for moments that a short command fits into and a long one does not.
    """
    costs: dict[int, list[Cost]] = {}
    for _ in range(runs):
        for place, step in enumerate(steps):
            if isinstance(step, tuple):
                costs.setdefault(place, []).append(run(*step))
            else:
                step()
    return [
        Cost(median(each.wall for each in found), median(each.processor for each in found))
        for found in costs.values()
    ]


@cache
def packaged() -> Command:
    """How the program starts from a wheel of this checkout, as ``pip install`` leaves it."""
    folder = Path(tempfile.mkdtemp(prefix="vmcsgen-wheel-"))
    atexit.register(shutil.rmtree, folder)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--target", folder, CHECKOUT)
    return ("env", f"PYTHONPATH={folder}", folder / "bin/vmcsgen")


HEADS = ("what", "ms", "× wall", "× processor", "aim")
"""Heads of a table of ratios."""


def ratios(what: str, other: Cost, ours: Cost, aim: float | None = None) -> tuple[str, ...]:
    """A row of a table of ratios, printed as soon as it is known."""
    row = (
        what,
        f"{ours.wall * 1000:.1f}",
        f"{ours.wall / other.wall:.2f}",
        f"{ours.processor / other.processor:.2f}",
        "" if aim is None else f"{aim:g}",
    )
    print("  ".join(f"{cell:<44}" if cell is what else f"{cell:>10}" for cell in row), flush=True)
    return row


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for outputs, and a cache of its own inside it."""
    before = os.environ.get("VMCSGEN_CACHE")
    with tempfile.TemporaryDirectory(prefix="vmcsgen-bench-") as name:
        folder = Path(name)
        os.environ["VMCSGEN_CACHE"] = str(folder / "cache")
        try:
            yield folder
        finally:
            if before is None:
                del os.environ["VMCSGEN_CACHE"]
            else:
                os.environ["VMCSGEN_CACHE"] = before
