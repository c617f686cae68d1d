"""Instant search and filters: the same answers as the library, with keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.conftest import arrived, visit

import vmcsgen
from vmcsgen import catalog

ROWS = "#field-table tr[id]:visible"


def shown(page: Any) -> list[str]:
    """Ids of the fields in the list, in order."""
    return page.evaluate(
        "[...document.querySelectorAll('#field-table tr[id]:not([hidden])')].map((row) => row.id)"
    )


def why(page: Any, field: str) -> str:
    """What a row says of its being found; innerText has it only after the next frame."""
    return page.locator(f"#{field} .why").text_content()


def test_every_name_title_and_encoding_finds_its_field_first(page: Any, spec: Any) -> None:
    wanted = {}
    for field in spec.confirmed:
        wanted |= dict.fromkeys((field.id, field.title, *field.formerly))
        wanted |= dict.fromkeys((str(field.encoding), str(field.encoding.value)))
        if field.high_encoding is not None:
            wanted |= dict.fromkeys((str(field.high_encoding), f"{field.id}_high"))
    for project in spec.projects:
        for names in (project.fields, project.high_fields):
            wanted |= dict.fromkeys(name for name in names.values() if name)
        wanted |= dict.fromkeys(name for names in project.aliases.values() for name in names)
    texts = list(wanted)
    assert len(texts) > 2000
    found = page.evaluate(
        "(texts) => texts.map((text) => vmcs.search(text).filter((hit) => hit.score >= 1000)"
        ".map((hit) => [hit.field.id, hit.high]))",
        texts,
    )
    wrong = {}
    for text, hits in zip(texts, found, strict=True):
        expected = sorted(
            [match.field.id, match.high] for match in spec.find(text) if match.field.confirmed
        )
        if expected and sorted(hits) != expected:
            wrong[text] = hits
    assert wrong == {}


def test_words_in_any_order_and_former_titles(page: Any) -> None:
    page.fill("#search", "multiplier tsc")
    assert shown(page) == ["tsc_multiplier"]
    page.fill("#search", "idt-vectoring")
    assert shown(page)[:2] == ["original_event_identification", "original_event_error_code"]
    assert "formerly" in why(page, "original_event_identification")


def test_number_means_its_encoding_alone(page: Any) -> None:
    for text in ("0x2033", "8243", "2033h", " 0X2033 "):
        page.fill("#search", text)
        assert shown(page) == ["tsc_multiplier"]
    assert why(page, "tsc_multiplier") == "high half"
    assert page.locator("#result").inner_text() == "1 of 207 fields"


def test_typing_error_gets_suggestions_and_number_its_reason(page: Any) -> None:
    page.fill("#search", "tsc_multiplyer")
    assert page.locator("#nothing a").all_inner_texts() == ["tsc_multiplier"]
    page.fill("#search", "0x3033")
    assert "bit 12 set" in page.locator("#nothing").inner_text()


@pytest.mark.parametrize(
    ("name", "value", "conditions"),
    [
        ("width", "natural", ["width=natural"]),
        ("type", "read_only", ["type=read_only"]),
        ("status", "announced", ["status=announced"]),
        ("project", "qemu", ["project=qemu"]),
    ],
)
def test_filter_shows_what_the_library_selects(
    page: Any, spec: vmcsgen.Spec, name: str, value: str, conditions: list[str]
) -> None:
    page.select_option(f"#filter-{name}", value)
    known = catalog.make(spec)
    found = catalog.select(known, [catalog.parse_condition(each, known) for each in conditions])
    confirmed = {field.id for field in spec.confirmed}
    expected = [field["id"] for field in found if field["id"] in confirmed]
    assert expected and shown(page) == expected


def test_every_requirement_and_control_can_be_filtered_by(page: Any, spec: vmcsgen.Spec) -> None:
    from vmcsgen.core.enumeration import requirement_groups
    from vmcsgen.core.requirement import names, terms

    for number, requirement in enumerate(requirement_groups(spec)):
        page.select_option("#filter-requires", str(number))
        assert shown(page) == [
            field.id for field in spec.confirmed if terms(field.requires) == terms(requirement)
        ]
    page.select_option("#filter-requires", "")
    choices = page.evaluate(
        "[...document.querySelectorAll('#filter-control option')].map(o => o.value)"
    )
    for control in filter(None, choices):
        page.select_option("#filter-control", control)
        expected = [
            field.id
            for field in spec.confirmed
            if control in spec.closure(frozenset(names(field.requires)))
        ]
        assert expected and shown(page) == expected


def test_filters_and_search_combine_and_clear(page: Any, spec: vmcsgen.Spec) -> None:
    page.select_option("#filter-type", "host")
    page.select_option("#filter-project", "-qemu")
    page.fill("#search", "fred")
    qemu = spec.project_by_id["qemu"].fields
    expected = {
        field.id
        for field in spec.confirmed
        if field.type is vmcsgen.FieldType.HOST and field.id not in qemu and "fred" in field.id
    }
    assert expected and set(shown(page)) == expected
    page.click("#clear")
    assert len(shown(page)) == len(spec.confirmed)
    assert page.evaluate("document.activeElement.id") == "search"


def test_field_that_a_filter_hides_is_told_of(page: Any) -> None:
    page.select_option("#filter-type", "guest")
    page.fill("#search", "0x2032")
    told = page.locator("#nothing p").all_inner_texts()
    assert told == ["The filters leave it out.", "Take it apart"]


def test_slash_keeps_the_keyboard_in_the_search_box(open_page: Any) -> None:
    page = open_page("#tsc_multiplier")
    visit(page, "#map")
    page.keyboard.press("/")
    arrived(page, "#fields")
    page.keyboard.type("0x2032")
    assert page.input_value("#search") == "0x2032"
    assert page.evaluate("location.hash") == "#fields"


def test_list_keeps_its_order_after_a_search(page: Any, spec: vmcsgen.Spec) -> None:
    page.fill("#search", "host")
    page.fill("#search", "")
    tables = page.locator("#field-table tbody.table:visible").count()
    assert tables == len(spec.tables)
    # By SDM table, not by encoding: that is how a reader of Appendix B looks for a field.
    order = sorted(spec.tables, key=lambda table: int(table.removeprefix("B-")))
    by_table = sorted(spec.confirmed, key=lambda field: order.index(field.table))
    assert shown(page) == [field.id for field in by_table]


def test_keyboard_alone_finds_opens_and_closes_a_field(page: Any) -> None:
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("pml address high")
    page.keyboard.press("Enter")
    arrived(page, "#0x200f")
    assert page.locator("#detail-title").inner_text() == "PML address (high 32 bits)"
    page.keyboard.press("Escape")
    assert page.locator("#detail").is_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').id") == (
        "posted_interrupt_notification_vector"
    )
    page.keyboard.press("Enter")
    arrived(page, "#posted_interrupt_notification_vector")
    page.keyboard.press("2")
    arrived(page, "#decoder")
    page.keyboard.press("4")
    arrived(page, "#map")
    assert page.locator("#view-map").is_visible()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
