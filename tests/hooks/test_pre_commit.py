"""The real pre-commit, a scratch repository, and this checkout as the repository of the hooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from needs import missing

RIGHT = "/* VMCS */\nenum vmcs_field {\n\tGUEST_RSP = 0x681c,\n\tGUEST_RIP = 0x681e,\n};\n"
WRONG = RIGHT.replace("0x681c", "0x681a")

CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: vmcsgen-check
      - id: vmcsgen-validate
      - id: vmcsgen-gen-check
        args: [--spec, spec, -t, csv]
"""


@dataclass(frozen=True)
class Scratch:
    """A git repository with the hooks, and how to commit to it."""

    top: Path
    environment: dict[str, str]

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments], cwd=self.top, env=self.environment, text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    def commit(self) -> tuple[bool, str]:
        self.git("add", "--all")
        done = self.git("commit", "-m", "change")
        return done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No settings of this machine's user, and a store of hook environments of its own."""
    home = tmp_path_factory.mktemp("home")
    return {
        **os.environ,
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Test"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "test@example.org"),
    }


@pytest.fixture(scope="module")
def hooks(
    checkout: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Scratch:
    """The checkout as it stands in the work tree, as a repository of its own."""
    top = tmp_path_factory.mktemp("hooks")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout, check=True, capture_output=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.decode().split("\0")):
        source, place = checkout / name, top / name
        if source.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
    repository = Scratch(top, environment)
    repository.git("init", "--quiet")
    assert repository.commit()[0]
    return repository


@pytest.fixture(scope="module")
def scratch(
    hooks: Scratch, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Scratch:
    """A repository with a right list, a spec and a generated file, and the hooks installed."""
    try:
        import pre_commit  # noqa: F401
    except ImportError:
        missing("needs pre-commit: pip install pre-commit")
    top = tmp_path_factory.mktemp("scratch")
    repository = Scratch(top, environment)
    repository.git("init", "--quiet")
    revision = hooks.git("rev-parse", "HEAD").stdout.strip()
    config = CONFIG.format(repository=hooks.top, revision=revision)
    (top / ".pre-commit-config.yaml").write_text(config)
    (top / "vmx.h").write_text(RIGHT)
    shutil.copytree(hooks.top / "spec", top / "spec")
    (top / "out").mkdir()
    shutil.copytree(hooks.top / "out" / "csv", top / "out" / "csv")
    for command in (["install"], ["install-hooks"]):
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *command],
            cwd=top, env=environment, text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            missing(f"pre-commit can't set up the hooks: {done.stdout[-500:]}")
    return repository


def test_a_clean_tree_is_committed(scratch: Scratch) -> None:
    done, output = scratch.commit()
    assert done, output
    assert output.count("Passed") == 3


def test_a_wrong_constant_blocks_the_commit_with_its_line(scratch: Scratch) -> None:
    (scratch.top / "vmx.h").write_text(WRONG)
    done, output = scratch.commit()
    (scratch.top / "vmx.h").write_text(RIGHT)
    assert not done
    assert "vmx.h:3:14: error: GUEST_RSP is 0x681a" in output
    assert output.count("Passed") == 2


def test_a_stale_output_blocks_the_commit(scratch: Scratch) -> None:
    fields = scratch.top / "out" / "csv" / "fields.csv"
    before = fields.read_text()
    fields.write_text(before.replace("0x681e", "0x681f"))
    done, output = scratch.commit()
    fields.write_text(before)
    assert not done
    assert "fields.csv" in output


def test_renaming_the_spec_does_not_pass(scratch: Scratch) -> None:
    """A hook that matches nothing any more must fail, not fall silent."""
    (scratch.top / "spec").rename(scratch.top / "specification")
    done, output = scratch.commit()
    (scratch.top / "specification").rename(scratch.top / "spec")
    assert not done
    assert output.count("Failed") == 2


def test_a_tree_without_any_list_does_not_pass(scratch: Scratch) -> None:
    aside = scratch.top.parent / "aside"
    aside.mkdir()
    for name in ("vmx.h", "spec", "out"):
        shutil.move(scratch.top / name, aside / name)
    done, output = scratch.commit()
    for name in ("vmx.h", "spec", "out"):
        shutil.move(aside / name, scratch.top / name)
    assert not done
    assert "nothing was inspected" in output


def test_the_hook_of_the_guide_works_without_pre_commit(
    checkout: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    guide = (checkout / "docs" / "in-ci.md").read_text()
    hook = guide.partition("as `.git/hooks/pre-commit`:\n\n```sh\n")[2].partition("```")[0]
    assert hook.startswith("#!/bin/sh\n")
    repository = Scratch(tmp_path, environment)
    repository.git("init", "--quiet")
    place = tmp_path / ".git" / "hooks" / "pre-commit"
    place.parent.mkdir(exist_ok=True)
    place.write_text(hook)
    place.chmod(0o755)
    (tmp_path / "vmx.h").write_text(RIGHT)
    done, output = repository.commit()
    assert done, output
    (tmp_path / "vmx.h").write_text(WRONG)
    done, output = repository.commit()
    assert not done
    assert "vmx.h:3:14: error: GUEST_RSP is 0x681a" in output
    (tmp_path / "vmx.h").write_text(RIGHT)  # what is staged is checked, not what lies there
    assert repository.git("commit", "-m", "still wrong").returncode != 0
    (tmp_path / "vmx.h").write_text("int nothing;\n")
    done, output = repository.commit()
    assert not done
    assert "nothing was inspected" in output


def test_the_workflow_of_the_guide_runs(
    checkout: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Its own steps, but for those that install and upload, in the order they stand there."""
    guide = (checkout / "docs" / "in-ci.md").read_text()
    text = next(part for part in guide.split("```yaml\n") if "sarif_file" in part).partition("```")[
        0
    ]
    steps = yaml.safe_load(text)["jobs"]["vmcs"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands.pop(0) == "pip install 'vmcsgen[check]'"
    (upload,) = [step["with"] for step in steps if "upload-sarif" in step.get("uses", "")]
    for content, wanted in ((RIGHT, 0), (WRONG, 1)):
        (tmp_path / "vmx.h").write_text(content)
        status = []
        for command in commands:
            done = subprocess.run(
                ["bash", "-e", "-c", command], cwd=tmp_path, env=environment, text=True,
                capture_output=True, check=False,
            )  # fmt: skip
            status.append(done.returncode)
            if "--format github" in command:
                assert ("::error file=vmx.h,line=3," in done.stdout) == bool(wanted)
        assert status == [wanted, 0]
        log = json.loads((tmp_path / upload["sarif_file"]).read_text())
        assert (
            len([each for each in log["runs"][0]["results"] if each["level"] == "error"]) == wanted
        )
