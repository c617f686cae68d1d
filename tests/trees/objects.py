"""Object files: what they hold, what they lack, and stubs for what they lack."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import run

STUB_SIZE = 4096
"""Bytes of zeros behind each stub: larger than any variable that is read through one."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """Size and contents of an object file; sizes in bytes."""

    sha256: str
    sections: dict[str, int]
    symbols: dict[str, int]


def facts(path: Path) -> ObjectFacts:
    """Hash of the file, size of each section that is loaded, size of each symbol that has one."""
    sections: dict[str, int] = {}
    for line in run(["readelf", "--section-headers", "--wide", path]).splitlines():
        # [ 1] .text PROGBITS address offset size entry flags ...
        columns = line.partition("]")[2].split()
        if len(columns) > 9 and "A" in columns[6]:
            sections[columns[0]] = sections.get(columns[0], 0) + int(columns[4], 16)
    symbols: dict[str, int] = {}
    for line in run(["nm", "--print-size", path]).splitlines():
        columns = line.split()
        if len(columns) == 4:
            symbols[columns[3]] = int(columns[1], 16)
    return ObjectFacts(hashlib.sha256(path.read_bytes()).hexdigest(), sections, symbols)


def link_with_stubs(
    objects: Sequence[Path], program: Path, libraries: Sequence[str] = ("-static",)
) -> Path:
    """Link `objects` and stubs for all that neither they nor `libraries` define."""
    link = ["gcc", "-no-pie", "-z", "noexecstack", *map(str, objects)]
    source, stubs = (program.with_name(f"{program.name}.stubs.{suffix}") for suffix in "so")
    lacking = _unresolved([*link, *libraries])
    source.write_text(_stubs(lacking, lacking & _thread_local(objects)))
    run(["gcc", "-c", source, "-o", stubs])
    run([*link, stubs, *libraries, "-o", program])
    return program


def _unresolved(link: Sequence[str]) -> set[str]:
    """The symbols that this link lacks, asked of the linker itself, which knows its libraries."""
    lacking = subprocess.run(
        [*link, "-o", os.devnull, "-Wl,--warn-unresolved-symbols"],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if lacking.returncode:
        raise RuntimeError(lacking.stderr[-2000:])
    found = set(re.findall(r"undefined reference to `(\w+)'", lacking.stderr))
    return found - {"stubs", "stub_count", "stub_size"}


def _thread_local(objects: Sequence[Path]) -> set[str]:
    """The symbols that some object takes for thread-local variables."""
    rows = (line.split() for line in run(["readelf", "--syms", "--wide", *objects]).splitlines())
    return {row[7] for row in rows if len(row) == 8 and row[3] == "TLS"}


def _stubs(names: set[str], thread_local: set[str]) -> str:
    """Assembler source: zeros for each name, and the table that tells whose zeros they are."""

    def zeros(some: set[str]) -> list[str]:
        return [f".globl {name}\n{name}: .skip {STUB_SIZE}" for name in sorted(some)]

    callable_names = sorted(names - thread_local)
    blocks = [".bss", ".balign 64", *zeros(names - thread_local)]
    blocks += ['.section .tbss,"awT",@nobits', ".balign 64", *zeros(thread_local)]
    blocks += [".section .rodata", ".balign 8", ".globl stubs, stub_count, stub_size"]
    blocks += [f"stub_count: .quad {len(callable_names)}", f"stub_size: .quad {STUB_SIZE}"]
    blocks += ["stubs:"]
    blocks += [f".quad {name}, .Lname{number}" for number, name in enumerate(callable_names)]
    blocks += [f'.Lname{number}: .asciz "{name}"' for number, name in enumerate(callable_names)]
    return "\n".join([*blocks, '.section .note.GNU-stack,"",@progbits', ""])


def constants(
    names: Sequence[str],
    headers: Sequence[str],
    folder: Path,
    compile_file: Callable[[Path, Path], object],
) -> dict[str, int]:
    """The values that a tree's compiler gives `names`, which `headers` declare; unsigned 64 bits.

    `compile_file(source, output)` compiles as the tree does; `folder` takes what is made.
    """
    source, output, values = (folder / f"constants.{suffix}" for suffix in ("c", "o", "bin"))
    includes = "".join(f"#include {header}\n" for header in headers)
    array = "extern const unsigned long long constants[];\n"
    array += '__attribute__((section(".constants"), used))\n'
    array += "const unsigned long long constants[] = {\n"
    source.write_text(includes + array + "".join(f"\t{name},\n" for name in names) + "};\n")
    compile_file(source, output)
    run(["objcopy", "--output-target=binary", "--only-section=.constants", output, values])
    return dict(zip(names, struct.unpack(f"={len(names)}Q", values.read_bytes()), strict=True))
