"""Patch series: mails that git takes, diffs that git would have written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmcsgen.cli import main
from vmcsgen.targets import diffs
from vmcsgen.targets.diffs import file_diff
from vmcsgen.targets.mail import Letter, diffstat, series_mails

from .kernel_tree import files, make, put

Capture = pytest.CaptureFixture[str]
AUTHOR = "Ada Lovelace <ada@engine.example>"
IDENTITY = ("-c", "user.name=C", "-c", "user.email=c@c.example")


def git(tree: Path, *arguments: str, feed: str = "") -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=tree, input=feed.encode(), check=True,
        capture_output=True,
    )  # fmt: skip
    return done.stdout.decode()


def repository(tree: Path) -> Path:
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "before")
    return tree


TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "é\n"]), max_size=12).map("".join)


@pytest.mark.parametrize("limit", [diffs.PAIRS_LIMIT, 3, -1], ids=["lines", "middle", "one-change"])
@settings(max_examples=30)
@given(before=TEXTS, after=TEXTS, cut=st.booleans())
def test_git_applies_every_diff(
    tmp_path_factory: pytest.TempPathFactory, limit: int, before: str, after: str, cut: bool
) -> None:
    after = after.removesuffix("\n") if cut else after
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffs, "PAIRS_LIMIT", limit)
        patch.setattr(diffs, "MARGIN", diffs.CONTEXT)  # texts so short have equal ends to leave out
        found = file_diff("x.c", before, after)
    folder = tmp_path_factory.mktemp("diff")
    (folder / "x.c").write_text(before)
    assert bool(found.text) == (before != after)
    if found.text:
        git(folder, "apply", feed=found.text)
    assert (folder / "x.c").read_text() == after


def test_a_new_file_is_created(tmp_path: Path) -> None:
    git(tmp_path, "apply", feed=file_diff("a/b.h", None, "one\n").text)
    assert (tmp_path / "a/b.h").read_text() == "one\n"


def test_a_file_of_many_equal_lines_takes_no_time() -> None:
    lines = "\n" * 100_000  # of which a comparison of each with each would take minutes
    found = file_diff("x.c", f"a\n{lines}b\n{lines}c\n", f"A\n{lines}B\n{lines}C\n")
    assert (found.inserted, found.deleted) == (200_003, 200_003)


def test_a_hunk_names_the_function_that_it_is_in() -> None:
    lines = ["int main(void)", "{", *["\tx();"] * 9, "}", ""]
    before = "\n".join(lines)
    lines[8] = "\ty();"
    assert "@@ -6,7 +6,7 @@ int main(void)\n" in file_diff("x.c", before, "\n".join(lines)).text


def test_git_takes_the_series_with_author_subject_and_message(tmp_path: Path) -> None:
    put(tmp_path, "x.c", "one\n")
    repository(tmp_path)
    letters = [
        Letter("first: change one", "Because.", (file_diff("x.c", "one\n", "two\n"),)),
        Letter("second: ünïcode", "Why\n\nnot.", (file_diff("y.c", None, "new\n"),)),
    ]
    cover, *mails = series_mails(Letter("The whole", "All.", ()), letters, AUTHOR, signed=True)
    assert [cover.name, *(each.name for each in mails)] == [
        "0000-cover-letter.patch",
        "0001-first-change-one.patch",
        "0002-second-n-code.patch",
    ]
    for mail in mails:
        put(tmp_path.parent, mail.name, mail.text)
        git(tmp_path, "am", "--quiet", str(tmp_path.parent / mail.name))
    signed = f"Signed-off-by: {AUTHOR}"
    assert git(tmp_path, "log", "-2", "--reverse", "--format=%an <%ae>|%s|%b%x00").split("\0") == [
        f"{AUTHOR}|first: change one|Because.\n\n{signed}\n",
        f"\n{AUTHOR}|second: ünïcode|Why\n\nnot.\n\n{signed}\n",
        "\n",
    ]
    assert "Ada Lovelace (2):\n  first: change one\n  second: ünïcode\n" in cover.text
    assert " 2 files changed, 2 insertions(+), 1 deletion(-)" in cover.text


def test_a_diffstat_fits_its_columns() -> None:
    diffs = [
        file_diff("short.c", "", "x\n" * 500),
        file_diff("a/much/longer/path.c", "y\n" * 20, ""),
    ]
    lines = diffstat(diffs)
    assert lines[-1] == " 2 files changed, 500 insertions(+), 20 deletions(-)"
    assert max(map(len, lines)) <= 72
    assert "-" in lines[1]


DEMO = {
    "target.yaml": """\
