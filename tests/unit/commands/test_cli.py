"""The command line: contracts of text and JSON, exit statuses, and what is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vmcsgen import Spec, __version__
from vmcsgen.catalog import find, make
from vmcsgen.cli import VERBS, main
from vmcsgen.commands.show import describe

HEAVY = {"jinja2", "jsonschema", "black", "yaml", "tree_sitter", "rich", "hypothesis"}
SLOW = HEAVY | {
    "argparse", "contextlib", "dataclasses", "typing", "hashlib", "pathlib", "inspect"
}  # fmt: skip
"""What no start needs that is answered from the cache."""

SETTLED = "from vmcsgen import states; states.SETTLED = -10**15"
"""Files that changed just now count as settled, as they are for everybody but a test."""


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_list_json_has_the_promised_shape(spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_json(capsys, "list")
    assert len(listed) == len(spec.fields)
    tsc = next(each for each in listed if each["id"] == "tsc_multiplier")
    assert tsc["names"].pop("linux") == "TSC_MULTIPLIER"
    assert {key: value for key, value in tsc.items() if key != "names"} == {
        "id": "tsc_multiplier",
        "title": "TSC multiplier",
        "encoding": 0x2032,
        "width": "64",
        "type": "control",
        "index": 25,
        "requires": "secondary.use_tsc_scaling",
        "status": "sdm",
        "sources": ["sdm-2026-02"],
    }


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        (["width=natural", "type=read-only"], 6),
        (["status=unconfirmed"], 4),
        (["encoding=0x2033"], 1),
        (["index=25", "width=64", "type=control"], 1),
        (["requires=secondary.use_tsc_scaling"], 1),
        (["project=xen"], 144),
        (["id=eoi_exit_bitmap"], 4),
        (["name=TSC_MULTIPLIER"], 1),
        (["table=b-5"], 4),
    ],
)
def test_where_selects(
    capsys: pytest.CaptureFixture[str], conditions: list[str], count: int
) -> None:
    arguments = [part for condition in conditions for part in ("--where", condition)]
    assert len(run_json(capsys, "list", *arguments)) == count


@pytest.mark.parametrize(
    "condition", ["width", "width=65", "colour=red", "encoding=x", "project=zen", "="]
)
def test_where_that_makes_no_sense_is_bad_input(
    capsys: pytest.CaptureFixture[str], condition: str
) -> None:
    assert main(["list", "--where", condition]) == 2
    assert "= help:" in capsys.readouterr().err


def test_list_that_finds_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--where", "id=nothing"]) == 1


def test_show_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "0x2033"]) == 0
    text = capsys.readouterr().out
    for expected in (
        "TSC multiplier (high 32 bits)",
        "0x2032, high half 0x2033",
        "01 0 00 000011001 1",
        "index 25",
        "“use TSC scaling”",
        "IA32_VMX_PROCBASED_CTLS2 (0x48b) bit 57",
        "IA32_VMX_PROCBASED_CTLS (0x482) bit 63",
        "Table B-4".removeprefix("Table "),
        "sdm-2026-02",
        "TSC_MULTIPLIER_HIGH",
        "VMCS_64BIT_CONTROL_TSC_MULTIPLIER_HI",
    ):
        assert expected in text, expected


def test_show_json_adds_to_list_json(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_json(capsys, "list", "--where", "encoding=0x2804")[0]
    shown = run_json(capsys, "show", "GUEST_IA32_PAT_HIGH")
    assert shown["high"] is True
    assert {key: shown[key] for key in listed} == listed
    assert {control["name"] for control in shown["controls"]} == {
        "entry.load_ia32_pat",
        "exit.save_ia32_pat",
    }


def test_every_field_can_be_described(spec: Spec) -> None:
    catalog = make(spec)
    for field in spec.fields:
        ((entry, high),) = find(catalog, field.id)
        text = describe(catalog, entry, high)
        assert text.startswith(field.title)
        assert spec.words(field.requires) in text


def test_catalog_finds_what_the_library_finds(spec: Spec) -> None:
    catalog = make(spec)
    texts = [*spec.by_text, "0x2033", "2032h", "8242", "0x3000", "no such field"]
    for text in texts:
        found = [(entry["id"], high) for entry, high in find(catalog, text)]
        assert found == [(match.field.id, match.high) for match in spec.find(text)]


@pytest.mark.parametrize(
    ("wanted", "hint"), [("tsc_multiplyer", "tsc_multiplier"), ("0x3000", "bit 12")]
)
def test_show_of_no_field(capsys: pytest.CaptureFixture[str], wanted: str, hint: str) -> None:
    assert main(["show", wanted]) == 2
    assert hint in capsys.readouterr().err


def test_show_never_sends_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "\x1b[31mtsc\x07"]) == 2
    error = capsys.readouterr().err
    assert "\x1b" not in error
    assert "\\x1b[31mtsc\\x07" in error


def test_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = run_json(capsys, "targets")
    assert {"c", "python", "linux", "qemu", "json", "csv", "markdown"} <= {
        each["target"] for each in listed
    }
    assert all(each["outputs"] for each in listed)


def test_validate_json(capsys: pytest.CaptureFixture[str], checkout: Path) -> None:
    result = run_json(capsys, "validate", str(checkout / "spec"))
    assert result["findings"] == []
    assert result["inspected"]["fields"] == 211


def test_validate_of_nothing_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path)]) == 2
    assert main(["validate", str(tmp_path / "gone")]) == 2


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    assert f"vmcsgen {verb}" in capsys.readouterr().out


def test_unknown_verb_and_bare_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["genn"]) == 2
    assert "did you mean 'gen'" in capsys.readouterr().err
    assert main([]) == 0
    assert "usage: vmcsgen VERB" in capsys.readouterr().out


def test_an_unforeseen_error_is_one_line_and_its_traceback_is_to_be_had(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError("no \x1b[31m index")

    monkeypatch.setattr("vmcsgen.commands.list.run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["list"])
    monkeypatch.delenv("VMCSGEN_TRACEBACK")
    assert main(["list"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("vmcsgen: internal error: ZeroDivisionError: no ")
    assert first.isprintable()
    assert second.startswith("This is a bug; VMCSGEN_TRACEBACK=1 shows where.")


def imported_by(*arguments: str, first: str = "pass") -> tuple[str, set[str]]:
    """Output of a run in a fresh interpreter, and the top-level modules it had imported.

    ``first`` is run before the program.
    """
    code = (
        f"import sys; {first}; from vmcsgen.cli import main; status = main(sys.argv[1:]);"
        "print('\\0' + ' '.join(sys.modules)); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    output, _, modules = done.stdout.partition("\0")
    return output, {module.partition(".")[0] for module in modules.split()}


def test_version_imports_next_to_nothing() -> None:
    output, modules = imported_by("--version")
    assert output == f"vmcsgen {__version__}\n"
    assert not modules & (SLOW | {"json"})


@pytest.mark.parametrize("arguments", [("show", "0x2032"), ("list",)])
def test_a_warm_start_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    imported_by(*arguments, first=SETTLED)
    _, modules = imported_by(*arguments, first=SETTLED)
    assert modules & SLOW == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("cpus",),
        ("targets",),
        ("completion", "bash"),
        ("caps", "tests/fixtures/dumps/rdmsr-i7-7700k.txt"),
        ("check", "out/c/vmcs.h"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_verb_that_was_run_before_imports_no_other_s_code(arguments: tuple[str, ...]) -> None:
    imported_by(*arguments)
    _, modules = imported_by(*arguments)
    assert not modules & HEAVY


def test_the_check_of_a_header_never_seen_imports_nothing_slow(
    tmp_path: Path, checkout: Path
) -> None:
    """Not argparse, hashlib and typing: together they take as long as starting Python."""
    text = (checkout / "out/linux/arch/x86/include/asm/vmx.h").read_text()
    for name in ("known.h", "new.h"):
        (tmp_path / name).write_text(text[text.index("enum") :])
    imported_by("check", str(tmp_path / "known.h"), first=SETTLED)
    output, modules = imported_by("check", str(tmp_path / "new.h"), first=SETTLED)
    assert "inspected 201 constants" in output
    assert modules & SLOW == {"tree_sitter"}


@pytest.mark.parametrize("verb", [["--version"], ["--help"], ["show", "0x2032"], ["cpus"]])
def test_an_output_that_takes_nothing(verb: list[str]) -> None:
    """Closed, it is no mistake; full, nothing was printed, and that is said without a traceback."""
    command = [sys.executable, "-m", "vmcsgen", *verb]
    for closing in ("1>&-", "2>&-", "1>&- 2>&-"):
        shell = ["sh", "-c", f'exec "$@" {closing}', "sh", *command]
        done = subprocess.run(shell, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "vmcsgen: not all could be written: No space left on device\n"


def test_a_closed_input_is_empty() -> None:
    for arguments in (["caps", "-"], ["annotate"]):
        command = [sys.executable, "-m", "vmcsgen", *arguments]
        shell = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
        done = subprocess.run(shell, check=False, capture_output=True, text=True)
        assert "internal error" not in done.stderr
        assert done.returncode == (2 if arguments == ["caps", "-"] else 0)


@pytest.mark.parametrize("check", [["--check"], ["--diff"], []], ids=" ".join)
def test_gen_with_nothing_to_do_imports_nothing_heavy(tmp_path: Path, check: list[str]) -> None:
    out = str(tmp_path / "out")
    imported_by("gen", "-t", "csv", "-o", out)
    reading, _ = imported_by("gen", "-t", "csv", "-o", out, *check, first=SETTLED)
    looking, modules = imported_by("gen", "-t", "csv", "-o", out, *check, first=SETTLED)
    assert reading == looking
    assert "current" in looking
    assert modules & SLOW == set()


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m vmcsgen list | head -1",
        shell=True, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("0x0000")
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "tests/golden/check/VMCS101/vmx.h"],
        ["diff", "i7-4770r", "i9-12900k"],
        ["gen", "--check", "-t", "c", "-o", "nowhere"],
        ["validate", "nowhere"],
        ["shwo"],
        ["gen", "-t", "nothing"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_nobody_could_be_told_is_no_pass(arguments: list[str]) -> None:
    """Neither 0, nor 1 where an error has 2."""
    command = [sys.executable, "-m", "vmcsgen", *arguments]
    plain = subprocess.run(command, check=False, capture_output=True).returncode
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as gone, open("/dev/full", "w") as full:
        done = subprocess.run(command, check=False, stdout=gone, stderr=gone)
        assert done.returncode in (141, 2)
        done = subprocess.run(command, check=False, stdout=gone, stderr=subprocess.PIPE)
        assert done.returncode == (141 if plain == 1 else 2)
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=full)
        assert done.returncode in (plain, 2)


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    code = "import os, sys; os.mkdir('d'); os.chdir('d'); os.rmdir('../d'); "
    code += "from vmcsgen.cli import main; sys.exit(main(sys.argv[1:]))"
    for arguments in (["check", "."], ["gen", "-t", "c"], ["show", "0x2032"]):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
        assert "internal error" not in done.stderr
        assert done.returncode == (0 if arguments[0] == "show" else 2)


def test_a_dependency_that_is_not_there_is_named_with_what_brings_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "black", None)
    assert main(["gen", "-t", "python", "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "vmcsgen: black is not installed; bring it by one of",
        "  pip install black",
        "  apt-get install black",
    ]
