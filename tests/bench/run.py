"""Measure, as ratios to a bare ``python3 -c pass`` run beside each figure.

    python tests/bench/run.py [NAME ...]

Every figure is the least of several runs, each right after a bare start, so that a busy machine
disturbs both alike. Two ratios are printed: wall-clock time, and processor time (user and
system), which other work on the machine disturbs least.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(sys.executable).with_name("vmcsgen")
RUNS = 15
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vmcsgen"
TREES = Path(os.environ.get("VMCSGEN_CACHE") or _CACHE) / "trees" / "sources"
"""Where tests/trees keeps source trees."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, in seconds."""

    wall: float
    processor: float

    def least(self, other: Cost) -> Cost:
        """The lower of two runs, each figure by itself."""
        return Cost(min(self.wall, other.wall), min(self.processor, other.processor))


def run(*command: str | Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command that must succeed, and measure it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, env=environment)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used)


def beside_bare(
    prepare: Callable[[], None], *command: str | Path, runs: int = RUNS
) -> tuple[Cost, Cost]:
    """The least cost of a bare Python start and of the command, run in turns."""
    bare = ours = Cost(float("inf"), float("inf"))
    for _ in range(runs):
        prepare()
        bare = bare.least(run(sys.executable, "-c", "pass"))
        ours = ours.least(run(*command))
    return bare, ours