target: demo
title: A demonstration
project: linux
license: GPL-2.0
outputs:
  - {template: enum.h.j2, path: arch/x86/include/asm/vmx.h, region: e, replaces: enum vmcs_field,
     language: c}
  - {template: new.h.j2, path: new/file.h, language: c}
""",
    "series.yaml": """\
subject: "demo: all of it"
cover: cover.txt.j2
patches:
  - subject: "demo: the enum"
    message: message.txt.j2
    adopt: true
    steps: [{region: e}]
  - subject: "demo: the rest"
    message: message.txt.j2
    steps: [{file: file.h}, {diff: [misfit.diff, edit.diff]}]
""",
    "enum.h.j2": """\
enum vmcs_field {
{% for each in view.project.entries %}
\t{{ each.name }} = {{ each.hex }},
{% endfor %}
};
""",
    "new.h.j2": "#define N {{ view.fields | length }}\n",
    "cover.txt.j2": "{{ patches | length }} patches.\n",
    "message.txt.j2": "It adds {{ patch.inserted }} lines to {{ patch.paths | join(', ') }}.\n",
    "misfit.diff": "--- a/none.c\n+++ b/none.c\n@@\n x\n+y\n",
    "edit.diff": """\
--- a/arch/x86/kvm/vmx/capabilities.h
+++ b/arch/x86/kvm/vmx/capabilities.h
@@
 \tu64 vmcs_enum;
