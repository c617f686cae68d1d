"""docs/performance.md: one part a bench, replaced when that bench is run with --write."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from textwrap import fill

from bench.measure import CHECKOUT, Section, Table

PAGE = CHECKOUT / "docs/performance.md"
IMAGES = CHECKOUT / "docs/images"
LINE = 100

HEAD = """# Performance

Written by `make bench`, with what it measured; no test asserts a figure of it, and tests hold what
the figures rest on: what a start imports, how often a file is read, the bytes of tables. Ratios
are to something run right beside, so that what else the machine does disturbs both alike; compare
ratios, not milliseconds. An *aim* is the most that we want to pay.
"""

BEGIN, END = "<!-- bench {} -->", "<!-- end {} -->"


def machine() -> str:
    """What the figures were measured on: processor, system, Python and versions that matter."""
    from importlib.metadata import version

    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    names = ("vmcsgen", "jinja2", "pyyaml", "jsonschema", "black")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} processors, "
        f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}; "
        f"{versions}"
    )


def markdown(name: str, section: Section) -> str:
    """The part of the page that a bench writes."""
    lines = [BEGIN.format(name), f"## {section.title}", ""]
    for part in section.parts:
        lines += [_prose(part) if isinstance(part, str) else _table(part), ""]
    lines.append(_prose(f"Measured on: {machine()}."))
    return "\n".join([*lines, END.format(name)]) + "\n"


def _prose(text: str) -> str:
    """Paragraphs in lines as this guide has them."""
    return "\n\n".join(
        fill(part, LINE, break_long_words=False, break_on_hyphens=False)
        for part in text.split("\n\n")
    )


def _table(table: Table) -> str:
    rows = [table.heads, tuple("---" for _ in table.heads), *table.rows]
    wide = (row + ("",) * (len(table.heads) - len(row)) for row in rows)
    return "\n".join([f"{table.caption}:", "", *(f"| {' | '.join(row)} |" for row in wide)])


def write(order: list[str], found: dict[str, Section]) -> None:
    """Replace the parts of the benches in ``found``; ``order`` names every bench."""
    old = PAGE.read_text() if PAGE.exists() else ""
    parts = [HEAD]
    for name in order:
        if name in found:
            parts.append(markdown(name, found[name]))
            for file, picture in found[name].pictures.items():
                (IMAGES / file).write_text(picture)
            continue
        pattern = f"{re.escape(BEGIN.format(name))}.*?{re.escape(END.format(name))}\n"
        kept = re.search(pattern, old, re.DOTALL)
        parts.append(kept[0] if kept else "")
    PAGE.write_text("\n".join(part for part in parts if part))
