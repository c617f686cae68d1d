"""Files that nobody would write: any bytes end in a report, in bounded time, without a crash."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vmcsgen.cli import main
from vmcsgen.scan import lexicon
from vmcsgen.scan.check import Options, check
from vmcsgen.scan.files import SIZE_LIMIT
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher

NAMES = ["a.h", "a.c", "a.cpp", "a.rs", "a.py", "a.S", "a.asm", "a.yaml", "a.json", "a.inc"]
RIGHT = b"/* VMCS */\nenum vmcs_field { GUEST_RIP = 0x681e, GUEST_RSP = 0x681c };\n"
PIECES = [
    b'vmcs', b'enum ', b'{', b'}', b'(', b')', b'[', b']', b'0x681e', b'GUEST_RIP', b'=', b',',
    b'\n', b'#define ', b'#if 0\n', b'#else\n', b'#endif\n', b'/*', b'*/', b'//', b'\\\n', b'"',
    b"'", b'<<', b'const ', b'pub ', b'mod ', b': u32', b'.equ ', b'- ', b': ', b'&a ', b'*a',
    b'\x00', b'\xff', b'\x1b', b'case MSR_IA32_VMX_VMCS_ENUM:', b'index & 0x1f',
    b'vmcsgen begin: qemu/hvf-fields', b'\r\n', b'##',
]  # fmt: skip

matcher = Matcher(lexicon.load())
patient = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(st.sampled_from(NAMES), st.binary(max_size=2000))
def test_any_bytes(name: str, content: bytes) -> None:
    inspect(name, content, matcher)


@patient
@given(st.sampled_from(NAMES), st.lists(st.sampled_from(PIECES), max_size=80))
def test_any_sequence_of_pieces(name: str, pieces: list[bytes]) -> None:
    inspect(name, b"".join(pieces), matcher)


@pytest.mark.parametrize("name", NAMES)
def test_broken_copies_of_right_files(name: str, checkout: Path) -> None:
    cases = checkout / "tests" / "golden" / "check"
    sources = [path.read_bytes() for path in sorted(cases.rglob("*.[chsrp]*"))]
    random = Random(name)
    for _ in range(150):
        content = bytearray(random.choice(sources))
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(content))
            content[at : at + random.randrange(20)] = random.choice(PIECES)
        inspect(name, bytes(content), matcher)


HOSTILE = {
    "parentheses.h": b"/*vmcs*/#define A " + b"(" * 100_000 + b"1" + b")" * 100_000,
    "braces.h": b"/*vmcs*/int a = " + b"{" * 100_000 + b"1" + b"}" * 100_000,
    "ifs.h": b"/*vmcs*/\n" + b"#if 1\n" * 50_000 + RIGHT,
    "line.h": b"/*vmcs*/" + b"#define X 0x681e ; " * 100_000,
    "bomb.h": b"".join(b"#define M%d M%d+M%d\n" % (n, n + 1, n + 1) for n in range(500)) + RIGHT,
    "many.h": b"".join(b"#define VMCS_GUEST_RIP%d 0x681e\n" % n for n in range(20_000)),
    "noise.h": Random(1).randbytes(100_000) + b"vmcs",
    "minus.py": b"# vmcs\nx = " + b"-" * 50_000 + b"1\n",
    "attributes.py": b"# vmcs\nx = a" + b"\\\n.b" * 20_000 + b"\n",
    "lambda.py": b"# vmcs\nx = " + b"lambda: " * 5_000 + b"1\n",
    "sum.py": b"# vmcs\nx = (\n" + b"1+\n" * 20_000 + b"1)\n",
    "deep.yaml": b"# vmcs\n" + b"[" * 50_000,
    "deep.json": b'{"vmcs":' + b"[" * 50_000,
    "deep.rs": b"// vmcs\nconst A: u32 = " + b"(" * 50_000 + b"1" + b")" * 50_000 + b";",
    "large.h": RIGHT + b"x" * SIZE_LIMIT,
    "empty.h": b"",
    "strangers.h": b"/*vmcs*/"
    + b"".join(b"#define VMCS_STRANGER_%d_OF_%d 0x%x\n" % (n, n * 7, n) for n in range(20_000)),
    "bits.c": b"/*vmcs*/\n" + b"cap->x_supported_bits |= A;\n" * 100_000,
    "masks.c": b"int vmcs_width_type(int index) {\n" + b"x = index & 0x1f;\n" * 100_000 + b"}",
    "rungs.c": b"/*vmcs*/ void f(void) {\n"
    + b"if (a & B) { msr(MSR_IA32_VMX_VMCS_ENUM, 0x52); } else \n" * 2_000
    + b"{}}",
    "rows.h": b"/*vmcs*/" + b"X(GUEST_RIP, 0x681e)\n" * 100_000,
    "large.py": b"# vmcs\n" + b"GUEST_RIP = 0x681e\n" * 120_000,
}

SECONDS = 15.0
"""Processor time that a hostile file may take: five seconds, with room for a busy machine."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(HOSTILE[name])
    started = process_time()
    assert main(["check", name]) in (0, 1, 2)
    assert process_time() - started < SECONDS
    printed = capsys.readouterr()
    assert "internal error" not in printed.err
    assert "inspected" in printed.out


def test_a_tree_of_traps(tmp_path: Path) -> None:
    (tmp_path / "right.h").write_bytes(RIGHT)
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "nowhere.h").symlink_to("/nonexistent/file.h")
    (tmp_path / "again.h").symlink_to("right.h")
    os.mkfifo(tmp_path / "fifo.h")
    result = check([str(tmp_path)], Options(cache=False))
    assert [report.path for report in result.reports] == [str(tmp_path / "right.h")]


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "right.h").write_bytes(RIGHT)
    circle = tmp_path / "circle.h"
    circle.symlink_to(circle)  # no user can open this, root included
    result = check([str(tmp_path / "right.h"), str(circle)], Options(cache=False))
    assert [(each.path, each.rule) for each in result.findings] == [(str(circle), "VMCS902")]
