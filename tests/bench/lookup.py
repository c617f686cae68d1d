"""The generated C look-up, KVM's own and a sorted array: instructions per call, bytes of tables."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.measure import CHECKOUT, Section, Table

HERE = Path(__file__).parent

KINDS = {
    "a field that exists": 0x6820,
    "a hole between fields": 0x2046,
    "an index beyond all fields": 0x2060,
    "more than 15 bits": 1 << 20,
}
"""Kinds of encodings, with one of each."""

KVM_HOLE, KVM_BEYOND = 0x200C, 0x2052
"""Where KVM's table, of fewer fields, has a hole and ends."""

METHODS = {
    "generated": "vmcs.h, as generated",
    "binary": "a sorted array, binary search",
    "library": "a sorted array, bsearch() of libc",
}


def table_bytes(folder: Path) -> dict[str, int]:
    """The bytes of the tables that each method's object holds; ``folder`` takes what is made."""
    build(folder)
    listed = _run("nm", "--print-size", str(folder / "lookup.o"))
    sizes = {name: int(size, 16) for size, name in re.findall(r"^\S+ (\S+) r (\S+)$", listed, re.M)}
    own = sum(size for name, size in sizes.items() if name.startswith(("classes", "groups")))
    return {"generated": own, "binary": sizes["sorted"], "library": sizes["sorted"]}


def build(folder: Path) -> Path:
    """The program of lookup.c in ``folder``."""
    header = CHECKOUT / "out/c"
    (folder / "sorted.h").write_text(_sorted())
    flags = ("-std=c11", "-O2", "-g", f"-I{header}", f"-I{folder}")
    _run("gcc", *flags, "-c", str(HERE / "lookup.c"), "-o", str(folder / "lookup.o"))
    _run("gcc", str(folder / "lookup.o"), "-o", str(folder / "lookup"))
    return folder / "lookup"


def _sorted() -> str:
    """The sorted array as a C header: every encoding with the group of its field."""
    fields = runpy.run_path(str(CHECKOUT / "out/python/vmcs.py"))["FIELDS"]
    rows = sorted(
        (int(encoding), field.group)
        for field in fields
        for encoding in (field.encoding, field.high_encoding)
        if encoding is not None
    )
    lines = "".join(f"\t{{ {encoding:#06x}, {group} }},\n" for encoding, group in rows)
    return (
        f"static const struct row {{\n\tuint16_t encoding, group;\n}} sorted[] = {{\n{lines}}};\n"
    )


def answers(program: Path, method: str, encodings: Iterable[int]) -> list[bool]:
    """What a method says of each encoding, where all groups of fields exist."""
    said = _run(str(program), method, "1", *map(str, encodings))
    return [line == "1" for line in said.split()]


def instructions(program: Path, method: str, encoding: int, rounds: int = 500) -> float:
    """Instructions of one call, as callgrind counts them, what it calls included."""
    low, high = (_collected(program, method, encoding, each) for each in (rounds, 2 * rounds))
    return (high - low) / rounds


def _collected(program: Path, method: str, encoding: int, rounds: int) -> int:
    output = program.with_name("callgrind.out")
    tool = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={output}")
    _run(*tool, f"--toggle-collect={method}", str(program), method, str(rounds), str(encoding))
    found = re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("callgrind counted nothing")
    return int(found[1])


def bench_lookup() -> Section:
    """Instructions per look-up and bytes of tables, beside what else could be done."""
    missing = [tool for tool in ("gcc", "valgrind") if shutil.which(tool) is None]
    if missing:
        return Section(TITLE, (f"Not measured: {', '.join(missing)} is missing.",), {})
    with tempfile.TemporaryDirectory(prefix="vmcsgen-bench-") as name:
        folder = Path(name)
        sizes = table_bytes(folder)
        program = folder / "lookup"
        rows = [
            (
                title,
                f"{sizes[method]:,}",
                *_counts(lambda each, m=method: instructions(program, m, each)),
            )
            for method, title in METHODS.items()
        ]
        rows += _kvm_rows(folder / "kvm")
    for row in rows:
        print("  ".join((f"{row[0]:<44}", *(f"{cell:>8}" for cell in row[1:]))), flush=True)
    compiler = _run("gcc", "-dumpfullversion").strip()
    text = (
        "Does a field with this encoding exist for this vCPU? Instructions of one call that is "
        f"not inlined, as callgrind counts them (gcc {compiler}, -O2), and bytes of the tables it "
        "reads. The sorted array has a row for each encoding, with its field's group. KVM's rows "
        "are its own objects, in user space: its look-up finds a place in struct vmcs12, of the "
        "fields that KVM emulates, and knows nothing of the vCPU (docs/in-a-kernel-tree.md has "
        "the same for the patched KVM)."
    )
    heads = ("look-up", "bytes", *KINDS)
    return Section(TITLE, (text, Table("Instructions per call", heads, tuple(rows))), {})


TITLE = "The generated C look-up"


def _counts(count: Callable[[int], float], **other: int) -> tuple[str, ...]:
    return tuple(f"{count(other.get(kind.split()[1], each)):.0f}" for kind, each in KINDS.items())


def _kvm_rows(folder: Path) -> list[tuple[str, ...]]:
    """The rows of KVM's own code, for each kernel that tests/trees has prepared or can prepare."""
    from trees import kernel, kvm, objects
    from trees.cache import Unavailable
    from trees.debian_sources import KERNEL_SERIES

    rows = []
    for series in KERNEL_SERIES:
        title = f"KVM of Linux {series}"
        try:
            build = kernel.prepared(series, "x86_64")
            title = f"KVM of Linux {build.origin.upstream}"
            client = kvm.link(build, folder / series)
        except Unavailable as why:
            rows.append((title, f"not measured: {why}"))
            continue
        symbols = objects.facts(build.folder / kernel.VMX / "vmcs12.o").symbols
        size = symbols["vmcs12_field_offsets"]
        counts = _counts(
            lambda each, asked=client: asked.instructions(kvm.ALL, each),
            hole=KVM_HOLE,
            index=KVM_BEYOND,
        )
        rows.append((title, f"{size:,}", *counts))
    return rows


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
