"""Marks: found, checked, told stale from hand-edited, replaced without touching the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.regions import (
    AS_NAMED,
    Region,
    Selection,
    State,
    digest,
    enclosed,
    parse,
    replace,
    state,
)

C = LANGUAGES["c"]
STAMP = "spec 2026.11 sha256:0123456789ab"
NAME = "linux/vmcs-field"


def region_text(*lines: str, selection: Selection = AS_NAMED) -> str:
    return "\n".join(["above", *enclosed(C, NAME, STAMP, lines, selection), "below", ""])


def only(text: str) -> Region:
    marked = parse(text, "vmx.h")
    assert not marked.faults
    (region,) = marked.regions
    return region


def faults(text: str) -> list[tuple[str, int]]:
    marked = parse(text, "vmx.h")
    return [(each.rule, each.location.line) for each in marked.faults]


def test_a_region_says_what_made_it_and_what_it_holds() -> None:
    region = only(region_text("one", "", "two"))
    assert (region.target, region.output, region.stamp) == ("linux", "vmcs-field", STAMP)
    assert region.body == ("one", "", "two")
    assert (region.begin, region.first, region.end) == (2, 3, 6)
    assert not region.edited


def test_the_marks_read_as_documented() -> None:
    assert region_text("one").split("\n") == [
        "above",
        f"/* vmcsgen begin: {NAME}  {STAMP} */",
        "one",
        f"/* vmcsgen end: {NAME}  sha256:{digest(['one'])} */",
        "below",
        "",
    ]


@pytest.mark.parametrize(
    "language", [name for name, each in LANGUAGES.items() if each.has_comments]
)
def test_marks_are_found_in_every_language(language: str) -> None:
    lines = enclosed(LANGUAGES[language], NAME, STAMP, ["one"], Selection(("A",), ("B",)))
    assert only("\n".join(lines)).selection == Selection(("A",), ("B",))


def test_current_stale_and_hand_edited_are_told_apart() -> None:
    text = region_text("one", "two")
    assert state(only(text), ["one", "two"]) is State.CURRENT
    assert state(only(text), ["one", "three"]) is State.STALE
    edited = text.replace("two", "2")
    assert state(only(edited), ["one", "two"]) is State.HAND_EDITED
    assert state(only(edited), ["one", "2"]) is State.STALE, "the lines are right, the mark is not"


def test_another_spec_that_says_the_same_leaves_a_region_current() -> None:
    text = region_text("one").replace("2026.11 sha256:0123456789ab", "2025.01 sha256:ffffffffffff")
    assert state(only(text), ["one"]) is State.CURRENT


def test_marks_written_by_hand_ask_to_be_filled() -> None:
    text = f"/* vmcsgen begin: {NAME} */\n\n/* vmcsgen end: {NAME} */\n"
    assert state(only(text), ["one"]) is State.STALE
    text = f"/* vmcsgen begin: {NAME} */\nmine\n/* vmcsgen end: {NAME} */\n"
    assert state(only(text), ["one"]) is State.HAND_EDITED


def test_replacing_changes_the_region_alone() -> None:
    text = region_text("one", "two")
    made = replace(text, [(only(text), ["three"])], C, STAMP)
    assert made == region_text("three")
    assert state(only(made), ["three"]) is State.CURRENT


def test_the_owners_lines_stay() -> None:
    chosen = Selection(("NEW",), tuple(f"NAME_{number}" for number in range(30)))
    text = region_text("one", selection=chosen)
    assert only(text).selection == chosen
    assert max(map(len, text.split("\n"))) <= 80
    assert replace(text, [(only(text), ["two"])], C, STAMP) == region_text("two", selection=chosen)


def test_crlf_files_stay_crlf_and_are_no_edit() -> None:
    text = region_text("one", "two").replace("\n", "\r\n")
    assert state(only(text), ["one", "two"]) is State.CURRENT
    made = replace(text, [(only(text), ["three", "four"])], C, STAMP)
    assert made == region_text("three", "four").replace("\n", "\r\n")


def test_an_indented_region_keeps_its_indentation() -> None:
    text = f"\t/* vmcsgen begin: {NAME} */\n\t/* vmcsgen end: {NAME} */\n"
    made = replace(text, [(only(text), ["one", "", "two"])], C, STAMP)
    assert made.split("\n")[1:4] == ["\tone", "", "\ttwo"]
    assert state(only(made), ["one", "", "two"]) is State.CURRENT


def test_a_mark_at_the_end_of_a_file_without_newline_is_one() -> None:
    text = region_text("one").removesuffix("\nbelow\n")
    made = replace(text, [(only(text), ["two"])], C, STAMP)
    assert made == region_text("two").removesuffix("\nbelow\n")


BEGIN, END = f"/* vmcsgen begin: {NAME} */", f"/* vmcsgen end: {NAME} */"
OTHER_BEGIN, OTHER_END = (mark.replace("vmcs-field", "other") for mark in (BEGIN, END))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [BEGIN, OTHER_BEGIN, OTHER_END, END],
            [("REGION002", 2), ("REGION005", 3), ("REGION004", 4)],
        ),
        ([BEGIN, "one"], [("REGION003", 1)]),
        (["one", END], [("REGION004", 2)]),
        ([BEGIN, OTHER_END], [("REGION005", 2)]),
        ([BEGIN, END, BEGIN, END], [("REGION006", 3)]),
        (["/* vmcsgen begin linux/x */"], [("REGION001", 1)]),
        ([BEGIN.replace(" */", "  sha256:12 */"), END], [("REGION001", 1), ("REGION004", 2)]),
        ([BEGIN, END.replace(" */", "  sha256:zzz */")], [("REGION001", 2), ("REGION003", 1)]),
        ([BEGIN, "one", "/* vmcsgen without: A */", END], [("REGION001", 3)]),
        ([BEGIN, "/* vmcsgen without: A-B */", END], [("REGION001", 2)]),
        (["/* vmcsgen with: A */"], [("REGION001", 1)]),
        (["/* vmcsgen begin: " + "x" * 2000], [("REGION001", 1)]),
    ],
    ids=["nested", "unclosed", "unopened", "renamed", "twice", "no-colon", "begin-digest",
         "end-digest", "choice-late", "choice-damaged", "choice-alone", "long"],
)  # fmt: skip
def test_wrong_marks_are_errors_where_they_stand(
    lines: list[str], expected: list[tuple[str, int]]
) -> None:
    assert faults("\n".join(lines)) == expected


@pytest.mark.parametrize(
    "line", ["run vmcsgen begin: x", '"/* vmcsgen begin: */"', "/* vmcsgen */"]
)
def test_prose_is_no_mark(line: str) -> None:
    assert parse(line, "x").faults == parse(line, "x").regions == ()


PIECES = st.sampled_from(
    [BEGIN, END, OTHER_BEGIN, OTHER_END, "/* vmcsgen without: A */", "", "x", "\r", "\t" + BEGIN,
     "/* vmcsgen end", "// vmcsgen begin: a/b  spec 1 sha256:0123456789ab", "\x00\udcff"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_anything_is_read(lines: list[str]) -> None:
    marked = parse("\n".join(lines), "x")
    begun = [line for line in lines if line.strip().startswith(("/* vmcsgen b", "// vmcsgen b"))]
    assert len(marked.regions) <= len(begun)
    assert marked.faults or len(marked.regions) == len(begun)


PROSE = st.lists(st.sampled_from(["", "x", "\r", "\x00\udcff", "run vmcsgen begin: x"]), max_size=4)
CHOICE = st.sampled_from([[], ["/* vmcsgen without: A */"]])


@given(st.tuples(PROSE, CHOICE, PROSE, PROSE, CHOICE, PROSE, PROSE))
def test_well_formed_regions_survive_replacement_of_the_other(
    pieces: tuple[list[str], ...],
) -> None:
    above, choice, body, between, other_choice, other_body, below = pieces
    first = [BEGIN, *choice, *body, END]
    second = ["\t" + OTHER_BEGIN, *other_choice, *other_body, "\t" + OTHER_END]
    text = "\n".join([*above, *first, *between, *second, *below])
    marked = parse(text, "x")
    assert not marked.faults
    assert [each.name for each in marked.regions] == [NAME, "linux/other"]
    for region, other in (marked.regions, marked.regions[::-1]):
        again = parse(replace(text, [(region, ["one"])], C, STAMP), "x")
        assert not again.faults
        assert [each.name for each in again.regions] == [NAME, "linux/other"]
        found = {each.name: each for each in again.regions}
        assert state(found[region.name], ["one"]) is State.CURRENT
        assert [line.strip() for line in found[region.name].body] == ["one"]
        assert found[other.name].body == other.body
