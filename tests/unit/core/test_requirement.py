"""Requirements: three-valued truth, minimal terms, spelling."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmcsgen.core.requirement import (
    ALWAYS,
    Combination,
    Requirement,
    Supports,
    evaluate,
    from_plain,
    from_terms,
    names,
    terms,
    to_plain,
)

NAMES = ("a.a", "b.b", "c.c", "d.d")

requirements = st.recursive(
    st.sampled_from([ALWAYS, *map(Supports, NAMES)]),
    lambda inner: st.builds(
        Combination,
        st.sampled_from(["any", "all"]),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


def worlds() -> list[dict[str, bool]]:
    return [
        dict(zip(NAMES, truths, strict=True))
        for truths in product((False, True), repeat=len(NAMES))
    ]


@given(requirements)
def test_minimal_terms_say_the_same_as_the_expression(requirement: Requirement) -> None:
    alternatives = terms(requirement)
    for world in worlds():
        by_terms = any(all(world[name] for name in term) for term in alternatives)
        assert evaluate(requirement, world.__getitem__) is by_terms


@given(requirements)
def test_no_minimal_term_holds_another(requirement: Requirement) -> None:
    alternatives = terms(requirement)
    assert not any(a < b for a in alternatives for b in alternatives)


@given(requirements)
def test_normal_form_is_equivalent(requirement: Requirement) -> None:
    normal = from_terms(terms(requirement))
    for world in worlds():
        assert evaluate(normal, world.__getitem__) is evaluate(requirement, world.__getitem__)


@given(requirements, st.tuples(*[st.sampled_from([True, False, None])] * len(NAMES)))
def test_unknown_is_said_only_if_truth_could_be_either(
    requirement: Requirement, truths: tuple[bool | None, ...]
) -> None:
    partial = dict(zip(NAMES, truths, strict=True))
    answers = {
        evaluate(requirement, world.__getitem__)
        for world in worlds()
        if all(partial[name] in (None, world[name]) for name in NAMES)
    }
    said = evaluate(requirement, partial.__getitem__)
    if said is None:
        # Kleene's logic may stay undecided; it must not be so where nothing is unknown.
        assert None in truths
    else:
        assert answers == {said}


@given(requirements)
def test_plain_form_leads_back(requirement: Requirement) -> None:
    assert from_plain(to_plain(requirement)) == requirement


def test_names_come_in_order() -> None:
    assert list(names(from_plain({"any": ["b.b", {"all": ["a.a", "b.b"]}]}))) == [
        "b.b",
        "a.a",
        "b.b",
    ]


@pytest.mark.parametrize("plain", [None, 3, {}, {"any": []}, {"none": ["a"]}, ["a"]])
def test_other_shapes_are_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="not a requirement"):
        from_plain(plain)
