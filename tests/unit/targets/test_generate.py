"""gen: out/ is current, the same on every run, checked, diffed, and mended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.permissions import bound

from vmcsgen.cli import main
from vmcsgen.targets.choice import target_names
from vmcsgen.targets.manifest import Output, Target


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All targets, generated once into a fresh folder."""
    folder = tmp_path_factory.mktemp("gen") / "out"
    assert main(["gen", "-o", str(folder)]) == 0
    return folder


@pytest.fixture
def out(generated: Path, tmp_path: Path) -> Path:
    """A private copy of ``generated``."""
    return Path(shutil.copytree(generated, tmp_path / "out"))


def test_committed_outputs_are_current(generated: Path, checkout: Path) -> None:
    committed = tree(checkout / "out")
    # Patch series for real trees are written, and checked, by tests/trees.
    assert {n: c for n, c in committed.items() if "/series/" not in n} == tree(generated)


def test_every_target_makes_something(generated: Path) -> None:
    assert {path.name for path in generated.iterdir()} == set(target_names())


@pytest.mark.parametrize(("seed", "cached"), [("0", True), ("4711", False)])
def test_bytes_do_not_depend_on_hash_seed_locale_or_time_zone(
    generated: Path, tmp_path: Path, seed: str, cached: bool
) -> None:
    environment = os.environ | {
        "PYTHONHASHSEED": seed,
        "LC_ALL": "C" if cached else "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
    }
    if not cached:
        environment["VMCSGEN_CACHE"] = ""
    subprocess.run(
        [sys.executable, "-m", "vmcsgen", "gen", "-o", str(tmp_path / "out")],
        check=True, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert tree(tmp_path / "out") == tree(generated)


def test_no_output_names_a_machine_or_a_day(generated: Path) -> None:
    import getpass
    import socket

    secrets = [str(Path.home()).encode(), str(Path.cwd()).encode(), socket.gethostname().encode()]
    secrets.append(f"({getpass.getuser()})".encode())
    for name, content in tree(generated).items():
        for secret in secrets:
            assert len(secret) < 4 or secret not in content, (name, secret)


def test_every_output_that_can_says_where_it_comes_from(generated: Path, spec) -> None:  # type: ignore[no-untyped-def]
    for name, content in tree(generated).items():
        head = content[:1500].decode()
        target = name.partition("/")[0]
        assert spec.digest in head or '"$comment"' in head, name
        assert f"vmcsgen gen -t {target}" in head, name
        if not name.endswith(".json"):
            assert "SPDX-License-Identifier:" in "\n".join(head.splitlines()[:2]), name


def test_check_is_content_with_what_gen_made(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen", "-o", str(out), "--check"]) == 0
    assert f": {len(tree(out))} current\n" in capsys.readouterr().out


@pytest.mark.parametrize("cached", [True, False])
def test_check_names_a_stale_a_missing_and_an_extra_file(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    if not cached:
        monkeypatch.setenv("VMCSGEN_CACHE", "")
    (out / "csv/fields.csv").write_text("mine\n")
    (out / "csv/names.csv").unlink()
    (out / "csv/more.csv").write_text("more\n")
    before = tree(out)
    assert main(["gen", "-t", "csv", "-o", str(out), "--check"]) == 1
    captured = capsys.readouterr()
    assert f"stale: {out}/csv/fields.csv" in captured.out
    assert f"missing: {out}/csv/names.csv" in captured.out
    assert f"extra: {out}/csv/more.csv" in captured.out
    assert f"mend it with: vmcsgen gen -t csv -o {out}\n" in captured.err
    assert tree(out) == before


def test_an_extra_file_is_to_be_removed_by_hand(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "csv/more\x1b[31m.csv").write_text("more\n")
    arguments = ["gen", "-t", "csv", "-o", str(out)]
    assert main([*arguments, "--check"]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"extra: {out}/csv/more\\x1b[31m.csv\n"
    assert "mend it with" not in captured.err
    assert "extra files are made by no target: remove them\n" in captured.err
    assert main(arguments) == 0
    assert "/csv/more\\x1b[31m.csv is made by no target; remove it\n" in capsys.readouterr().err


def test_diff_shows_what_would_change_and_changes_nothing(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = out / "csv/fields.csv"
    path.write_text(path.read_text().replace("TSC multiplier", "TSC factor"))
    before = tree(out)
    assert main(["gen", "-t", "csv", "-o", str(out), "--diff"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("-tsc_multiplier,TSC factor,")]
    assert [line for line in lines if line.startswith("+tsc_multiplier,TSC multiplier,")]
    assert tree(out) == before


def test_the_shown_difference_is_what_git_applies(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(out)
    monkeypatch.chdir(out.parent)
    header = out / "c/vmcs.h"
    header.write_text(header.read_text().replace("0x2032", "0x2034").replace("\t", "\t\t", 5))
    (out / "csv/names.csv").unlink()
    targets = ["-t", "c", "-t", "csv"]
    assert main(["gen", *targets, "-o", out.name, "--diff"]) == 1
    patch = capsys.readouterr().out
    for place, options in ((out.parent, []), (Path("/"), ["--directory", str(out.parent)[1:]])):
        command = ["git", "apply", "--check", *options]
        subprocess.run(command, input=patch.encode(), cwd=place, check=True)
    subprocess.run(["git", "apply"], input=patch.encode(), cwd=out.parent, check=True)
    assert tree(out) == before


def test_gen_mends_what_check_found(out: Path, generated: Path) -> None:
    (out / "csv/fields.csv").write_text("mine\n")
    (out / "csv/names.csv").unlink()
    assert main(["gen", "-o", str(out)]) == 0
    assert tree(out) == tree(generated)


def test_a_second_run_writes_nothing(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in out.rglob("*"):
        os.utime(path, (1, 1))
    assert main(["gen", "-o", str(out)]) == 0
    assert all(path.stat().st_mtime == 1 for path in out.rglob("*") if path.is_file())


def test_unknown_target_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen", "-t", "pyton"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_output_folder_that_is_a_file_or_unwritable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("")
    assert main(["gen", "-t", "csv", "-o", str(tmp_path / "out")]) == 2
    assert "is a file, not a folder" in capsys.readouterr().err
    assert main(["gen", "-t", "csv", "-o", "/proc/vmcsgen"]) == 2
    assert "can't be written" in capsys.readouterr().err


def write_target(folder: Path, template: str, manifest: str = "") -> Path:
    target = folder / "demo"
    target.mkdir(parents=True)
    (target / "t.j2").write_text(template)
    (target / "target.yaml").write_text(
        manifest
        or "target: demo\ntitle: A demonstration\nlicense: MIT\n"
        "outputs:\n  - {template: t.j2, path: t.txt, language: text}\n"
    )
    return folder


@pytest.mark.parametrize(
    ("template", "line", "word"),
    [
        ("ok\n{{ view.no_such_thing }}\n", 2, "no_such_thing"),
        ("{% for x in %}\n", 1, "Expected"),
        ("\n\n{{ 1 / 0 }}\n", 3, "division"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{% include '/etc/passwd' %}", 1, "passwd"),
    ],
)
def test_a_faulty_template_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], template: str, line: int, word: str
) -> None:
    write_target(tmp_path / "targets", template)
    out = str(tmp_path / "out")
    assert main(["gen", "--templates", str(tmp_path / "targets"), "-o", out]) == 2
    error = capsys.readouterr().err
    assert f"t.j2:{line}:1: error:" in error
    assert word in error
    assert not (tmp_path / "out").exists()


def test_a_new_target_is_a_new_folder_and_no_python(tmp_path: Path) -> None:
    write_target(
        tmp_path / "targets",
        "{% for field in view.fields %}{{ field.hex }} {{ field.id }}\n{% endfor %}",
    )
    out = tmp_path / "out"
    assert main(["gen", "--templates", str(tmp_path / "targets"), "-o", str(out)]) == 0
    assert "0x2032 tsc_multiplier\n" in (out / "demo/t.txt").read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("targets", "targets"),
        ("./targets/", "targets"),
        ("{top}/targets", "targets"),
        ("../project/targets", "targets"),
        ("../beside", "../beside"),
        ("{top}/../beside", "DIR"),  # the same bytes on every machine
        ("a */ b", "DIR"),
    ],
)
def test_the_header_says_how_to_regenerate_what_comes_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    top = tmp_path / "project"
    for folder in ("project/targets", "beside", "project/a *", "project/a */ b"):
        (tmp_path / folder).mkdir(parents=True)
        write_target(
            tmp_path / folder,
            "x",
            "target: demo\ntitle: T\nlicense: MIT\n"
            "outputs:\n  - {template: t.j2, path: t.h, language: c}\n",
        )
    monkeypatch.chdir(top)
    templates = given.format(top=top)
    assert main(["gen", "--templates", templates, "-t", "demo"]) == 0
    assert main(["gen", "--templates", templates, "-t", "demo", "--check"]) == 0
    lines = (top / "out/demo/t.h").read_text().splitlines()
    assert f" * Regenerate: vmcsgen gen --templates {told} -t demo" in lines


@pytest.mark.parametrize(
    ("language", "first", "line"),
    [("shell", "#!/bin/sh", 0), ("python", "#!/usr/bin/env python3", 0), ("rust", "#![no_std]", 4)],
)
def test_a_shebang_stays_in_the_first_line(
    tmp_path: Path, language: str, first: str, line: int
) -> None:
    manifest = "target: demo\ntitle: T\nlicense: MIT\noutputs:\n"
    manifest += f"  - {{template: t.j2, path: t.x, language: {language}}}\n"
    write_target(tmp_path / "targets", f"{first}\nx = 1\n", manifest)
    assert main(["gen", "--templates", str(tmp_path / "targets"), "-o", str(tmp_path / "out")]) == 0
    lines = (tmp_path / "out/demo/t.x").read_text().splitlines()
    assert lines.index(first) == line
    assert "SPDX-License-Identifier: MIT" in lines[0 if line else 1]


def test_every_key_of_a_manifest_is_read(checkout: Path) -> None:
    schema = json.loads((checkout / "spec/schema/target.schema.json").read_text())["properties"]
    assert set(schema["outputs"]["items"]["properties"]) == set(Output._fields)
    of_target = set(Target._fields) - {"id", "folder", "foreign", "option"}
    assert set(schema) == {"target", *of_target}


def test_our_own_templates_under_another_name_make_the_same_bytes(
    generated: Path, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    assert main(["gen", "--templates", "templates", "-t", "c", "-o", str(tmp_path)]) == 0
    assert tree(tmp_path / "c") == tree(generated / "c")


@pytest.mark.parametrize("path", ["../t.txt", "/tmp/t.txt", "a/../../t.txt"])
def test_a_manifest_can_not_write_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    write_target(
        tmp_path / "targets",
        "x",
        f"target: demo\ntitle: T\nlicense: MIT\n"
        f"outputs:\n  - {{template: t.j2, path: {path}, language: text}}\n",
    )
    out = str(tmp_path / "out")
    assert main(["gen", "--templates", str(tmp_path / "targets"), "-o", out]) == 2
    assert "target.yaml:5:" in capsys.readouterr().err


def test_what_is_no_file_is_not_waited_for(out: Path) -> None:
    (out / "csv/fields.csv").unlink()
    os.mkfifo(out / "csv/fields.csv")
    for option in ([], ["--check"]):
        done = bound(["gen", "-t", "csv", "-o", str(out), *option])
        assert done.returncode == 2
        assert "csv/fields.csv: error: can't be read: is not a regular file" in done.stderr


def test_nothing_is_written_through_a_link_that_leads_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("out", "elsewhere"):
        (tmp_path / folder).mkdir()
    (tmp_path / "out/csv").symlink_to(tmp_path / "elsewhere")
    assert main(["gen", "-t", "csv", "-o", str(tmp_path / "out")]) == 2
    assert "leads out of the output folder [WRITE001]" in capsys.readouterr().err
    assert not tree(tmp_path / "elsewhere")


def test_what_was_left_of_a_file_that_nobody_may_write_to_goes_too(out: Path) -> None:
    left = out / "csv/.fields.csv.abc.vmcsgen-new"
    left.write_text("half")
    left.chmod(0o444)
    assert bound(["gen", "-t", "csv", "-o", str(out)]).returncode == 0
    assert not left.exists()


def test_what_a_killed_run_left_is_no_output_and_goes_with_the_next_run(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = out / "csv/.fields.csv.abc.vmcsgen-new"
    left.write_text("half")
    assert main(["gen", "-o", str(out), "--check"]) == 0
    assert left.exists()
    assert main(["gen", "-o", str(out)]) == 0
    assert not left.exists()
    assert "extra" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("top", "of_output", "line"),
    [("lnux", "linux", 3), ("linux", "lnux", 6)],
    ids=["top", "output"],
)
def test_a_project_that_the_spec_lacks_is_named_where_it_stands(
    top: str, of_output: str, line: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine/one"
    folder.mkdir(parents=True)
    (folder / "t.j2").write_text("text\n")
    (folder / "target.yaml").write_text(
        f"target: one\ntitle: One\nproject: {top}\nlicense: MIT\noutputs:\n"
        f"  - {{project: {of_output}, template: t.j2, path: t.txt, language: text}}\n"
    )
    command = ["gen", "--templates", str(tmp_path / "mine"), "-o", str(tmp_path / "out")]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert f"target.yaml:{line}:" in error
    assert "project 'lnux' is not in the spec [TARGET002]" in error
    assert "did you mean 'linux'?" in error
