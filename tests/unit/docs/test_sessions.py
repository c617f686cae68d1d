"""The guide's sessions: each page's commands, run by a shell in a folder of their own.

A ``shell-session`` block is what one types and sees. All blocks of a page are one session, in a
folder that holds a copy of spec/ and templates/. In its output a line ``...`` stands for any
lines; nothing else may differ.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needs import need

CHECKOUT = Path(__file__).resolve().parents[3]
GUIDE = sorted((CHECKOUT / "docs").glob("*.md"))


def session(page: Path) -> list[tuple[str, str]]:
    """(command, expected output) of a page's session, in order."""
    steps = []
    for block in re.findall(r"^```shell-session\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.splitlines()
            command = [lines.pop(0)]
            while lines and lines[0].startswith(">"):
                command.append(lines.pop(0).removeprefix(">").removeprefix(" "))
            steps.append(("\n".join(command), "\n".join(lines)))
    return steps


SESSIONS = {page.name: session(page) for page in GUIDE}


@pytest.mark.parametrize("name", [name for name, steps in SESSIONS.items() if steps])
def test_session_goes_as_the_page_says(name: str, tmp_path: Path) -> None:
    bash = need("bash", "bash")
    for folder in ("spec", "templates"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder)
    steps = SESSIONS[name]
    end = "\x1e"
    script = "".join(f"{command}\nprintf '{end}'\n" for command, _ in steps)
    done = subprocess.run(
        [bash, "-c", f"exec 2>&1\n{script}"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode().split(end)
    assert len(said) == len(steps) + 1
    for (command, expected), output in zip(steps, said, strict=False):
        assert fits(expected, output.rstrip("\n")), f"$ {command}\n{output}"


def environment(home: Path) -> dict[str, str]:
    """Where the program is found, and nothing of the user's own settings."""
    beside = Path(sys.executable).parent
    return {
        "PATH": f"{beside}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "VMCSGEN_CACHE": os.environ["VMCSGEN_CACHE"],
    }


def fits(expected: str, output: str) -> bool:
    """Whether output is what the page shows; ``...`` on a line of its own is any text."""
    lines = [
        "(?:.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in expected.splitlines()
    ]
    return re.fullmatch("".join(lines), f"{output}\n" if output else "") is not None


def test_ellipsis_is_no_licence() -> None:
    assert fits("a\n...\nc", "a\nb\nb\nc")
    assert fits("a\n...", "a\nb")
    assert not fits("a\n...\nc", "a\nb\nd")
    assert not fits("a", "a\nb")


def test_guide_has_sessions() -> None:
    assert sum(bool(steps) for steps in SESSIONS.values()) >= 5


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, pending = set(), [CHECKOUT / "README.md"]
    while pending:
        page = pending.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target:
                pending.append((page.parent / target).resolve())
    assert [page.name for page in GUIDE if page not in reached] == []