+\tu64 demo;
""",
}


def demo(folder: Path) -> Path:
    for name, text in DEMO.items():
        put(folder, f"demo/{name}", text)
    return folder


def test_what_patch_writes_git_takes_and_then_nothing_is_left(
    tmp_path: Path, capsys: Capture
) -> None:
    tree = repository(make(tmp_path / "linux"))
    before = files(tree)
    out = tmp_path / "series"
    arguments = ["patch", "demo", str(tree), "-o", str(out), "--from", AUTHOR, "-s",
                 "--templates", str(demo(tmp_path / "templates"))]  # fmt: skip
    assert main(arguments) == 0
    assert files(tree) == before
    mails = sorted(out.iterdir())
    assert [path.name for path in mails] == [
        "0000-cover-letter.patch", "0001-demo-the-enum.patch", "0002-demo-the-rest.patch"
    ]  # fmt: skip
    assert "\n2 patches.\n" in mails[0].read_text()
    first = [path.read_bytes() for path in mails]
    assert main(arguments) == 0
    assert [path.read_bytes() for path in mails] == first
    git(tree, "am", "--quiet", *map(str, mails[1:]))
    assert "It adds " in git(tree, "log", "-1", "--format=%b")
    after = files(tree)
    assert b"\tu64 demo;\n" in after["arch/x86/kvm/vmx/capabilities.h"]
    assert after["new/file.h"].startswith(
        b"/* SPDX-License-Identifier: GPL-2.0 */\n/* vmcsgen begin: demo/file.h  spec "
    )
    capsys.readouterr()
    assert main(arguments) == 0
    assert "has all of target demo already" in capsys.readouterr().out
    tree_arguments = ["--templates", str(tmp_path / "templates"), "--check"]
    assert main(["gen", "--tree", str(tree), "-t", "demo", *tree_arguments]) == 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_the_command_that_patch_names_applies_the_series(
    end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    tree = make(tmp_path / "linux' tree")
    for path, content in files(tree).items():
        (tree / path).write_bytes(content.replace(b"\n", end))
    repository(tree)
    demo(tmp_path / "templates")
    monkeypatch.chdir(tmp_path)
    arguments = ["patch", "demo", tree.name, "-o", "the series", "--from", AUTHOR]
    assert main([*arguments, "--templates", "templates"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    for name, value in (("NAME", "C"), ("EMAIL", "c@c.example")):
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    command = line.removeprefix("apply with: ")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert git(tree, "log", "--format=%s").splitlines() == [
        "demo: the rest", "demo: the enum", "before"
    ]  # fmt: skip
    text = files(tree)["arch/x86/kvm/vmx/capabilities.h"]
    assert b"\tu64 demo;" + end in text
    assert text.count(b"\n") == text.count(end)


def test_adopt_does_the_patches_that_are_marked_for_it(tmp_path: Path) -> None:
    tree = make(tmp_path / "linux")
    before = files(tree)
    templates = str(demo(tmp_path / "templates"))
    assert main(["adopt", "demo", str(tree), "--templates", templates]) == 0
    changed = {path for path, content in files(tree).items() if before.get(path) != content}
    assert changed == {"arch/x86/include/asm/vmx.h"}


def test_a_tree_that_the_series_does_not_fit_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    """A tree in small takes the enum, but the code around KVM's table isn't there."""
    tree = make(tmp_path / "linux")
    out = tmp_path / "series"
    assert main(["patch", "linux", str(tree), "-o", str(out), "--from", AUTHOR]) == 2
    assert not out.exists()
    err = capsys.readouterr().err
    assert "stand nowhere in arch/x86/kvm/vmx/vmcs12.c" in err
    assert "templates/linux/table-" in err


def test_a_file_that_is_not_ours_is_not_replaced(tmp_path: Path, capsys: Capture) -> None:
    tree = make(tmp_path / "linux")
    put(tree, "new/file.h", "theirs\n")
    arguments = ["patch", "demo", str(tree), "--from", AUTHOR]
    assert main([*arguments, "--templates", str(demo(tmp_path / "templates"))]) == 2
    assert "vmcsgen did not make it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{region: e}", "{region: f}", "target demo has no output 'f'"),
        ("edit.diff", "none.diff", "there is no 'none.diff' here"),
        (
            "message: message.txt.j2\n    adopt",
            "message: none.j2\n    adopt",
            "there is no 'none.j2'",
        ),
        ("steps: [{region: e}]", "steps: [{region: e, file: f}]", "series.yaml"),
        ('subject: "demo: all of it"\n', "", "subject"),
    ],
)
def test_a_wrong_series_is_an_error_with_its_line(
    tmp_path: Path, capsys: Capture, old: str, new: str, message: str
) -> None:
    tree = make(tmp_path / "linux")
    templates = demo(tmp_path / "templates")
    text = DEMO["series.yaml"]
    assert old in text
    put(templates, "demo/series.yaml", text.replace(old, new, 1))
    assert main(["patch", "demo", str(tree), "--from", AUTHOR, "--templates", str(templates)]) == 2
    err = capsys.readouterr().err
    assert "series.yaml:" in err
    assert message in err


def adopted_file(tmp_path: Path, path: str, language: str = "python") -> list[str]:
    """The arguments that adopt and then keep a target whose series adds the file ``path``."""
    templates = demo(tmp_path / "templates")
    text = DEMO["target.yaml"].replace("new/file.h, language: c", f'"{path}", language: {language}')
    put(templates, "demo/target.yaml", text)
    series = DEMO["series.yaml"].replace("[{region: e}]", f"[{{file: '{path}'}}]")
    put(templates, "demo/series.yaml", series.partition('  - subject: "demo: the rest"')[0])
    put(templates, "demo/new.h.j2", "N = 1\n")
    return ["--templates", str(templates)]


@pytest.mark.parametrize("path", ["__init__.py", ".config.py", "a_b-c.py"])
def test_a_file_that_was_adopted_stays_current(tmp_path: Path, path: str) -> None:
    arguments = adopted_file(tmp_path, path)
    tree = make(tmp_path / "linux")
    assert main(["adopt", "demo", str(tree), *arguments]) == 0
    assert main(["gen", "--tree", str(tree), "-t", "demo", *arguments, "--check"]) == 0


@pytest.mark.parametrize(
    ("path", "language", "message"),
    [
        ("x.json", "json", "json has no comments"),
        ("a b.py", "python", "can't carry this name"),
        (f"{'x' * 80}.py", "python", "can't carry this name"),
    ],
)
def test_what_marks_can_not_enclose_is_not_adopted(
    tmp_path: Path, capsys: Capture, path: str, language: str, message: str
) -> None:
    arguments = adopted_file(tmp_path, path, language)
    tree = make(tmp_path / "linux")
    before = files(tree)
    assert main(["adopt", "demo", str(tree), *arguments]) == 2
    err = capsys.readouterr().err
    assert "series.yaml:7:" in err
    assert message in err
    assert "[TARGET004]" in err
    assert files(tree) == before


@pytest.mark.parametrize("author", ["nobody", "a <b", "a\n <b@c>", "<b@c>", "a <b c@d>"])
def test_an_author_needs_name_and_address(tmp_path: Path, author: str) -> None:
    make(tmp_path)
    assert main(["patch", "linux", str(tmp_path), "--from", author]) == 2


def test_without_git_identity_the_author_must_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    make(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert main(["patch", "linux", str(tmp_path)]) == 2
    assert "--from" in capsys.readouterr().err
