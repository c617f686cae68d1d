"""What a generated program answers when it is asked about capability sets, line by line."""

from __future__ import annotations

import subprocess
from pathlib import Path

from capability_sets import Sets


def ask(sets: Sets, program: Path) -> tuple[list[int], list[int], list[int]]:
    """What a generated program answers: highest indices, VMCS_ENUMs, and columns of existence."""
    done = subprocess.run(
        [program, "-"], input="\n".join(sets.lines()), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.split() for line in done.stdout.splitlines()]
    assert len(answers) == len(sets)
    existence = "".join(answer[2] for answer in reversed(answers))
    width = len(sets.spec.confirmed)
    assert len(existence) == width * len(sets)
    return (
        [int(answer[0]) for answer in answers],
        [int(answer[1], 16) for answer in answers],
        [int(existence[position::width], 2) for position in range(width)],
    )


def assert_program_agrees(sets: Sets, program: Path) -> None:
    indices, enums, existing = ask(sets, program)
    assert indices == sets.highest
    assert enums == [index << 1 for index in indices]
    different = [
        each.id
        for each, here, there in zip(sets.spec.confirmed, existing, sets.existing, strict=True)
        if here != there
    ]
    assert different == []
