"""Start-up of the verbs that people and hooks wait for, gen from nothing, check, dumps and logs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from bench import aims
from bench.measure import (
    BARE,
    CHECKOUT,
    HEADS,
    PROGRAM,
    SETTLE,
    Section,
    Table,
    beside,
    packaged,
    ratios,
    run,
    scratch,
)


def bench_start() -> Section:
    """Verbs answered from the cache, beside a bare start."""
    with scratch() as folder:
        out = folder / "out"
        run(PROGRAM, "gen", "-o", out)
        time.sleep(SETTLE)
        commands = {
            aims.VERSION: ("--version",),
            aims.SHOW: ("show", "0x2032"),
            "vmcsgen list": ("list",),
            aims.CHECK_OUTPUTS: ("gen", "-o", out, "--check"),
            aims.GEN_UNCHANGED: ("gen", "-o", out),
        }
        rows = []
        for what, arguments in commands.items():
            run(PROGRAM, *arguments)
            costs = beside(BARE, (PROGRAM, *arguments))
            rows.append(ratios(what, *costs, aims.AIMS.get(what)))
        table = Table("Beside `python3 -c pass`", HEADS, tuple(rows))
    text = (
        "What was validated or made before is answered from the user's cache. The median "
        "of several runs, each right after a bare start of Python."
    )
    return Section("Start-up", (text, table), {})


def bench_gen() -> Section:
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

        rows = []
        for what, program, prepare in (
            (aims.GEN_COLD, packaged(), without_anything),
            (aims.GEN_WARM, (PROGRAM,), without_outputs),
            (aims.GEN_CHECKOUT, (PROGRAM,), without_anything),
        ):
            gen = (*program, "gen", "-o", out)
            run(*gen)
            rows.append(ratios(what, *beside(prepare, BARE, gen, runs=9), aims.AIMS.get(what)))
        rows.append(ratios("vmcsgen validate", *beside(BARE, (PROGRAM, "validate"), runs=5)))
        stages = Table(
            "Where a checkout without a cache spends its time on one processor; cProfile slows all "
            "but black, which is compiled and takes a larger share",
            ("what", "share"),
            _stages(),
        )
    made = (path for path in (CHECKOUT / "out").rglob("*") if "series" not in path.parts)
    files = sum(path.is_file() for path in made)
    text = (
        f"{files} files of all targets into an empty folder; templates are compiled and rendered "
        "each time, by as many processors as there are. A package was validated when it was built, "
        "and brings that under the digest of its bytes, with Python as black formats it; the "
        "program here is the one of a wheel, on its first run. A checkout asks the cache. Where "
        "nothing is known the spec is validated first, by libraries that we would not replace by "
        "code of our own: the second table says what they take."
    )
    return Section(
        "Everything from nothing",
        (text, Table("Beside `python3 -c pass`", HEADS, tuple(rows)), stages),
        {},
    )


STAGES = {
    "black": ("black", "format_str"),
    "jinja2, compiling templates": ("jinja2/environment.py", "compile"),
    "jinja2, rendering": ("jinja2/environment.py", "render"),
    "jsonschema": ("jsonschema/validators.py", "iter_errors"),
    "PyYAML": ("vmcsgen/specfile/nodes.py", "parse"),
    "importing modules": ("importlib._bootstrap", "_find_and_load"),
}
"""A stage -> where the profiler meets it: part of a file's name, and a function."""


def _stages() -> tuple[tuple[str, ...], ...]:
    """The share of each stage in a gen without cache and helpers, as cProfile sees it."""
    import pstats
    import sys

    with scratch() as folder:
        profile = folder / "profile"
        script = "from vmcsgen.cli import main; main()"
        alone = "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])"
        code = f"{alone}; import cProfile; cProfile.run({script!r}, {str(profile)!r})"
        run(sys.executable, "-c", code, "gen", "-o", folder / "out")
        stats = pstats.Stats(str(profile))
    found = stats.stats  # type: ignore[attr-defined]
    whole = stats.total_tt  # type: ignore[attr-defined]
    rows = []
    for stage, (file, function) in STAGES.items():
        times = [
            entry[3] for (where, _, name), entry in found.items()
            if file in f"{where} {name}" and function in name
        ]  # fmt: skip
        rows.append((stage, f"{100 * max(times, default=0.0) / whole:.0f} %"))
    return tuple(rows)


def bench_check(trees: Path) -> Section:
    """The check of one header beside a bare start, and of a whole kernel beside grep."""
    with scratch() as folder:
        header, cache = folder / "vmx.h", folder / "cache"
        made = (CHECKOUT / "out/linux/arch/x86/include/asm/vmx.h").read_text()
        header.write_text(made[made.index("enum") :])  # as if nobody had generated it
        check = (PROGRAM, "check", header)

        def unseen() -> None:
            for kind in ("check-*", "said-*"):
                for known in cache.glob(kind):
                    known.unlink()

        run(*check)
        time.sleep(SETTLE)
        run(*check)
        rows = [
            ratios(what, *beside(*steps, BARE, check), aims.AIMS[what])
            for what, steps in ((aims.CHECK_NEW, (unseen,)), (aims.CHECK_KNOWN, ()))
        ]
        parts: list[str | Table] = [Table("Beside `python3 -c pass`", HEADS, tuple(rows))]
        kernel = trees / "linux-6.12" / "tree"
        if kernel.is_dir():
            search = ("grep", "-rIlE", "vmcs|VMCS", kernel)
            whole = (PROGRAM, "check", kernel)
            grep, cold, warm = beside(search, unseen, whole, whole, runs=3)
            rows = [
                ratios("vmcsgen check, Linux 6.12", grep, cold, 5),
                ratios("the same, seen before", grep, warm, 5),
            ]
            parts.append(Table("Beside `grep -rIlE 'vmcs|VMCS'`", HEADS, tuple(rows)))
        else:
            parts.append("No kernel was at hand: `make test-trees` brings it.")
    return Section("The check", tuple(parts), {})


def bench_dumps() -> Section:
    """Reading dumps: a small one, one of a million lines; a log that is annotated, beside cat."""
    with scratch() as folder:
        small = CHECKOUT / "tests/fixtures/dumps/rdmsr-i7-7700k.txt"
        large = folder / "large.txt"
        large.write_text("cpu0 0x480 0xda040000000004\n" * 1_000_000)
        run(PROGRAM, "caps", small)
        rows = [
            ratios("vmcsgen caps, a small dump", *beside(BARE, (PROGRAM, "caps", small))),
            ratios("vmcsgen cpus", *beside(BARE, (PROGRAM, "cpus"))),
            ratios(
                "vmcsgen caps, 1,000,000 lines", *beside(BARE, (PROGRAM, "caps", large), runs=2)
            ),
        ]
        log = folder / "log"
        line = "[12345.678901] systemd[1]: Started something with a field of words, 12345.\n"
        block = line * 1000 + "[12345.678901] kvm_intel: vmread failed: field=2032\n" * 10
        log.write_text(block * (128 * 1024 * 1024 // len(block)))
        cat, ours = beside(("cat", log), (PROGRAM, "annotate", log), runs=3)
        annotate = (ratios("vmcsgen annotate, a log of 128 MiB", cat, ours),)
    tables = (
        Table("Beside `python3 -c pass`", HEADS, tuple(rows)),
        Table("Beside `cat`", HEADS, annotate),
    )
    return Section("Dumps and logs", tables, {})
