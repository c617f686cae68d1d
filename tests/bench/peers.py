"""Other generators at a comparable job, each on its own kind of input, beside ours."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from bench.measure import (
    CHECKOUT,
    PROGRAM,
    SETTLE,
    Command,
    Section,
    Table,
    beside,
    packaged,
    run,
    scratch,
)

HEADS = ("job", "theirs, ms", "ours, ms", "theirs ÷ ours, wall", "theirs ÷ ours, processor")

COG = """/* [[[cog
import csv, cog
rows = (line for line in open("fields.csv") if not line.startswith("#"))
for row in csv.DictReader(rows):
    cog.outl(f"#define VMCS_{row['id'].upper()} {row['encoding']}")
]]] */
/* [[[end]]] */
"""
"""One header with one list: the least that a header of encodings needs."""

BY_HAND = (
    "ia32-doc, PAL and riscv-opcodes are in no package registry, and the bench installs from "
    "nowhere else. Measured by hand on an Intel Xeon at 2.50 GHz in November 2026, beside a first "
    "`gen -t c` from a wheel, the median of five turns; each reads its own spec and writes C.",
    Table(
        "Their time divided by ours, measured by hand",
        ("theirs", "theirs, ms", "÷ ours"),
        (
            ("ia32-doc 6bfdd0e, all of its 82 files", "3316", "8.7"),
            ("ia32-doc 6bfdd0e, its four files on VMX", "505", "1.8"),
            ("PAL ce67997, Intel, its 666 files", "1560", "4.2"),
            ("riscv-opcodes c1d9bdf, all extensions", "7333", "23.2"),
        ),
    ),
)
"""What a registry does not have, with the commits that were measured."""


def bench_peers(trees: Path) -> Section:
    """Peers that PyPI has (extra ``bench``), and Linux's ynl where its source is at hand."""
    with scratch() as folder:
        rows = [*_cog(folder), *_datamodel_codegen(folder), *_ynl(folder, trees)]
    text = (
        "Their time divided by ours: more than 1 means that we are faster. Each does its own job "
        "on its own kind of input; ours is the nearest of the same kind. *Check* asks whether "
        "what is checked in is current; *first time* is a run of ours without a cache, from a "
        "wheel, whose spec was validated when it was built."
    )
    return Section(
        "Other generators",
        (text, Table("Side by side", HEADS, tuple(rows)), *BY_HAND),
        {},
    )


def _row(job: str, theirs: tuple[str | Path, ...], ours: tuple[str | Path, ...]) -> tuple[str, ...]:
    their_cost, our_cost = beside(theirs, ours, runs=7)
    row = (
        job,
        f"{their_cost.wall * 1000:.0f}",
        f"{our_cost.wall * 1000:.0f}",
        f"{their_cost.wall / our_cost.wall:.1f}",
        f"{their_cost.processor / our_cost.processor:.1f}",
    )
    print("  ".join((f"{job:<60}", *(f"{cell:>8}" for cell in row[1:]))), flush=True)
    return row


def _lacking(job: str, why: str) -> tuple[str, ...]:
    return (job, f"not measured: {why}", "", "", "")


def _ours(folder: Path, target: str) -> tuple[str | Path, ...]:
    """The command that checks one target's outputs, which are current and long settled."""
    out = folder / "out"
    run(PROGRAM, "gen", "-t", target, "-o", out)
    time.sleep(SETTLE)
    check = (PROGRAM, "gen", "-t", target, "-o", out, "--check")
    run(*check)
    return check


def _first_time(folder: Path, target: str) -> Command:
    """The command that makes one target's outputs, without a cache."""
    out = folder / "first"
    program = ("env", "VMCSGEN_CACHE=", *packaged())
    return ("sh", "-c", 'rm -rf "$0"; exec "$@"', out, *program, "gen", "-t", target, "-o", out)


def _cog(folder: Path) -> list[tuple[str, ...]]:
    job = "check: `cog --check`, one header; `gen --check -t c`"
    program = Path(sys.executable).with_name("cog")
    if not program.exists():
        return [_lacking(job, "cogapp is not installed")]
    shutil.copy(CHECKOUT / "out/csv/fields.csv", folder / "fields.csv")
    header = folder / "cog.h"
    header.write_text(COG.replace("fields.csv", str(folder / "fields.csv")))
    run(program, "-r", header)
    return [_row(job, (program, "--check", header), _ours(folder, "c"))]


def _datamodel_codegen(folder: Path) -> list[tuple[str, ...]]:
    checking = "check: `datamodel-codegen --check`, one schema; `gen --check -t python`"
    making = "first time: `datamodel-codegen`, one schema to Python; `gen -t python`"
    program = Path(sys.executable).with_name("datamodel-codegen")
    if not program.exists():
        why = "datamodel-code-generator is not installed"
        return [_lacking(checking, why), _lacking(making, why)]
    made = folder / "model.py"
    schema = CHECKOUT / "spec/schema/fields.schema.json"
    make = (program, "--input", schema, "--input-file-type", "jsonschema", "--disable-timestamp")
    theirs = (*make, "--output", made)
    run(*theirs)
    return [
        _row(checking, (*theirs, "--check"), _ours(folder, "python")),
        _row(making, theirs, _first_time(folder, "python")),
    ]


def _ynl(folder: Path, trees: Path) -> list[tuple[str, ...]]:
    job = "first time: Linux's `ynl-gen-c`, one family's user code; `gen -t c`"
    tree = trees / "linux-6.12" / "tree"
    program = tree / "tools/net/ynl/ynl-gen-c.py"
    if not program.exists():
        return [_lacking(job, "no Linux 6.12 at hand: `make test-trees` brings it")]
    family = tree / "Documentation/netlink/specs/devlink.yaml"
    theirs = (
        sys.executable, program, "--mode", "user", "--source", "--spec", family,
        "-o", folder / "devlink.c",
    )  # fmt: skip
    run(*theirs)
    return [_row(job, theirs, _first_time(folder, "c"))]
