"""What is written while it is killed: a folder in its old state, and the run that renews it."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from vmcsgen.cli import main
from vmcsgen.targets.regions import digest, parse

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit"))
from targets.kernel_tree import make

CHECKOUT = Path(__file__).resolve().parents[2]

State = dict[str, bytes]
"""Path below the folder -> content."""

Scenario = Callable[[Path, Path], tuple[list[str], State]]
"""Folder and a place for what it needs -> arguments of the program, and the old state."""


def quietly(arguments: list[str]) -> int:
    """Run the program without a word."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(arguments)


def older_spec(place: Path) -> Path:
    """A spec of another version: every output of it differs."""
    spec = place / "spec"
    shutil.copytree(CHECKOUT / "spec", spec)
    (spec / "VERSION").write_text("2025.01\n")
    return spec


def files(folder: Path) -> State:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


TARGETS = ("c", "csv", "linux", "qemu")


def gen(folder: Path, place: Path) -> tuple[list[str], State]:
    """``gen``: files that are stale, and a target whose files are missing."""
    chosen = [part for name in TARGETS for part in ("-t", name)]
    assert quietly(["gen", *chosen, "-o", str(folder), "--spec", str(older_spec(place))]) == 0
    old = files(folder)
    old = {name: content for name, content in old.items() if not name.startswith("csv/")}
    return ["gen", *chosen, "-o", str(folder)], old


def lay(folder: Path, state: State) -> None:
    """Write these files."""
    for name, content in state.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def stale(text: str) -> str:
    """A marked file as an older spec would have left it: each region lacks its second line."""
    lines = text.split("\n")
    for region in reversed(parse(text, "file").regions):
        body = [*region.body[:1], *region.body[2:]]
        mark = lines[region.end - 1].partition("sha256:")[0]
        lines[region.first - 1 : region.end] = [*body, f"{mark}sha256:{digest(body)} */"]
    return "\n".join(lines)


def gen_tree(folder: Path, place: Path) -> tuple[list[str], State]:
    """``gen --tree``: several files of a kernel, with regions of an older spec."""
    make(folder)
    assert quietly(["adopt", "linux", str(folder)]) == 0
    assert quietly(["gen", "--tree", str(folder)]) == 0
    old = {
        name: stale(content.decode()).encode() if b"vmcsgen begin:" in content else content
        for name, content in files(folder).items()
    }
    return ["gen", "--tree", str(folder)], old


def adopt(folder: Path, place: Path) -> tuple[list[str], State]:
    """``adopt``: hand-written lists of a kernel become regions, several files at once."""
    make(folder)
    return ["adopt", "linux", str(folder)], files(folder)


def check_fix(folder: Path, place: Path) -> tuple[list[str], State]:
    """``check --fix``: a wrong value in each of several headers."""
    header = "".join(
        f"#define {name} {value}\n"
        for name, value in (("GUEST_RIP", "0x681e"), ("TSC_MULTIPLIER", "0x2034"),
                            ("HOST_RIP", "0x6c16"), ("GUEST_RSP", "0x681c"),
                            ("VM_EXIT_REASON", "0x4402"))
    )  # fmt: skip
    lay(folder, {f"part{number}/vmcs.h": header.encode() for number in range(6)})
    return ["check", "--fix", "--project", "linux", "--jobs", "1", str(folder)], files(folder)


SCENARIOS: dict[str, Scenario] = {
    "gen": gen, "gen-tree": gen_tree, "adopt": adopt, "check-fix": check_fix,
}  # fmt: skip
