"""Permalinks, and what the page says of a field: everything that ``vmcsgen show`` says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import arrived, visit

import vmcsgen
from vmcsgen import catalog
from vmcsgen.commands.show import describe
from vmcsgen.core.spec import Match


def words(text: str) -> str:
    """``text`` with single blanks, without the punctuation that only separates."""
    return re.sub(r"[\s,;:]+", " ", text).strip().casefold()


def test_every_field_opens_by_id_and_by_both_encodings(page: Any, spec: vmcsgen.Spec) -> None:
    addresses = {}
    for field in spec.confirmed:
        addresses[field.id] = addresses[str(field.encoding)] = [field.id, False]
        if field.high_encoding is not None:
            addresses[str(field.high_encoding)] = [field.id, True]
    found = page.evaluate(
        """(addresses) => addresses.map((address) => {
            const { view, field, high } = vmcs.parseAddress("#" + address);
            return view === "fields" ? [field.id, high] : view;
        })""",
        list(addresses),
    )
    assert dict(zip(addresses, found, strict=True)) == addresses


def test_names_of_views_are_no_field_ids(page: Any, spec: vmcsgen.Spec) -> None:
    views = page.evaluate("[...document.querySelectorAll('nav.views a')].map(a => a.hash.slice(1))")
    assert len(views) == 6
    assert not set(views) & set(spec.by_id)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert sorted(set(ids)) == sorted(ids)


def test_field_page_says_everything_that_show_says(page: Any, spec: vmcsgen.Spec) -> None:
    known = catalog.make(spec)
    for field in spec.confirmed:
        for high in (False, True) if field.high_encoding is not None else (False,):
            match = Match(field, high)
            ((entry, _),) = catalog.find(known, field.id)
            page.evaluate("(hash) => { location.hash = hash }", f"#{match.encoding}")
            page.wait_for_function(
                "(text) => document.getElementById('detail-title')?.textContent === text",
                arg=field.title + (" (high 32 bits)" if high else ""),
            )
            panel = page.locator("#detail").text_content()
            assert "null" not in panel and "undefined" not in panel
            # Bits stand in groups there; the picture's label says them in words.
            panel += page.locator("#detail .bits").get_attribute("aria-label")
            shown = words(panel)
            for line in describe(known, entry, high).splitlines()[1:]:
                label, text = re.split(r"\s{2,}", line.strip(), maxsplit=1)
                if label == "bits":
                    text = text.split(": ", 1)[1]
                if label == "requires":
                    # Pills joined by "or" and "and" there.
                    text = re.sub(r"(any|all)\(|\)", "", text)
                if label == "encoding":
                    text = re.sub(r"high half (\w+)", r"\1high half", text)
                for piece in re.split(r"[:,;] ", text):
                    assert words(piece) in shown, (field.id, line, piece)


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        # A later processor of the collection, atom-e680, lacks it.
        ("apic_access_address", "Already in the oldest generation of the collection, {} ({})."),
        ("tsc_multiplier", "First seen in {} ({})."),
    ],
)
def test_field_page_says_which_generation_has_it_first(
    open_page: Any, identity: str, told: str
) -> None:
    page = open_page(f"#{identity}")
    generation = page.evaluate(
        "(id) => vmcs.facts.generations.find((each) => each.fields.includes(id))", identity
    )
    assert generation["first"] == told.startswith("Already")
    expected = told.format(generation["title"], generation["year"])
    assert expected in page.locator("#detail").inner_text()


@pytest.mark.parametrize(
    ("address", "view", "text"),
    [
        ("#tsc_multiplier", "fields", "TSC multiplier"),
        ("#0x2033", "fields", "TSC multiplier (high 32 bits)"),
        ("#8242", "fields", "TSC multiplier"),
        ("#TSC_MULTIPLIER_HIGH", "fields", "TSC multiplier (high 32 bits)"),
        ("#0x3033", "decoder", "bit 12 set"),
        ("#decoder=0x2838", "decoder", "index 28"),
        ("#secondary.use_tsc_scaling", "controls", "Use TSC scaling"),
        ("#projects=xen", "projects", "Xen"),
        ("#map", "map", "32-bit guest state"),
        ("#no_such_thing", "fields", "No field fits"),
        ("#%E0%A4%A", "fields", "Encoding"),
        ("#__proto__", "fields", "No field fits"),
        ("#projects=__proto__", "projects", "Coverage"),
    ],
)
def test_address_opens_its_view(open_page: Any, address: str, view: str, text: str) -> None:
    page = open_page(address)
    assert page.locator("main:visible").get_attribute("id") == f"view-{view}"
    assert text in page.locator(f"#view-{view}").inner_text()
    current = page.locator("nav.views a[aria-current=page]")
    assert current.get_attribute("href") == f"#{view}"


def test_addresses_of_the_guide_open_what_it_says(page: Any, checkout: Path) -> None:
    guide = (checkout / "docs/reference-page.md").read_text("utf-8")
    rows = re.findall(r"^\| (`#.*?) \| (.*?) \|$", guide, re.MULTILINE)
    assert len(rows) == 8
    for addresses, opens in rows:
        for address in re.findall(r"`(#.*?)`", addresses):
            asked = page.evaluate("vmcs.parseAddress", address)
            assert asked.get("unknown") is None
            if "field" in opens:
                assert asked["field"]["id"] == "tsc_multiplier"
                assert asked["high"] == ("high" in opens or "HIGH" in address)
            elif opens != "a view":
                assert asked["argument"], address
            visit(page, address)
            assert page.locator(f"#view-{asked['view']}").is_visible()


@pytest.mark.parametrize("identity", ["secondary.use_tsc_scaling", "host_rip", "tsc_multiplier"])
@pytest.mark.parametrize("width", [1280, 1000])
def test_what_an_address_names_is_in_sight(open_page: Any, identity: str, width: int) -> None:
    page = open_page(f"#{identity}", viewport={"width": width, "height": 800})
    visit(page, "#map")
    visit(page, f"#{identity}")
    for _ in range(2):
        # Rows on the way get their height while the page scrolls past them.
        page.wait_for_function(
            """(identity) => {
                const finder = document.querySelector("main:not([hidden]) .finder");
                const row = document.getElementById(identity).getBoundingClientRect();
                return finder.getBoundingClientRect().bottom <= row.top
                    && row.top + Math.min(row.height, 100) <= innerHeight;
            }""",
            arg=identity,
        )
        page.reload()


def test_back_button_returns_to_the_list(open_page: Any) -> None:
    page = open_page()
    page.click("text=PML index")
    arrived(page, "#pml_index")
    assert page.locator("#detail-title").inner_text() == "PML index"
    assert page.title() == "PML index (0x0812) · VMCS reference"
    page.click("#detail a[rel=next]")
    arrived(page, "#guest_uinv")
    assert page.locator("#detail-title").inner_text() == "Guest UINV"
    page.go_back()
    arrived(page, "#pml_index")
    assert page.locator("#detail-title").inner_text() == "PML index"
    page.go_back()
    arrived(page, "")
    assert page.locator("#detail").is_hidden()


def test_permalink_to_a_field_that_filters_hide_shows_it(open_page: Any) -> None:
    page = open_page()
    page.select_option("#filter-width", "natural")
    visit(page, "#tsc_multiplier")
    assert page.locator("#tsc_multiplier").is_visible()
    assert page.input_value("#filter-width") == ""
