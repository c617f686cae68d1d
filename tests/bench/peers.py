"""Other generators at a comparable job, each on its own kind of input, beside ours."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from bench.measure import CHECKOUT, PROGRAM, SETTLE, Section, Table, beside, run, scratch

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

REMARKS = """Where a first run of ours is the slower one: it validates the whole spec, some sixty
files, against schemas and against each other, where each of the others reads one file. The cache
takes that from every later run, which is the row *validated before*.
"""


BY_HAND = (
    "ia32-doc, PAL and riscv-opcodes are in no package registry, and the bench installs from "
    "nowhere else. Measured by hand on the same machine in November 2026, beside `gen -t c`, the "
    "median of five turns; each reads its own spec and writes C. Where ours is the slower one, it "
    "reads and validates some sixty files and theirs reads four.",
    Table(
        "Their time divided by ours, measured by hand",
        ("theirs", "theirs, ms", "÷ ours, first time", "÷ ours, validated before"),
        (
            ("ia32-doc 6bfdd0e, all of its 82 files", "2304", "3.8", "10.6"),
            ("ia32-doc 6bfdd0e, its four files on VMX", "488", "0.8", "2.2"),
            ("PAL ce67997, Intel, its 666 files", "1483", "1.5", "4.6"),
            ("riscv-opcodes c1d9bdf, all extensions", "5432", "9.4", "24.6"),
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
        "what is checked in is current; *first time* is a run of ours without a cache, *validated "
        "before* one that makes its outputs anew from a spec that the cache knows."
    )
    return Section(
        "Other generators",
        (text, Table("Side by side", HEADS, tuple(rows)), REMARKS.rstrip(), *BY_HAND),
        {},
    )


def _row(job: str, theirs: tuple[str | Path, ...], ours: tuple[str | Path, ...]) -> tuple[str, ...]:
    their_cost, our_cost = beside(theirs, ours, runs=3)
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


def _first_time(folder: Path, target: str) -> tuple[str | Path, ...]:
    """The command that makes one target's outputs, without a cache."""
    return ("env", "VMCSGEN_CACHE=", PROGRAM, "gen", "-t", target, "-o", folder / "first")


def _later(folder: Path, target: str) -> tuple[str | Path, ...]:
    """The command that makes one target's outputs anew, from a spec that was validated before."""
    out = folder / "later"
    return ("sh", "-c", 'rm -rf "$1"; exec "$0" gen -t "$2" -o "$1"', PROGRAM, out, target)


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
        _row(making.replace("first time", "validated before"), theirs, _later(folder, "python")),
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
    return [
        _row(job, theirs, _first_time(folder, "c")),
        _row(job.replace("first time", "validated before"), theirs, _later(folder, "c")),
    ]
