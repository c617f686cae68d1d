"""Target qemu without its tree: the ladder as C, run against brute force over the fields."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from compilers import generate
from qemu_cpu import HEADER, cpu_h, places

import vmcsgen
from needs import need
from vmcsgen.core.requirement import ALWAYS, terms

PROGRAM = """
#include <inttypes.h>
#include <stdio.h>
#include "vmx-vmcs-enum.h"

/* Which word and bit each of the first bits of a combination is. */
static const struct { int word, bit; } places[] = { %s };

int main(void)
{
    for (uint32_t mask = 0; mask < 1u << %d; mask++) {
        FeatureWordArray f = { 0 };

        for (int i = 0; i < %d; i++) {
            f[places[i].word] |= (uint64_t)(mask >> i & 1) << places[i].bit;
        }
        printf("%%" PRIx64 "\\n", vmx_vmcs_enum(f));
    }
    return 0;
}
"""


def brute_force(spec: vmcsgen.Spec, names: list[str]) -> list[int]:
    """The VMCS_ENUM of every combination, from the fields alone."""
    bits = {name: 1 << number for number, name in enumerate(names)}
    needed = sorted(
        (
            (field.index << 1, sum(bits[name] for name in spec.closure(term)))
            for field in spec.confirmed
            for term in terms(field.requires or ALWAYS)
            if spec.closure(term) <= bits.keys()
        ),
        reverse=True,
    )
    highest = {mask: value for value, mask in reversed(needed)}
    ordered = sorted(highest.items(), key=lambda item: -item[1])
    return [
        next(value for mask, value in ordered if each & mask == mask)
        for each in range(1 << len(names))
    ]


@pytest.mark.parametrize("compiler_name", ["gcc", "clang"])
def test_every_combination_of_the_ladders_controls(
    spec: vmcsgen.Spec, tmp_path: Path, compiler_name: str
) -> None:
    folder = generate(spec, "qemu", tmp_path / "qemu")
    (tmp_path / "cpu.h").write_text(cpu_h(spec))
    found = places(spec)
    rows = ", ".join(f"{{ {word}, {bit} }}" for word, bit in found.values())
    (tmp_path / "run.c").write_text(PROGRAM % (rows, len(found), len(found)))
    program = tmp_path / "run"
    done = subprocess.run(
        [need(compiler_name, compiler_name), "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror",
         f"-I{tmp_path}", f"-I{(folder / HEADER).parent}", tmp_path / "run.c", "-o", program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = subprocess.run([program], capture_output=True, text=True, check=True)
    values = [int(line, 16) for line in answers.stdout.split()]
    assert len(found) >= 12
    assert values == brute_force(spec, list(found))
    assert len(set(values)) >= 11


def test_lines_are_under_80_columns(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    text = (generate(spec, "qemu", tmp_path) / HEADER).read_text()
    body = text.partition("*/\n */")[2] or text.partition(" */\n\n")[2]
    assert body.count("\n") > 50
    assert max(len(line) for line in body.splitlines()) < 80
