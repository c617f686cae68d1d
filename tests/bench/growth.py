"""Cost against size: fields of a spec, targets, files of a source tree."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.chart import chart
from bench.measure import (
    BARE,
    CHECKOUT,
    PROGRAM,
    Cost,
    Section,
    Table,
    beside,
    run,
    scratch,
)

FIELDS = (512, 1024, 2048, 4096, 8192)
"""8,192 fill the space of encodings."""
TARGETS = (1, 10, 100)
FILES = (1_000, 10_000, 100_000)

CODE = "enum vmcs_field { TSC_MULTIPLIER = 0x00002032 };\n"
PLAIN = "int function(void);\n" * 40
"""What is in every hundredth source file of a tree, and in all."""


def bench_growth() -> Section:
    """Processor time of what grows, less than that of a bare start, and pictures of it."""
    (bare,) = beside(BARE)
    kinds = (
        ("fields", "fields of the spec", _fields(bare)),
        ("targets", "targets", _targets(bare)),
        ("files", "files in the tree", _files(bare)),
    )
    parts: list[str | Table] = [
        "Processor time less that of a bare start of Python. A dashed line is where twice as much "
        "takes twice as long: what lies on or below it grows no faster than its input. *Each* is "
        "the time of the largest size by its size."
    ]
    pictures = {}
    for kind, across, lines in kinds:
        title = f"Seconds by {across}"
        pictures[f"growth-{kind}.svg"] = chart(title, across, "seconds of processor time", lines)
        sizes = [size for size, _ in next(iter(lines.values()))]
        heads = (across, *(f"{size:,.0f}" for size in sizes), "each")
        rows = [
            (
                name,
                *(f"{seconds:.2f} s" for _, seconds in line),
                f"{line[-1][1] / line[-1][0] * 1e6:,.0f} µs",
            )
            for name, line in lines.items()
        ]
        parts.append(Table(title, heads, tuple(rows)))
        parts.append(f"![{title}](images/growth-{kind}.svg)")
    return Section("Growth", tuple(parts), pictures)


Lines = dict[str, list[tuple[float, float]]]


def _grow(lines: Lines, name: str, size: int, bare: Cost, ours: Cost) -> None:
    seconds = max(ours.processor - bare.processor, 0.001)
    lines.setdefault(name, []).append((size, seconds))
    print(f"{name:<44} {size:>8,} {seconds:10.3f} s", flush=True)


def _fields(bare: Cost) -> Lines:
    lines: Lines = {}
    with scratch() as folder:
        for count in FIELDS:
            spec = synthetic(folder, count)
            _grow(lines, "validate", count, bare, run(PROGRAM, "validate", spec))
            shutil.rmtree(folder / "cache", ignore_errors=True)
            gen = (PROGRAM, "gen", "-t", "csv", "-t", "c", "--spec", spec, "-o", folder / "out")
            _grow(lines, "gen -t csv -t c", count, bare, run(*gen))
            _grow(lines, "the same again", count, bare, run(*gen))
    return lines


def _targets(bare: Cost) -> Lines:
    """Targets as large as csv, each in a folder of its own."""
    lines: Lines = {}
    with scratch() as folder:
        templates, out = folder / "templates", folder / "out"
        made = 0
        options = ("--templates", templates, "-o", out)
        for count in TARGETS:
            for number in range(made, count):
                copy = Path(shutil.copytree(CHECKOUT / "templates/csv", templates / f"csv{number}"))
                manifest = copy / "target.yaml"
                text = manifest.read_text()
                manifest.write_text(text.replace("target: csv", f"target: csv{number}"))
            made = count
            shutil.rmtree(folder / "cache", ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)
            run(PROGRAM, "show", "0x2032")  # the spec is validated, and known to the cache
            _grow(lines, "gen", count, bare, run(PROGRAM, "gen", *options))
            _grow(lines, "gen --check", count, bare, run(PROGRAM, "gen", "--check", *options))
    return lines


def _files(bare: Cost) -> Lines:
    """Small C files in folders of a hundred, and ten files with a generated region."""
    lines: Lines = {}
    with scratch() as folder:
        tree = folder / "tree"
        region = _region()
        made = 0
        for count in FILES:
            for number in range(made, count):
                path = tree / f"d{number // 10_000}/d{number // 100}/f{number}"
                path.parent.mkdir(parents=True, exist_ok=True)
                kind, text = "c", PLAIN if number % 100 else CODE + PLAIN
                if number < 10:
                    kind, text = "md", region
                path.with_suffix(f".{kind}").write_text(text)
            made = count
            gen = (PROGRAM, "gen", "--tree", tree, "--check")
            run(*gen)
            _grow(lines, "gen --tree --check", count, bare, run(*gen))
            check = (PROGRAM, "check", tree)
            shutil.rmtree(folder / "cache", ignore_errors=True)
            _grow(lines, "check", count, bare, run(*check))
            _grow(lines, "check, seen before", count, bare, run(*check))
    return lines


def _region() -> str:
    """A file with a region that is current, of a target that asks nothing of the tree around."""
    name = "markdown/disagreements"
    with scratch() as folder:
        path = folder / "page.md"
        path.write_text(f"<!-- vmcsgen begin: {name} -->\n<!-- vmcsgen end: {name} -->\n")
        run(PROGRAM, "gen", "--tree", folder)
        return path.read_text()


CODES = {"16": 0, "64": 1, "32": 2, "natural": 3}
TYPES = {"control": 0, "read_only": 1, "guest": 2, "host": 3}


def synthetic(folder: Path, count: int) -> Path:
    """A spec of ``count`` fields on top of our controls."""
    import yaml

    root = folder / f"spec-{count}"
    shutil.copytree(CHECKOUT / "spec", root, ignore=shutil.ignore_patterns("projects", "cpus"))
    for path in (root / "fields").iterdir():
        path.unlink()
    for name in ("disagreements.yaml", "errata.yaml", "ladders.yaml", "emulators.yaml"):
        (root / name).unlink(missing_ok=True)
    groups = [yaml.safe_load(path.read_text()) for path in sorted((root / "controls").iterdir())]
    names = {
        f"{group['group']}.{control['id']}"
        for group in groups
        for control in group.get("controls", ())
        if control.get("status") != "unconfirmed"
    }
    requirements = ["always", *sorted(names)[:40]]
    holders = {group["field"] for group in groups if "field" in group}
    waiting = sorted(holders)
    each = count // (len(CODES) * len(TYPES))
    for number, (width, kind) in enumerate(((w, t) for w in CODES for t in TYPES), 1):
        lines = [f"table: B-{number}", f"title: {width} {kind}", f"width: {width}"]
        lines += [f"type: {kind}", "fields:"]
        for index in range(each):
            encoding = CODES[width] << 13 | TYPES[kind] << 10 | index << 1
            identity = waiting.pop() if waiting else f"field_{encoding:04x}"
            requires = "always" if identity in holders else requirements[index % 41]
            lines += [
                f"  - id: {identity}",
                f"    title: Field {encoding:04x}",
                f"    encoding: 0x{encoding:04x}",
                f"    requires: {requires}",
                "    sources: [sdm-2026-02]",
            ]
        (root / "fields" / f"b{number:02}.yaml").write_text("\n".join(lines) + "\n")
    return root
