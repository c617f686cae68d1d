"""What a file may cost: memory, and elements of one table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.scan import lexicon, syntax, tables
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher


@pytest.mark.parametrize(
    ("name", "head", "unit"), [("a.c", "int a[] = {", b"1,"), ("a.rs", "fn f() {", b"!")]
)
def test_a_file_of_nothing_but_tokens(name: str, head: str, unit: bytes, tmp_path: Path) -> None:
    """Its tree would take up to 400 times its bytes."""
    (tmp_path / name).write_bytes(b"// vmcs\n" + head.encode() + unit * (3_000_000 // len(unit)))
    code = (
        "import resource, sys; from vmcsgen.scan import syntax; syntax.SECONDS = 1000;"
        "from vmcsgen.cli import main; status = main(['check', sys.argv[1]]);"
        "print(status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / name)], check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert "MiB to parse [VMCS902]" in done.stdout
    status, kibibytes = done.stdout.splitlines()[-1].split()
    assert status == "2"
    assert int(kibibytes) < 512 << 10


NOTHING = "#define A0 ##\n" + "".join(f"#define A{n} A{n - 1} A{n - 1}\n" for n in range(1, 41))


def deep(scope: str, constant: str) -> str:
    """Many constants in scopes within scopes: each must be told all that is around it."""
    return "\n".join([*[scope] * 150, *(constant % n for n in range(49_000)), *["}"] * 150])


ONES = f"#define B {'+'.join(['1'] * 2000)}\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing.h", f"{NOTHING}enum vmcs_field {{ GUEST_RIP = A40 0x681e }};\n"),
        ("long.h", f"{ONES}enum vmcs {{ {', '.join(f'E{n} = B' for n in range(20_000))} }};\n"),
        ("blanks.h", f"/* vmcs & */ int idx = (((y)>>1{' ' * 300_000};\n"),
        ("lines.h", f"#define GUEST_RIP 0x681e /* vmcs */\n#define {'_' * 1_000_000} 1\n"
         "#define GUEST_RSP 0x681c\n#define GUEST_CR0 0x6800\n"),
        ("deep.cpp", deep("namespace n {", "constexpr int VMCS_%d = 0x6800;")),
        ("deep.rs", deep("mod n {", "const VMCS_%d: u32 = 0x6800;")),
    ],
)  # fmt: skip
def test_text_that_took_minutes(name: str, text: str, tmp_path: Path) -> None:
    """Or had no end; the bound is for that, and far above what it takes."""
    (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "vmcsgen", "check", "--quiet", str(tmp_path / name)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 2)
    assert "internal error" not in done.stderr


def test_numbers_that_python_does_not_print(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["GUEST_RIP = 0x681e", "GUEST_RSP = 0x681c", f"GUEST_CR3 = 0x{'f' * 5000}"]
    text = "\n    ".join(["class Vmcs:", *lines, "GUEST_CR0 = 0x6800"])
    (tmp_path / "huge.py").write_text(f"{text}\n")
    for form in ("text", "json", "sarif"):
        assert main(["check", "--format", form, str(tmp_path)]) == 0
    assert "internal error" not in capsys.readouterr().err


@pytest.mark.parametrize("step", ["a0 + a0", "a0 * a0", "a0 << 63", "a0 - -a0", "~a0 * 4"])
def test_numbers_of_python_stop_growing(step: str) -> None:
    """Python itself refuses to print one of more than 4,300 digits."""
    names = ["GUEST_RIP = 0x681e", "GUEST_RSP = 0x681c", "GUEST_CR0 = 0x6800", "a0 = 3"]
    lines = (f"a{n} = {step.replace('a0', f'a{n - 1}')}" for n in range(1, 2000))
    text = "\n".join([*names, *lines, "GUEST_CR3 = 0x6800"])
    report = inspect("vmcs.py", text.encode(), Matcher(lexicon.load()))
    assert [each.name for each in report.findings] == ["GUEST_CR3"]


def test_json_ends_at_so_many_values_however_long_they_are() -> None:
    matcher = Matcher(lexicon.load())
    few = b'[["vmcs", 1]]'.ljust(5 << 20)
    many = b'["vmcs"' + b",1" * (tables.VALUES_LIMIT - 3) + b"]"
    assert inspect("a.json", few, matcher).findings == ()
    assert inspect("a.json", many, matcher).findings == ()
    many = many.replace(b"]", b",1]")
    (large,) = inspect("a.json", many, matcher).findings
    assert large.message == "not inspected: no valid json: it has more than 500,000 values"


def test_what_names_nothing_is_no_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmcsgen.scan.constants.CONSTANTS_LIMIT", 3)
    text = '{"vmcs": [1, 2, 3, 4], "b": [[1], [2], [3], [4]], "c": {"d": [], "e": [], "f": []}}'
    assert inspect("a.json", text.encode(), Matcher(lexicon.load())).findings == ()


def test_lists_end_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmcsgen.scan.inspect.LISTS_LIMIT", 2)
    enums = "".join(f"enum vmcs{n} {{ GUEST_RIP = 0x681e }};\n" for n in range(3))
    report = inspect("a.h", enums.encode(), Matcher(lexicon.load()))
    assert len(report.lists) == 2
    assert [each.message for each in report.findings] == [
        "not inspected to the end: more than 2 lists"
    ]


_NAMED = ("GUEST_RIP", 0x681E), ("GUEST_RSP", 0x681C), ("GUEST_CR0", 0x6800), ("GUEST_CR3", 0x6800)
"""Four constants; only the last is wrong."""


@pytest.mark.parametrize(
    ("name", "form", "between", "around"),
    [
        ("defines.h", "#define %s %#x", "\n", "@\n"),
        ("enum.h", "%s = %#x", ", ", "enum vmcs { @ };\n"),
        ("table.c", "{ %s, %#x }", ", ", "struct vmcs t[] = { @ };\n"),
        ("rows.def", "X(%s, %#x)", "\n", "/* vmcs */\n@\n"),
        ("vmcs.rs", "pub const %s: u32 = %#x;", "\n", "@\n"),
        ("functions.rs", "const %s: u32 = %#x;", "", "fn f() { const A: u32 = 1; } fn g() {@}\n"),
        ("variants.rs", "%s = %#x", ", ", "enum Vmcs { @ }\n"),
        ("table.rs", '("%s", %#x)', ", ", "const V: &[(&str, u32)] = &[@];\n"),
        ("macro.rs", "%s = %#x", ", ", "vmcs! { @ }\n"),
        ("vmcs.py", "%s = %#x", "\n", "@\n"),
        ("typed.py", "%s: int = %#x", "\n", "@\n"),
        ("dict.py", '"%s": %#x', ", ", "VMCS = {@}\n"),
        ("pairs.py", '("%s", %#x)', ", ", "VMCS = [@]\n"),
        ("vmcs.S", ".equ %s, %#x", "\n", "@\n"),
        ("vmcs.yaml", "  %s: %#x", "\n", "vmcs:\n@\n"),
        ("records.yaml", "- {name: %s, value: %#x}", "\n", "vmcs:\n@\n"),
    ],
)
def test_constants_end_at_the_limit_and_that_is_said(
    name: str, form: str, between: str, around: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = around.replace("@", between.join(form % each for each in _NAMED))

    def found(limit: int) -> list[str]:
        monkeypatch.setattr("vmcsgen.scan.constants.CONSTANTS_LIMIT", limit)
        return [e.message for e in inspect(name, text.encode(), Matcher(lexicon.load())).findings]

    (wrong,) = found(5)
    assert "GUEST_CR3" in wrong
    assert found(3) == ["not inspected to the end: more than 3 constants"]


def test_nodes_below_the_depth_limit_are_not_searched() -> None:
    depth = syntax._DEPTH_LIMIT
    content = b"int a = " + b"(" * depth + b"/* deep */ 1" + b")" * depth + b"; /* flat */"
    root = syntax.parse(syntax.language("c"), content)
    found = syntax.collect(root, {"comment": "comment", "number_literal": "number"})
    assert [node.text for node in found["comment"]] == [b"/* flat */"]
    assert found["number"] == []
