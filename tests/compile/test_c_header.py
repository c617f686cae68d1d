"""vmcs.h compiles everywhere without a word, needs no library, and its self-test can fail."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
from compilers import Compiler, generate

import vmcsgen
from needs import need

C = ("c99", "c11", "c17", "c2x", "gnu99", "gnu11", "gnu17", "gnu2x")
CXX = ("c++17", "c++20", "c++2b", "gnu++17", "gnu++20")

USER = """
#include "vmcs.h"
#include "vmcs.h"

uint64_t mask_of(void *, uint64_t (*)(void *, uint32_t));
uint64_t mask_of(void *context, uint64_t (*read)(void *, uint32_t))
{
	struct vmx_caps caps;

	vmx_caps_read(&caps, read, context);
	caps.cpuid_fred = caps.cpuid_apx = false;
	return vmcs_feature_mask(&caps);
}

bool set(struct vmx_caps *, uint32_t);
bool set(struct vmx_caps *caps, uint32_t msr) { return vmx_caps_set(caps, msr, 1); }

bool exists(uint64_t, uint32_t);
bool exists(uint64_t mask, uint32_t encoding) { return vmcs_field_exists(mask, encoding); }

bool scaling(uint64_t);
bool scaling(uint64_t mask) { return vmcs_field_exists(mask, VMCS_TSC_MULTIPLIER); }

uint64_t raw(uint64_t);
uint64_t raw(uint64_t mask) { return vmcs_enum(mask); }

