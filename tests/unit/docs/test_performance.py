"""docs/performance.md has every part, every aim and every picture that the bench makes."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from bench.aims import AIMS
from bench.chart import chart
from bench.measure import HEADS, Section, Table
from bench.page import BEGIN, END, HEAD, IMAGES, PAGE, markdown
from bench.run import BENCHES

TEXT = PAGE.read_text()


def part(name: str) -> str:
    _, _, rest = TEXT.partition(BEGIN.format(name))
    text, end, _ = rest.partition(END.format(name))
    assert end, f"make bench BENCH={name} was never run"
    return text


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_has_its_part_and_says_where_it_was_measured(name: str) -> None:
    text = part(name)
    assert re.search(r"^## \w", text, re.MULTILINE)
    assert re.search(
        r"Measured on: .+, \d+ processors, Linux [\d.]+, Python [\d.]+; vmcsgen .+ black .+\.$",
        " ".join(text.split()),
    )


def test_the_page_is_the_bench_s_and_nothing_else() -> None:
    parts = "\n".join(f"{BEGIN.format(name)}{part(name)}{END.format(name)}\n" for name in BENCHES)
    assert f"{HEAD}\n{parts}" == TEXT


@pytest.mark.parametrize(("what", "aim"), AIMS.items())
def test_every_aim_stands_beside_its_figures(what: str, aim: float) -> None:
    (row,) = re.findall(rf"^\| {re.escape(what)} \|(.*)\|$", TEXT, re.MULTILINE)
    cells = [cell.strip() for cell in row.split("|")]
    assert len(cells) == len(HEADS) - 1
    assert all(float(cell) > 0 for cell in cells[:-1])
    assert cells[-1] == f"{aim:g}"


def test_every_picture_is_there_and_is_svg() -> None:
    names = re.findall(r"\]\(images/([\w-]+\.svg)\)", TEXT)
    assert names
    for name in names:
        assert ElementTree.parse(IMAGES / name).getroot().tag.endswith("svg")


def test_a_chart_has_a_line_and_a_straight_one_for_each_name() -> None:
    picture = chart("t", "x", "y", {"one": [(1, 1), (10, 20)], "two": [(1, 3), (10, 30)]})
    root = ElementTree.fromstring(picture)
    lines = [each.get("points") for each in root.iter() if each.tag.endswith("polyline")]
    assert len(lines) == 4
    assert lines[2] == lines[3]  # of "two", which grows as its input does
    assert lines[0] != lines[1]


def test_a_short_row_is_filled_up() -> None:
    section = Section("Title", (Table("Caption", ("a", "b", "c"), (("1", "why not"),)),), {})
    assert "\n| 1 | why not |  |\n" in markdown("name", section)