def show(what: str, bare: Cost, ours: Cost, goal: float | None = None) -> None:
    """One line of the report."""
    wall, processor = ours.wall / bare.wall, ours.processor / bare.processor
    aim = f"  goal {goal:g}" if goal else ""
    print(
        f"{what:<44} {ours.wall * 1000:8.1f} ms  {wall:6.2f} x wall  "
        f"{processor:6.2f} x processor{aim}",
        flush=True,
    )


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for outputs, and a cache of its own."""
    with tempfile.TemporaryDirectory(prefix="vmcsgen-bench-") as name:
        folder = Path(name)
        os.environ["VMCSGEN_CACHE"] = str(folder / "cache")
        yield folder


def nothing() -> None:
    """Nothing to prepare."""


def bench_start() -> None:
    """Start-up of the verbs that people and hooks wait for."""
    with scratch() as folder:
        out = folder / "out"
        run(PROGRAM, "gen", "-o", out)
        run(PROGRAM, "show", "0x2032")
        show("vmcsgen --version", *beside_bare(nothing, PROGRAM, "--version"), 2)
        show("vmcsgen show 0x2032", *beside_bare(nothing, PROGRAM, "show", "0x2032"), 4)
        show("vmcsgen list", *beside_bare(nothing, PROGRAM, "list"))
        check = (PROGRAM, "gen", "-o", out, "--check")
        show("vmcsgen gen --check, nothing to do", *beside_bare(nothing, *check), 4)
        show("vmcsgen gen, nothing to do", *beside_bare(nothing, PROGRAM, "gen", "-o", out), 4)


def bench_gen() -> None:
    """All targets into an empty folder, with and without the cache of validated specs."""
    with scratch() as folder:
        out, cache = folder / "out", folder / "cache"

        def without_outputs() -> None:
            shutil.rmtree(out, ignore_errors=True)
            for stamp in cache.glob("gen-*"):
                stamp.unlink()

        def without_anything() -> None:
            without_outputs()
            shutil.rmtree(cache, ignore_errors=True)

        run(PROGRAM, "gen", "-o", out)
        gen = (PROGRAM, "gen", "-o", out)
        show("vmcsgen gen from nothing", *beside_bare(without_outputs, *gen, runs=7), 40)
        show("vmcsgen gen from nothing, no cache", *beside_bare(without_anything, *gen, runs=5))
        show("vmcsgen validate", *beside_bare(nothing, PROGRAM, "validate", runs=5))


def synthetic(folder: Path, count: int) -> Path:
    """A spec of ``count`` fields (8,192 fill the encoding space) on top of our controls."""
    root = folder / f"spec-{count}"
    shutil.copytree(CHECKOUT / "spec", root, ignore=shutil.ignore_patterns("projects", "cpus"))
    for kind in ("projects", "cpus"):
        shutil.rmtree(root / kind, ignore_errors=True)
    for path in (root / "fields").iterdir():
        path.unlink()
    for name in ("disagreements.yaml", "errata.yaml", "ladders.yaml", "emulators.yaml"):
        (root / name).unlink(missing_ok=True)
    import yaml

    names = {
        f"{group['group']}.{control['id']}"
        for path in sorted((root / "controls").glob("*.yaml"))
        if "controls" in (group := yaml.safe_load(path.read_text()))
        for control in group["controls"]
        if control.get("status") != "unconfirmed"
    }
    requirements = ["always", *sorted(names)[:40]]
    holders = {
        yaml.safe_load(path.read_text())["field"]
        for path in (root / "controls").glob("*.yaml")
        if path.name != "cpuid.yaml"
    }
    waiting = sorted(holders)
    tables = [(w, t) for w in ("16", "64", "32", "natural") for t in
              ("control", "read_only", "guest", "host")]  # fmt: skip
    each = count // len(tables)
    codes = {"16": 0, "64": 1, "32": 2, "natural": 3}
    types = {"control": 0, "read_only": 1, "guest": 2, "host": 3}
    for number, (width, kind) in enumerate(tables, 1):
        lines = [
            f"table: B-{number}", f"title: {width} {kind}", f"width: {width}", f"type: {kind}",
            "fields:",
        ]  # fmt: skip
        for index in range(each):
            encoding = codes[width] << 13 | types[kind] << 10 | index << 1
            identity = waiting.pop() if waiting else f"field_{encoding:04x}"
            held = identity in holders
            requires = "always" if held else requirements[index % len(requirements)]
            lines += [
                f"  - id: {identity}", f"    title: Field {encoding:04x}",
                f"    encoding: 0x{encoding:04x}", f"    requires: {requires}",
                "    sources: [sdm-2026-02]",
            ]  # fmt: skip
        (root / "fields" / f"b{number:02}.yaml").write_text("\n".join(lines) + "\n")
    return root


def bench_growth() -> None:
    """Cost against the number of fields: it must grow no faster than they do."""
    with scratch() as folder:
        for count in (512, 1024, 2048, 4096, 8192):
            spec = synthetic(folder, count)
            bare, validate = beside_bare(nothing, PROGRAM, "validate", spec, runs=2)
            show(f"validate, {count} fields", bare, validate)
            gen = (PROGRAM, "gen", "-t", "csv", "-t", "c", "--spec", spec, "-o", folder / "out")
            bare, cost = beside_bare(nothing, *gen, runs=1)
            show(f"gen csv and c, {count} fields", bare, cost)


def bench_dumps() -> None:
    """Reading dumps: a small one, one of a million lines; a log that is annotated, beside cat."""
    with scratch() as folder:
        small = CHECKOUT / "tests/fixtures/dumps/rdmsr-i7-7700k.txt"
        run(PROGRAM, "caps", small)
        show("vmcsgen caps, a small dump", *beside_bare(nothing, PROGRAM, "caps", small))
        show("vmcsgen cpus", *beside_bare(nothing, PROGRAM, "cpus"))
        large = folder / "large.txt"
        large.write_text("cpu0 0x480 0xda040000000004\n" * 1_000_000)
        show("vmcsgen caps, 1,000,000 lines", *beside_bare(nothing, PROGRAM, "caps", large, runs=2))
        log = folder / "log"
        line = "[12345.678901] systemd[1]: Started something with a field of words, 12345.\n"
        block = line * 1000 + "[12345.678901] kvm_intel: vmread failed: field=2032\n" * 10
        log.write_text(block * (128 * 1024 * 1024 // len(block)))
        cat = ours = Cost(float("inf"), float("inf"))
        for _ in range(3):
            cat = cat.least(run("cat", log))
            ours = ours.least(run(PROGRAM, "annotate", log))
        show("vmcsgen annotate, 128 MiB, beside cat", cat, ours)


def bench_check() -> None:
    """The check of one header beside a bare start, and of a whole kernel beside grep."""
    with scratch() as folder:
        header, cache = folder / "vmx.h", folder / "cache"
        made = (CHECKOUT / "out/linux/arch/x86/include/asm/vmx.h").read_text()
        header.write_text(made[made.index("enum") :])  # as if nobody had generated it
        check = (PROGRAM, "check", header)

        def unseen() -> None:
            for pattern in ("check-*", "said-*"):
                for known in cache.glob(pattern):
                    known.unlink()

        run(*check)
        show("vmcsgen check, one header never seen", *beside_bare(unseen, *check), 4)
        show("vmcsgen check, one header seen before", *beside_bare(nothing, *check), 4)
        kernel = TREES / "linux-6.12" / "tree"
        if not kernel.is_dir():
            print(f"no kernel in {TREES}: make test-trees brings it")
            return
        grep = Cost(float("inf"), float("inf"))
        cold = warm = grep
        for _ in range(3):
            grep = grep.least(run("grep", "-rIlE", "vmcs|VMCS", kernel))
            unseen()
            cold = cold.least(run(PROGRAM, "check", kernel))
            warm = warm.least(run(PROGRAM, "check", kernel))
        show("vmcsgen check, Linux 6.12, beside grep", grep, cold, 5)
        show("the same, seen before", grep, warm, 5)


BENCHES = {
    "start": bench_start,
    "gen": bench_gen,
    "growth": bench_growth,
    "dumps": bench_dumps,
    "check": bench_check,
}


def main(names: list[str]) -> int:
    """Run the benches named, or all."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"unknown: {', '.join(unknown)}; one of: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors")
    # An installed program has its bytecode; with this set, ours would be compiled at every start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in names or BENCHES:
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
