"""How the page looks and reads: for screen readers, in the dark, on a phone, on paper."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import PHONE, arrived, visit
from tests.needs import missing

ADDRESSES = (
    "#fields", "#tsc_multiplier", "#decoder=0x2033", "#decoder=0x3033", "#processors=i7-4770r",
    "#map", "#controls", "#secondary.use_tsc_scaling", "#projects=linux", "#no_such_thing",
)  # fmt: skip
SERIOUS = ("serious", "critical")

LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_serious(open_page: Callable[..., Any], address: str, look: str) -> None:
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("needs axe: pip install 'vmcsgen[browser]'")
    page = open_page(address, **LOOKS[look])
    found = Axe().run(page).response
    assert len(found["passes"]) > 10
    serious = {
        violation["id"]: [node["html"][:200] for node in violation["nodes"]][:3]
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
    }
    assert serious == {}


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_sticks_out_of_a_phone(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(address, **LOOKS["phone"])
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("address", [*ADDRESSES, "#decoder", "#decoder=99999", "#decoder=x"])
def test_no_value_of_the_scripts_shows_as_text(open_page: Callable[..., Any], address: str) -> None:
    text = open_page(address).locator("body").inner_text()
    assert len(text) > 200
    assert re.findall(r"\b(?:null|undefined|NaN)\b|\[object", text) == []


def test_phone_has_every_view_at_hand_and_filters_where_they_are_asked_for(
    open_page: Callable[..., Any],
) -> None:
    page = open_page("#projects", **LOOKS["phone"])
    for link in page.locator("nav.views a").all():
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    page.locator("nav.views >> text=Fields").click()
    arrived(page, "#fields")
    assert page.locator("#filter-type").is_hidden()
    page.click("#filters-button")
    page.select_option("#filter-type", "host")
    assert page.locator("#filters-button").inner_text() == "Filters (1)"
    page.click("#filters-button")
    assert page.locator("#filter-type").is_hidden()
    assert page.locator("#result").inner_text() != "207 fields"


def test_first_stop_of_the_keyboard_skips_the_views(open_page: Callable[..., Any]) -> None:
    for address, first in (("#fields", "search"), ("#decoder", "decoder-number")):
        page = open_page(address)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == first
        assert page.evaluate("location.hash") == address
        assert page.locator("#search").input_value() == ""


@pytest.mark.parametrize("view", ["fields", "decoder", "processors", "map", "controls", "projects"])
def test_content_of_every_view_is_skipped_to(open_page: Callable[..., Any], view: str) -> None:
    page = open_page(f"#{view}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('main')?.id") == f"view-{view}"


def test_escape_closes_a_field_only_where_it_is_seen(open_page: Callable[..., Any]) -> None:
    page = open_page("#tsc_multiplier")
    visit(page, "#map")
    page.keyboard.press("Escape")
    assert page.evaluate("location.hash") == "#map"


def test_colours_follow_the_system_until_the_reader_chooses(open_page: Callable[..., Any]) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = (open_page(color_scheme=scheme) for scheme in ("light", "dark"))
    assert brightness(light.evaluate(paper)) > 200
    assert brightness(dark.evaluate(paper)) < 60
    light.click("#colours")
    assert light.evaluate(paper) == dark.evaluate(paper)
    light.reload()
    assert light.evaluate(paper) == dark.evaluate(paper)


def brightness(colour: str) -> int:
    """The darkest channel of ``rgb(r, g, b)``."""
    return min(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_paper_gets_the_whole_list_in_dark_ink(open_page: Callable[..., Any]) -> None:
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("nav.views").is_hidden()
    assert page.locator("#search").is_hidden()
    assert brightness(page.evaluate("getComputedStyle(document.body).color")) < 80
    rows = "[...document.querySelectorAll('#field-table tr[id]')]"
    assert page.evaluate(f"{rows}.every((row) => row.getBoundingClientRect().height > 10)")
    document = page.pdf(format="A4")
    assert document.startswith(b"%PDF")
    assert 3 <= document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") <= 30


def test_paper_is_light_whatever_the_reader_chose(open_page: Callable[..., Any]) -> None:
    page = open_page(color_scheme="light")
    page.click("#colours")
    page.emulate_media(media="print")
    assert brightness(page.evaluate("getComputedStyle(document.body).color")) < 80


@pytest.mark.parametrize(("address", "buttons"), [("#map", ".legend"), ("#decoder=0x2032", ".bit")])
def test_paper_keeps_the_buttons_that_say_something(
    open_page: Callable[..., Any], address: str, buttons: str
) -> None:
    page = open_page(address)
    page.emulate_media(media="print")
    assert page.locator(buttons).count() > 5
    assert page.locator(f"{buttons}:visible").count() == page.locator(buttons).count()
    assert page.locator("button:visible").count() == page.locator(buttons).count()


def test_map_is_walked_by_arrow_keys(open_page: Callable[..., Any], spec: Any) -> None:
    page = open_page("#map")
    assert page.locator("#map-picture .cell").count() == len(spec.confirmed)
    assert page.locator("#map-picture .cell[tabindex='0']").count() == 1
    page.locator("#map-picture .cell[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert "EPTP index" in page.locator("#map-caption").inner_text()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == "guest_ss_selector"
    page.keyboard.press("Enter")
    arrived(page, "#guest_ss_selector")
    assert page.locator("#detail-title").inner_text() == "Guest SS selector"


def test_map_outlines_the_fields_that_decide(open_page: Callable[..., Any], spec: Any) -> None:
    from vmcsgen.core.enumeration import ladder

    page = open_page("#map")
    outlined = page.evaluate(
        "[...document.querySelectorAll('.cell.rung-field')].map((cell) => cell.dataset.id)"
    )
    assert sorted(outlined) == sorted(field.id for rung in ladder(spec) for field in rung.fields)
    labels = page.locator("#map-picture .rung-label").all_text_contents()
    assert labels == [hex(rung.vmcs_enum) for rung in reversed(ladder(spec))]


def test_legend_lights_one_family(open_page: Callable[..., Any]) -> None:
    page = open_page("#map")
    page.click("#map-legend [data-family=tertiary]")
    bright = page.locator(".cell.bright")
    assert 0 < bright.count() < page.locator(".cell").count()
    assert bright.count() == page.locator(".cell.family-tertiary").count()
    visit(page, "#controls")
    visit(page, "#map")
    assert bright.count() == page.locator(".cell.family-tertiary").count()
    page.click("#map-legend [data-family=tertiary]")
    assert bright.count() == 0


def test_timeline_counts_every_field_once(open_page: Callable[..., Any], spec: Any) -> None:
    page = open_page("#map")
    brought = page.evaluate("vmcs.facts.generations.flatMap((each) => each.fields)")
    assert len(brought) == len(set(brought)) > 100
    years = page.evaluate("vmcs.facts.generations.map((each) => each.year)")
    assert years == sorted(years)
    assert page.locator("#timeline-list li").count() == len(years) + 1


def test_projects_page_counts_what_the_spec_names(open_page: Callable[..., Any], spec: Any) -> None:
    page = open_page("#projects")
    rows = page.locator("#project-rows tr")
    assert rows.count() == len(spec.projects)
    for place, project in enumerate(spec.projects):
        named = [field for field in spec.confirmed if field.id in project.fields]
        cells = rows.nth(place).locator("td").all_inner_texts()
        assert int(cells[0]) == len(named)
        assert int(cells[1]) == len(spec.confirmed) - len(named)
        assert int(cells[2]) == max(field.index for field in named)
    assert page.locator(".matrix td.has").count() == sum(
        field.id in project.fields for field in spec.confirmed for project in spec.projects
    )
    page.click("#project-rows >> text=Xen")
    arrived(page, "#projects=xen")
    assert "0x3e" in page.locator("#project-detail").inner_text()


def test_controls_page_has_every_control_with_its_fields(
    open_page: Callable[..., Any], spec: Any
) -> None:
    from vmcsgen.core.requirement import names

    page = open_page("#controls")
    for name in (*spec.controls, *spec.feature_by_name):
        brings = [field.id for field in spec.confirmed if name in names(field.requires)]
        links = page.evaluate(
            "(id) => [...document.getElementById(id).querySelectorAll('td[data-label=brings] a')]"
            ".map((link) => link.hash.slice(1))",
            name,
        )
        assert links == brings
    page.fill("#control-search", "vmx-tsc-scaling")
    assert page.locator("#control-list tbody tr:visible").count() == 1
    assert page.locator("#control-result").inner_text().startswith("1 of ")


def test_screenshot_of_the_readme(open_page: Callable[..., Any], tmp_path: Path) -> None:
    """With VMCSGEN_SCREENSHOTS=docs/images the picture of the README is made anew."""
    page = open_page(color_scheme="light", viewport={"width": 1280, "height": 800})
    page.fill("#search", "pointer")
    page.click("a[href='#pid_pointer_table_address']")
    arrived(page, "#pid_pointer_table_address")
    page.mouse.move(0, 0)
    folder = Path(os.environ.get("VMCSGEN_SCREENSHOTS", str(tmp_path)))
    path = folder / "reference.png"
    page.screenshot(path=path)
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--output", path, "64", path], check=True)
    raw = path.read_bytes()
    assert struct.unpack(">II", raw[16:24]) == (1280, 800)
    assert 20_000 < len(raw) < 300_000