const char *name(uint32_t);
const char *name(uint32_t encoding)
{
	const struct vmcs_table_entry *field = vmcs_field_find(encoding);

	return field ? vmcs_field_name(field) : NULL;
}
"""


@pytest.fixture(scope="session")
def user(c_folder: Path) -> Path:
    """A file that uses every function of the header, and includes it twice."""
    path = c_folder / "user.c"
    path.write_text(USER)
    return path


@pytest.mark.parametrize("standard", C + CXX)
def test_compiles_without_a_warning(compiler: Compiler, standard: str, user: Path) -> None:
    done = compiler.run(
        standard, "-fsyntax-only", user, user.parent / "vmcs.h", user.parent / "vmcs-selftest.c"
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("machine", "optimize"), [("-m64", "-O0"), ("-m64", "-O2"), ("-m32", "-Os")]
)
def test_needs_no_library(
    compiler: Compiler, machine: str, optimize: str, user: Path, tmp_path: Path
) -> None:
    made = tmp_path / "user.o"
    flags = ("-ffreestanding", "-fno-pie", machine, optimize)
    done = compiler.run("c99", *flags, "-c", user, "-o", made)
    assert (done.returncode, done.stderr) == (0, "")
    undefined = subprocess.run(
        [need("nm", "binutils"), "-u", made], capture_output=True, text=True, check=True
    )
    assert undefined.stdout == ""


def test_an_old_style_cast_is_nowhere(compiler: Compiler, user: Path) -> None:
    done = compiler.run("c++17", "-Wold-style-cast", "-fsyntax-only", user)
    assert (done.returncode, done.stderr) == (0, "")


def test_existence_of_a_constant_field_is_one_bit_test(compiler: Compiler, user: Path) -> None:
    """No call, no branch, no load: a mask in, a bit out."""
    done = compiler.run("c11", "-m64", "-O2", "-S", "-o", "-", user)
    assert done.returncode == 0, done.stderr
    body = re.search(r"^scaling:[^\n]*\n(.*?)^\s*ret", done.stdout, re.MULTILINE | re.DOTALL)
    assert body is not None
    instructions = [line.split()[0] for line in body[1].splitlines() if re.match(r"\t[a-z]", line)]
    assert 1 <= len(instructions) <= 4
    assert set(instructions) <= {"endbr64", "mov", "movq", "movl", "shr", "shrq", "shrl", "and",
                                 "andl", "bt", "btq", "btl", "setc", "setb"}  # fmt: skip


@pytest.mark.parametrize("standard", ["c99", "c++17"])
def test_self_test_passes(
    compiler: Compiler, standard: str, c_folder: Path, tmp_path: Path
) -> None:
    program = compiler.build(c_folder / "vmcs-selftest.c", tmp_path / "selftest", standard)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counted = re.fullmatch(r"(\d+) checks, 0 failed\n", done.stdout)
    assert counted is not None
    assert int(counted[1]) > 100_000


MUTATIONS = {
    "constant": (r"(VMCS_TSC_MULTIPLIER) = 0x2032", r"\1 = 0x2034"),
    "constant of a field that no rung rests on": (r"(VMCS_GUEST_RIP) = 0x\w+", r"\1 = 0x6830"),
    "high half": (r"(VMCS_TSC_MULTIPLIER_HIGH) = 0x2033", r"\1 = 0x2035"),
    "index bits": (r"(encoding\) >> 1 & )0x1ffU", r"\g<1>0xffU"),
    "highest index": (r"(VMCS_MAX_INDEX) (\d+)U", r"\1 7U"),
    "a project's highest index": (r"(VMCS_MAX_INDEX_LINUX) (\d+)U", r"\1 3U"),
    "a project's VMCS_ENUM": (r"(VMCS_ENUM_MAX_LINUX) 0x\w+U", r"\1 0x44U"),
    "rung": (r"(return )25;", r"\g<1>24;"),
    "group of a cell": (r"(/\* 16-bit control \*/\s+)1, 2,", r"\1 2, 1,"),
    "hole": (r"VMCS_GROUP_NONE, VMCS_GROUP_NONE", r"0, VMCS_GROUP_NONE"),
    "row of a cell": (r"(/\* 64-bit read-only data \*/\n\s+6)3, 64", r"\g<1>4, 63"),
    "first cell of a class": (r"\{ 24, (\d+) \}", r"{ 25, \1 }"),
    "reserved bits": (r"0xffff9000U", "0xffff8000U"),
    "group of a table entry": (r"(\{ 0x2032, \d+, 1, 0, )\d+", r"\1 3"),
    "name": (r'\t"tsc_multiplier', r'\t"tsc_multiplieR'),
    "unread MSR": (r"(caps->ia32_vmx_vmfunc) = read\(.*?\)", r"\1 = 0"),
    "MSR read where there is none": (r"if \(\(vmx_allowed_primary.*0x20000\) != 0\)", "if (true)"),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_self_test_finds(mutation: str, c_folder: Path, tmp_path: Path) -> None:
    """A wrong number does not compile, or does not pass the self-test."""
    gcc = Compiler("gcc")
    before = (c_folder / "vmcs.h").read_text()
    after, changed = re.subn(*MUTATIONS[mutation], before, count=1)
    assert changed == 1
    assert after != before
    (tmp_path / "vmcs.h").write_text(after)
    (tmp_path / "test.c").write_text((c_folder / "vmcs-selftest.c").read_text())
    done = gcc.run("c11", tmp_path / "test.c", "-o", tmp_path / "test")
    if done.returncode == 0:
        done = subprocess.run([tmp_path / "test"], capture_output=True, text=True, check=False)
        assert "FAILED" in done.stderr
    else:
        assert "static assertion failed" in done.stderr
    assert done.returncode == 1


HOSTILE = 'x */ # "y" \\ %s {{ z }} /* """'


def test_no_text_of_a_spec_becomes_code(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    """Titles are any printable text; they end neither a comment nor a string."""
    replace = dataclasses.replace
    hostile = replace(
        spec,
        fields=tuple(replace(each, title=f"{each.id} {HOSTILE}") for each in spec.fields),
        groups=tuple(
            replace(
                group,
                title=HOSTILE,
                controls=tuple(replace(each, title=HOSTILE) for each in group.controls),
            )
            for group in spec.groups
        ),
        features=tuple(replace(each, title=HOSTILE) for each in spec.features),
        projects=tuple(replace(each, title=HOSTILE) for each in spec.projects),
        tables=dict.fromkeys(spec.tables, HOSTILE),
    )
    folder = generate(hostile, "c", tmp_path)
    done = Compiler("gcc").run(
        "c11", "-fsyntax-only", folder / "vmcs.h", folder / "vmcs-selftest.c"
    )
    assert (done.returncode, done.stderr) == (0, "")
