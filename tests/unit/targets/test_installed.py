"""Targets of other packages: found by entry point, made only if asked for, never run as code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.targets.choice import choose, target_names
from vmcsgen.targets.installed import installed


def install(site: Path, package: str, name: str, text: str = "{{ view.max_index }}\n") -> None:
    """What pip leaves behind of a package that brings one target, and that must not be imported."""
    module = package.replace("-", "_")
    folder = site / module / name
    folder.mkdir(parents=True)
    (site / module / "__init__.py").write_text("raise SystemExit('this code was run')\n")
    (folder / "t.j2").write_text(text)
    (folder / "target.yaml").write_text(
        f"target: {name}\ntitle: Of a package\nlicense: MIT\n"
        "outputs:\n  - {template: t.j2, path: t.txt, language: text}\n"
    )
    metadata = site / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[vmcsgen.targets]\n{name} = {module}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python looks for packages in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def test_a_target_of_a_package_is_made_if_asked_for(site: Path, tmp_path: Path) -> None:
    install(site, "vmcsgen-other", "other")
    out = tmp_path / "out"
    assert main(["gen", "-t", "OTHER", "-o", str(out)]) == 0
    assert (out / "other/t.txt").read_text().strip().isdigit()
    assert main(["gen", "-t", "other", "-o", str(out), "--check"]) == 0
    assert "vmcsgen_other" not in sys.modules


def test_what_is_made_by_default_does_not_depend_on_what_is_installed(site: Path) -> None:
    install(site, "vmcsgen-other", "other")
    assert "other" in installed()
    assert choose([]) == target_names()
    assert "other" not in target_names()


def test_the_stamp_of_an_installed_target_sees_a_change(site: Path, tmp_path: Path) -> None:
    install(site, "vmcsgen-other", "other", "one\n")
    out = str(tmp_path / "out")
    assert main(["gen", "-t", "other", "-o", out]) == 0
    (site / "vmcsgen_other/other/t.j2").write_text("two\n")
    assert main(["gen", "-t", "other", "-o", out, "--check"]) == 1


def test_targets_lists_them_with_their_package(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "vmcsgen-other", "other")
    assert main(["targets"]) == 0
    assert "Of a package (package vmcsgen-other; made only if asked for)" in capsys.readouterr().out
    assert main(["targets", "--format", "json"]) == 0
    packages = {each["target"]: each["package"] for each in json.loads(capsys.readouterr().out)}
    assert packages == {**dict.fromkeys(target_names()), "other": "vmcsgen-other"}


def test_templates_of_a_package_run_in_the_sandbox(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "vmcsgen-other", "other", "{{ ''.__class__.__mro__ }}")
    assert main(["gen", "-t", "other", "-o", str(tmp_path / "out")]) == 2
    assert "unsafe" in capsys.readouterr().err


def test_a_package_can_not_take_the_name_of_ours(site: Path, tmp_path: Path) -> None:
    install(site, "vmcsgen-other", "csv", "theirs\n")
    assert main(["gen", "-t", "csv", "-o", str(tmp_path / "out")]) == 0
    assert not (tmp_path / "out/csv/t.txt").exists()


def test_two_packages_with_one_name_are_refused(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "vmcsgen-one", "other")
    install(site, "vmcsgen-two", "other")
    assert main(["gen", "-t", "other", "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "vmcsgen-one" in error
    assert "vmcsgen-two" in error


@pytest.mark.parametrize(
    "entry",
    [
        "other = no_such_module",
        "other = vmcsgen_other.sub",
        "../x = vmcsgen_other",
        "other = vmcsgen-other",
    ],
)
def test_an_entry_point_that_leads_nowhere_is_no_target(
    site: Path, tmp_path: Path, entry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "vmcsgen-other", "other")
    (site / "vmcsgen_other-1.0.dist-info/entry_points.txt").write_text(
        f"[vmcsgen.targets]\n{entry}\n"
    )
    assert main(["gen", "-t", "other", "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "there is no target 'other'" in error
    named = not entry.startswith("..")
    assert ("package vmcsgen-other names it, but brings no other/target.yaml" in error) is named


def test_a_target_of_a_package_is_suggested(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "vmcsgen-other", "other")
    assert main(["gen", "-t", "othr", "-o", str(tmp_path / "out")]) == 2
    assert "did you mean 'other'?" in capsys.readouterr().err


def test_a_region_of_a_tree_can_be_one_of_a_package(site: Path, tmp_path: Path) -> None:
    install(site, "vmcsgen-other", "other", "#define HIGHEST {{ view.max_index }}\n")
    manifest = site / "vmcsgen_other/other/target.yaml"
    manifest.write_text(manifest.read_text().replace("language: text", "language: c, region: top"))
    (tmp_path / "tree").mkdir()
    file = tmp_path / "tree/a.h"
    file.write_text("/* vmcsgen begin: other/top */\n/* vmcsgen end: other/top */\n")
    assert main(["gen", "--tree", str(tmp_path / "tree")]) == 0
    assert "#define HIGHEST " in file.read_text()
