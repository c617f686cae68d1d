"""Target qemu without its tree: the ladder as C, run against brute force over the fields."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from compilers import generate

import vmcsgen
from needs import need
from vmcsgen.core.requirement import ALWAYS, terms

HEADER = "target/i386/kvm/vmx-vmcs-enum.h"

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


def places(spec: vmcsgen.Spec) -> dict[str, tuple[str, int]]:
    """QEMU's word and bit of everything that the ladder can ask for."""
    project = spec.project_by_id["qemu"]
    found: dict[str, tuple[str, int]] = {}
    for rung in vmcsgen.ladder(spec):
        for name in {name for term in rung.alternatives for name in spec.closure(term)}:
            word = project.words.get(name.partition(".")[0])
            if name in spec.feature_by_name and "word" in project.controls.get(name, {}):
                bit = spec.feature_by_name[name].bit
                found[name] = (project.controls[name]["word"], bit)
            elif word is not None and not word.planned:
                found[name] = (word.name, spec.controls[name].bit)
    return dict(sorted(found.items()))


def cpu_h(spec: vmcsgen.Spec) -> str:
    """What target/i386/cpu.h has of all this, in QEMU's version of the spec."""
    project = spec.project_by_id["qemu"]
    bits = {name: control.bit for name, control in spec.controls.items()}
    bits |= {feature.name: feature.bit for feature in spec.features}
    words = {word.name for word in project.words.values() if not word.planned}
    words |= {called["word"] for called in project.controls.values() if "word" in called}
    macros = {
        called["macro"]: bits[name]
        for name, called in project.controls.items()
        if "macro" in called
    }
    lines = ["#include <stdint.h>", f"enum {{ {', '.join(sorted(words))}, FEATURE_WORDS }};"]
    lines += [f"#define {macro} (1ull << {bit})" for macro, bit in macros.items()]
    lines += ["typedef uint64_t FeatureWordArray[FEATURE_WORDS];", ""]
    return "\n".join(lines)


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
