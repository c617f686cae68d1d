"""gen --tree: marks found, regions brought up to date, hand edits kept, nothing damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.permissions import bound

from vmcsgen.cli import main
from vmcsgen.targets import find_marks

from . import kernel_tree as tree_files
from .kernel_tree import VMCS12_C, VMCS12_H, VMX_H, change, files, make, put

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def adopted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = make(tmp_path_factory.mktemp("linux"))
    assert main(["adopt", "linux", str(top)]) == 0
    assert main(["gen", "--tree", str(top)]) == 0
    return top


@pytest.fixture
def tree(adopted_once: Path, tmp_path: Path) -> Path:
    """An adopted tree, all of whose regions are current."""
    return Path(shutil.copytree(adopted_once, tmp_path / "linux"))


def gen(tree: Path, *arguments: str) -> int:
    return main(["gen", "--tree", str(tree), *arguments])


def test_a_current_tree_is_left_alone(tree: Path, capsys: Capture) -> None:
    before = files(tree)
    assert gen(tree, "--check") == gen(tree, "--diff") == gen(tree) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 6
    assert all(line.startswith("current: ") for line in out)
    assert files(tree) == before


def test_a_stale_region_is_reported_shown_and_mended(tree: Path, capsys: Capture) -> None:
    before = files(tree)
    text = before[VMX_H].decode()
    lines = text.split("\n")
    begin = next(number for number, line in enumerate(lines) if "begin:" in line)
    end = next(number for number, line in enumerate(lines) if "end:" in line)
    first = next(number for number in range(begin, end) if "enum" in lines[number])
    del lines[first + 1]
    from vmcsgen.targets.regions import digest

    body = lines[first : end - 1]
    lines[end - 1] = f"{lines[end - 1].partition('sha256:')[0]}sha256:{digest(body)} */"
    put(tree, VMX_H, "\n".join(lines))
    assert gen(tree, "--check") == 1
    captured = capsys.readouterr()
    assert f"stale: {VMX_H}:" in captured.out
    assert "mend it with: vmcsgen gen --tree" in captured.err
    assert gen(tree, "--diff") == 1
    assert "+\tVIRTUAL_PROCESSOR_ID            = 0x00000000,\n" in capsys.readouterr().out
    assert gen(tree) == 0
    assert "stale, written" in capsys.readouterr().out
    assert files(tree) == before


def test_the_shown_difference_is_what_git_applies(tree: Path, capsys: Capture) -> None:
    current = files(tree)
    change(tree, VMX_H, "= 0x00006800", "= 0x00006802")
    gen(tree, "--diff", "--force")
    patch = capsys.readouterr().out
    subprocess.run(["git", "apply"], input=patch.encode(), cwd=tree, check=True)
    assert files(tree) == current


def test_a_hand_edited_region_is_kept_unless_forced(tree: Path, capsys: Capture) -> None:
    current = files(tree)
    change(tree, VMX_H, "= 0x00006800", "= 0x00006802")
    edited = files(tree)
    assert gen(tree) == 1
    captured = capsys.readouterr()
    assert f"hand-edited, kept: {VMX_H}:" in captured.out
    assert "--force" in captured.err
    assert files(tree) == edited
    assert gen(tree, "--check") == 1
    assert gen(tree, "--force") == 0
    assert files(tree) == current


def test_a_kept_region_does_not_keep_others_from_being_mended(tree: Path) -> None:
    current = files(tree)
    change(tree, VMX_H, "= 0x00006800", "= 0x00006802")
    put(tree, VMCS12_C, tree_files.FILES[VMCS12_C])
    edited = files(tree)[VMX_H]
    assert gen(tree) == 1
    assert files(tree) == {**current, VMX_H: edited}


def test_a_target_can_be_picked(tree: Path, capsys: Capture) -> None:
    put(tree, "other.h", "/* vmcsgen begin: qemu/fields */\n/* vmcsgen end: qemu/fields */\n")
    assert gen(tree, "-t", "linux", "--check") == 0
    assert "other.h" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mark", "rule", "hint"),
    [
        ("linx/vmcs-field", "REGION007", "did you mean 'linux'?"),
        ("linux/vmcs-feild", "REGION007", "did you mean 'vmcs-field'?"),
    ],
)
def test_an_unknown_name_in_a_mark_is_an_error_and_nothing_is_written(
    tree: Path, capsys: Capture, mark: str, rule: str, hint: str
) -> None:
    put(tree, VMCS12_C, tree_files.FILES[VMCS12_C])
    put(tree, "x.h", f"/* vmcsgen begin: {mark} */\n/* vmcsgen end: {mark} */\n")
    before = files(tree)
    assert gen(tree) == 2
    err = capsys.readouterr().err
    assert f"[{rule}]" in err
    assert hint in err
    assert "x.h:1:1" in err
    assert files(tree) == before


def test_damaged_marks_of_all_files_are_shown_and_nothing_is_written(
    tree: Path, capsys: Capture
) -> None:
    put(tree, VMCS12_C, tree_files.FILES[VMCS12_C])
    put(tree, "a.h", "/* vmcsgen begin: linux/vmcs-field */\n")
    put(tree, "b.h", "/* vmcsgen end: linux/vmcs-field */\n")
    before = files(tree)
    assert gen(tree) == 2
    err = capsys.readouterr().err
    assert "REGION003" in err
    assert "REGION004" in err
    assert files(tree) == before


def test_an_unknown_constant_in_a_choice_is_an_error(tree: Path, capsys: Capture) -> None:
    change(tree, VMX_H, "without: POSTED_INTR_NV", "without: POSTED_INTR_VN")
    assert gen(tree) == 2
    assert "POSTED_INTR_VN" in capsys.readouterr().err


def test_the_owner_chooses_constants_below_the_mark(tree: Path) -> None:
    text = files(tree)[VMX_H].decode()
    line = next(each for each in text.split("\n") if "without: POSTED_INTR_NV" in each)
    put(tree, VMX_H, text.replace(line, f"/* vmcsgen with: PCONFIG_EXITING_BITMAP */\n{line}"))
    assert gen(tree) == 0
    text = files(tree)[VMX_H].decode()
    assert "\tPCONFIG_EXITING_BITMAP          = 0x0000203e,\n" in text
    change(tree, VMX_H, "without: POSTED_INTR_NV ", "without: ")
    assert gen(tree) == 0
    assert "\tPOSTED_INTR_NV                  = 0x00000002,\n" in files(tree)[VMX_H].decode()


def test_each_half_of_a_field_is_chosen_for_itself(tree: Path) -> None:
    full, high = ("\tTSC_MULTIPLIER                  = 0x00002032,\n",
                  "\tTSC_MULTIPLIER_HIGH             = 0x00002033,\n")  # fmt: skip
    text = files(tree)[VMX_H].decode()
    assert full + high in text
    change(tree, VMX_H, "without: POSTED_INTR_NV", "without: TSC_MULTIPLIER POSTED_INTR_NV")
    assert gen(tree) == 0
    found = files(tree)[VMX_H].decode()
    assert [line for line in found.split("\n") if "= 0x" in line] == [
        line for line in text.replace(full, "").split("\n") if "= 0x" in line
    ]
    mark = next(line for line in found.split("\n") if "without: TSC_MULTIPLIER" in line)
    put(
        tree, VMX_H, found.replace(mark, f"/* vmcsgen with: EXECUTIVE_VMCS_POINTER_HIGH */\n{mark}")
    )
    assert gen(tree) == 0
    assert "\tEXECUTIVE_VMCS_POINTER_HIGH     = 0x0000200d,\n" in files(tree)[VMX_H].decode()


def test_what_has_no_names_of_a_project_has_none_to_choose(tree: Path, capsys: Capture) -> None:
    marks = "/* vmcsgen {}: c/vmcs.h */\n"
    put(tree, "x.h", marks.format("begin") + marks.format("end"))
    assert gen(tree) == 0
    put(
        tree, "x.h", files(tree)["x.h"].decode().replace("*/", "*/\n/* vmcsgen without: NOPE */", 1)
    )
    assert gen(tree) == 2
    assert "name NOPE, which no field is called [REGION008]" in capsys.readouterr().err


def test_a_tree_without_marks_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    make(tmp_path)
    (tmp_path / VMCS12_C).unlink()
    assert gen(tmp_path, "--check") == 2
    assert "vmcsgen adopt" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["missing", "file"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    assert gen(tmp_path / place) == 2


def test_crlf_checkouts_are_current_and_stay_crlf(tree: Path) -> None:
    for path, content in files(tree).items():
        (tree / path).write_bytes(content.replace(b"\n", b"\r\n"))
    before = files(tree)
    assert gen(tree, "--check") == 0
    change(tree, VMX_H, "= 0x00006800", "= 0x00006802")
    assert gen(tree, "--force") == 0
    assert files(tree) == before


def test_bytes_that_are_no_utf_8_survive(tree: Path) -> None:
    content = b"/* Andr\xe9 */\n" + (tree / VMX_H).read_bytes()
    (tree / VMX_H).write_bytes(content.replace(b"= 0x00006800", b"= 0x00006802"))
    assert gen(tree, "--force") == 0
    assert (tree / VMX_H).read_bytes() == content


def test_symlinks_are_not_followed(tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(outside, "y.h", "/* vmcsgen begin: linux/none */\n")
    (tree / "link.h").symlink_to(outside / "y.h")
    (tree / "folder").symlink_to(outside)
    os.mkfifo(tree / "pipe")
    assert gen(tree, "--check") == 0


MARKS = "/* vmcsgen begin: linux/vmcs-field */\n/* vmcsgen end: linux/vmcs-field */\n"


@pytest.fixture
def closed(tree: Path) -> Iterator[Callable[[str], None]]:
    """Takes all permissions from a file or folder of the tree until the test has ended."""
    modes: dict[Path, int] = {}

    def close(name: str) -> None:
        modes[tree / name] = (tree / name).stat().st_mode
        (tree / name).chmod(0)

    yield close
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize("name", ["folder/x.h", "folder"])
@pytest.mark.parametrize("git", [False, True])
def test_what_can_not_be_read_is_no_pass(
    tree: Path, closed: Callable[[str], None], name: str, git: bool
) -> None:
    if git:
        subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    put(tree, "folder/x.h", MARKS)
    closed(name)
    done = bound(["gen", "--tree", str(tree)])
    assert done.returncode == 2
    assert "error: can't be read: " in done.stderr
    assert name in done.stderr
    assert "[WRITE002]" in done.stderr


@pytest.mark.parametrize("name", ["", "arch"])
@pytest.mark.parametrize("verb", [["gen", "--tree"], ["adopt", "linux"]])
def test_a_folder_without_any_permission_is_an_error(
    tree: Path, closed: Callable[[str], None], name: str, verb: list[str]
) -> None:
    closed(name)
    done = bound([*verb, str(tree)])
    assert done.returncode == 2
    assert "error: can't be read: Permission denied [WRITE002]" in done.stderr


def test_what_is_no_file_is_not_waited_for(tree: Path) -> None:
    (tree / VMCS12_H).unlink()
    os.mkfifo(tree / VMCS12_H)
    done = bound(["gen", "--tree", str(tree), "--check"])
    assert f"{VMCS12_H}: error: can't be read: is not a regular file [TREE001]" in done.stderr


def test_a_large_file_is_not_looked_into(tree: Path, capsys: Capture) -> None:
    put(tree, "dump.txt", MARKS + "x" * find_marks.FILE_LIMIT)
    assert gen(tree, "--check") == 0
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    assert gen(tree, "--check") == 0
    assert capsys.readouterr().out.count("current: ") == 6


class TestInAGitTree:
    @pytest.fixture(autouse=True)
    def repository(self, tree: Path) -> None:
        self.git(tree, "init", "--quiet")
        put(tree, ".gitignore", "ignored/\n")
        self.git(tree, "add", ".")

    @staticmethod
    def git(tree: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tree, check=True)

    def test_tracked_and_new_files_are_seen_ignored_ones_are_not(
        self, tree: Path, capsys: Capture
    ) -> None:
        put(tree, "new file.h", MARKS)
        put(tree, "ignored/x.h", MARKS)
        assert gen(tree, "--check") == 1
        out = capsys.readouterr().out
        assert "stale: new file.h:1" in out
        assert "ignored" not in out
        assert out.count("current: ") == 3

    def test_a_tracked_file_that_is_ignored_is_seen(self, tree: Path, capsys: Capture) -> None:
        """Debian's kernel trees have a .gitignore that names everything."""
        put(tree, ".gitignore", "/*\n")
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3

    def test_the_trees_own_git_configuration_runs_nothing(self, tree: Path) -> None:
        script = tree / "run.sh"
        put(tree, "run.sh", f"#!/bin/sh\ntouch '{tree}/ran'\n")
        script.chmod(0o755)
        for key in ("core.fsmonitor", "core.pager", "diff.external"):
            self.git(tree, "config", key, str(script))
        assert gen(tree, "--check") == 0
        assert not (tree / "ran").exists()

    def test_nor_does_it_bring_in_what_git_ignores(self, tree: Path, capsys: Capture) -> None:
        """With submodule.recurse ``git grep --untracked`` is an error, and the tree was walked."""
        shutil.copy(tree / VMX_H, tree / "ignored.h")
        put(tree, ".gitignore", "/ignored.h\n")
        self.git(tree, "config", "submodule.recurse", "true")
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3

    def test_what_a_partial_clone_lacks_is_not_fetched(self, tree: Path, capsys: Capture) -> None:
        self.git(tree, "update-index", "--assume-unchanged", VMX_H)
        named = subprocess.run(
            ["git", "ls-files", "-s", VMX_H], cwd=tree, capture_output=True, text=True, check=True
        ).stdout.split()[1]
        (tree / f".git/objects/{named[:2]}/{named[2:]}").unlink()
        for key, value in {
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": "ssh://nowhere.example/linux",
            "core.sshCommand": f"touch '{tree}/ran'; false",
        }.items():
            self.git(tree, "config", key, value)
        assert gen(tree, "--check") == 2
        assert not (tree / "ran").exists()
        assert "can't be read: git says" in capsys.readouterr().err

    def test_a_missing_file_that_git_takes_for_unchanged_is_none(
        self, tree: Path, capsys: Capture
    ) -> None:
        self.git(tree, "update-index", "--assume-unchanged", VMX_H)
        (tree / VMX_H).unlink()
        before = files(tree)
        gen(tree, "--check")
        assert "internal error" not in capsys.readouterr().err
        assert files(tree) == before

    def test_without_git_the_tree_is_walked(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        monkeypatch.setenv("PATH", "")
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3

    def test_another_repository_in_the_environment_is_not_asked(
        self, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        self.git(other, "init", "--quiet")
        put(tree, ".gitignore", "/*\n")
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3

    @pytest.fixture(params=["git", "walk"])
    def with_and_without_git(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once git is asked for marks, and once there is none."""
        if request.param == "walk":
            monkeypatch.setenv("PATH", "")

    @pytest.mark.usefixtures("with_and_without_git")
    def test_what_quilt_keeps_is_not_written(self, tree: Path, capsys: Capture) -> None:
        shutil.copytree(tree, tree / ".pc/a.patch", ignore=shutil.ignore_patterns(".git"))
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3

    @pytest.mark.usefixtures("with_and_without_git")
    def test_what_a_killed_writer_left_is_no_source(self, tree: Path, capsys: Capture) -> None:
        before = files(tree)
        begun = before[VMX_H][: len(before[VMX_H]) // 2]
        assert b"vmcsgen begin" in begun
        left = f"{Path(VMX_H).parent}/.vmx.h.ab1cd2ef.vmcsgen-new"
        (tree / left).write_bytes(begun)
        assert gen(tree, "--check") == 0
        assert capsys.readouterr().out.count("current: ") == 3
        put(tree, VMX_H, tree_files.FILES[VMX_H])
        assert main(["adopt", "linux", str(tree)]) == 0
        assert gen(tree) == 0
        assert files(tree) == before


def test_options_that_contradict_each_other_are_refused(tree: Path, capsys: Capture) -> None:
    assert gen(tree, "-o", "out") == 2
    assert main(["gen", "--force"]) == 2
    assert capsys.readouterr().err.count("error:") == 2
