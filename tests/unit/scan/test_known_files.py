"""What a check of folders keeps of files, and that it says the same with it as without."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from checked_again import LONG_AGO, RIGHT, WRONG, said, write

from vmcsgen import states
from vmcsgen.cache import read_entry, write_entry
from vmcsgen.scan import check as module
from vmcsgen.scan import files
from vmcsgen.scan.check import Options, check


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without files, and nothing kept of any tree."""
    for each in Path(os.environ["VMCSGEN_CACHE"]).glob("check-*"):
        each.unlink()
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    return tmp_path / "tree"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read since, in their order."""
    found: list[str] = []
    read = files.read

    def noted(path: str) -> tuple[bytes, bool]:
        found.append(path)
        return read(path)

    monkeypatch.setattr(module, "read", noted)
    return found


def kept() -> tuple[str, Any]:
    """The name of the only entry about a tree, and what it holds."""
    (entry,) = Path(os.environ["VMCSGEN_CACHE"]).glob("check-*")
    return entry.name, read_entry(entry.name)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_second_run_says_the_same_of_files_of_every_kind(
    form: str, capsys: pytest.CaptureFixture[str], reads: list[str]
) -> None:
    write("b.h", WRONG)
    write("c.h", RIGHT)
    write("a.h", WRONG)
    write("d.h", "int nothing_of_the_vmcs;\n")
    write("e.h", "/* of the VMCS, and no constant */\n")
    first = said(capsys, ".", "--format", form)
    assert sorted(reads) == ["a.h", "b.h", "c.h", "d.h", "e.h"]
    reads.clear()
    assert said(capsys, ".", "--format", form) == first
    assert reads == []
    if form == "json":
        report = json.loads(first[1])
        assert report["inspected"]["walked"] == 5
        assert [each["path"] for each in report["lists"]] == ["a.h", "b.h", "c.h"]


def test_a_file_that_changed_a_moment_before_is_read_again(
    capsys: pytest.CaptureFixture[str], reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system's clock is coarse, the next change would look the same; what time its
    bytes are given says nothing."""
    write("touched.h", WRONG)
    Path("new.h").write_text(WRONG)
    with monkeypatch.context() as moment:
        moment.setattr(states, "SETTLED", -LONG_AGO)
        said(capsys, ".")
        reads.clear()
        said(capsys, ".")
        assert sorted(reads) == ["new.h", "touched.h"]
    said(capsys, ".")
    reads.clear()
    said(capsys, ".")
    assert reads == []


def test_other_settings_get_another_answer(capsys: pytest.CaptureFixture[str]) -> None:
    write("vmx.h", WRONG.replace("};", "\tVMCS_MINE = 0x6890,\n};"))
    assert "VMCS_MINE" in said(capsys, ".")[1]
    write(
        "vmcsgen.toml",
        "[[check.extra]]\nname = 'VMCS_MINE'\nencoding = 0x6890\nreason = 'our own'\n",
    )
    assert "VMCS_MINE" not in said(capsys, ".")[1]


def test_another_project_gets_another_answer(capsys: pytest.CaptureFixture[str]) -> None:
    write("vmx.h", "/* vmcs */\n#define EPTP 0x201c\n")
    assert "EPT pointer" not in said(capsys, ".")[1]
    assert "EPT pointer" in said(capsys, ".", "--project", "kvm-unit-tests")[1]
    assert "EPT pointer" not in said(capsys, ".")[1]


def test_an_unknown_project_is_an_error_though_there_is_nothing_to_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, error = said(capsys, ".", "--project", "windows")
    assert (status, "no project 'windows'" in error) == (2, True)


def test_a_check_without_the_cache_keeps_nothing() -> None:
    write("vmx.h", WRONG)
    check(["."], Options(cache=False))
    assert not list(Path(os.environ["VMCSGEN_CACHE"]).glob("check-*"))
    check(["."], Options())
    assert kept()


def test_files_that_are_gone_are_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    write("one.h", WRONG)
    write("two.h", WRONG)
    said(capsys, ".")
    Path("one.h").unlink()
    write("three.h", WRONG)
    said(capsys, ".")
    assert set(kept()[1][1]) == {"two.h", "three.h"}


@pytest.mark.parametrize("spoilt", [[], {}, None, "x", [[1, 2]], [None, 5], {"vmx.h": {}}])
def test_what_was_kept_in_another_shape_is_passed_by(
    spoilt: object, capsys: pytest.CaptureFixture[str]
) -> None:
    write("vmx.h", WRONG)
    first = said(capsys, ".")
    name, (subject, known) = kept()
    stamp = known["vmx.h"][0]
    whole = spoilt if isinstance(spoilt, dict) else {"vmx.h": spoilt}
    for value in (whole, spoilt, {"vmx.h": [stamp, spoilt]}):
        write_entry(name, [subject, value])
        assert said(capsys, ".") == first


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_ends_with_all_files(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARALLEL_FROM", 5)
    monkeypatch.setattr(module, "_CHUNK", 2)
    for number in range(7):
        write(f"{number}.h", WRONG)
    told: list[tuple[int, int]] = []
    result = check(["."], Options(jobs=jobs), lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (7, 7)
    assert all(done > 0 for done, _ in told)
    assert [report.path for report in result.reports] == [f"{number}.h" for number in range(7)]


def test_workers_know_the_extras_and_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARALLEL_FROM", 1)
    write("a.h", "/* vmcs */\n#define EPTP 0x201c\n")
    write("b.h", WRONG.replace("};", "\tVMCS_MINE = 0x6890,\n};"))
    options = Options(project="kvm-unit-tests", extras={"VMCS_MINE": 0x6890}, cache=False)
    alone = check(["."], options._replace(jobs=1))
    assert check(["."], options._replace(jobs=2)) == alone
    assert {each.name for each in alone.findings} >= {"EPTP"}
    assert "VMCS_MINE" not in {each.name for each in alone.findings}


@pytest.mark.parametrize(("text", "told"), [("/* vmcs */", True), ("/* none */", False)])
def test_a_file_that_is_too_large_is_told_where_it_may_matter(
    text: str, told: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmcsgen.scan.files.SIZE_LIMIT", 64)
    write("vmx.h", WRONG[:60])
    write("large.h", text + " " * 100)
    first = said(capsys, ".")
    assert ("large.h" in first[1]) == told
    assert said(capsys, ".") == first
    assert "large.h" in said(capsys, "large.h")[1]
