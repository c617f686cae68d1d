"""Imports point down only, by the table of docs/architecture.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "generator/vmcsgen"


def layers() -> dict[str, int]:
    """Room -> its row in the table, from the top; a folder ends with a slash."""
    page = (CHECKOUT / "docs/architecture.md").read_text()
    table = page.partition("| layer | rooms | knows |")[2].partition("\n\n")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    return {
        room: place
        for place, row in enumerate(rows)
        for room in re.findall(r"`([a-z_]+/?)`", row.split("|")[1])
    }


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vmcsgen"):
            found = str(node.module)
            yield from [found] if "." in found else (f"vmcsgen.{each.name}" for each in node.names)


def room(parts: tuple[str, ...]) -> str:
    folder = (PACKAGE / parts[0]).is_dir()
    return f"{parts[0]}/" if folder else parts[0].removesuffix(".py")


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.name.startswith("__")]


def test_the_table_has_every_room() -> None:
    assert {room(path.relative_to(PACKAGE).parts) for path in MODULES} == set(layers())


def test_imports_point_down_only() -> None:
    place = layers()
    upwards = set()
    for path in MODULES:
        relative = path.relative_to(PACKAGE)
        for module in imports(path):
            target = module.split(".")[1]
            if target == "__version__":
                continue
            wanted = room((target,))
            if place[wanted] < place[room(relative.parts)]:
                upwards.add((relative.as_posix(), wanted))
    assert not upwards
