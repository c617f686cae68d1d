"""The ladder against brute force, and VMCS_ENUM for sets that are only partly known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vmcsgen import (
    Capabilities,
    Spec,
    enumerate_fields,
    existing_fields,
    ladder,
    undecided_fields,
)
from vmcsgen.core.enumeration import climb, requirement_groups
from vmcsgen.core.requirement import names


def brute_force(spec: Spec, capabilities: Capabilities) -> int:
    return max((field.index for field in existing_fields(spec, capabilities)), default=0)


def deciding_controls(spec: Spec) -> list[str]:
    """Every name in the ladder, and the controls that activate them."""
    found = {name for rung in ladder(spec) for name in names(rung.requires)}
    return sorted(spec.closure(frozenset(found)))


def test_ladder_equals_brute_force_over_all_combinations(spec: Spec) -> None:
    """All combinations of the controls that matter: every one that stands in the ladder.

    Names that are not in the ladder can't change the maximum; the random sets below vary them.
    """
    rungs = ladder(spec)
    deciding = deciding_controls(spec)
    fields = [field for field in spec.confirmed if field.index >= rungs[-1].index]
    positions = {name: 1 << number for number, name in enumerate(deciding)}
    # An existence test as bit masks: a million capability sets are checked in seconds.
    tests = [
        (field.index, [sum(positions[n] for n in spec.closure(term)) for term in alternatives])
        for field in fields
        for alternatives in [_terms_within(spec, field, positions)]
        if alternatives
    ]
    tests.sort(reverse=True)
    climbing = [
        (rung.index, [sum(positions[n] for n in spec.closure(term)) for term in rung.alternatives])
        for rung in rungs
    ]
    assert len(deciding) <= 22, "too many for brute force: split the ladder"
    for world in range(1 << len(deciding)):
        slow = _first(tests, world)
        assert slow == _first(climbing, world), f"{world:#x} of {deciding}"


def _terms_within(spec, field, positions):  # type: ignore[no-untyped-def]
    from vmcsgen.core.requirement import terms

    return [term for term in terms(field.requires) if all(name in positions for name in term)]


def _first(steps: list[tuple[int, list[int]]], world: int) -> int:
    for index, masks in steps:
        for mask in masks:
            if world & mask == mask:
                return index
    return 0


def test_masks_of_the_brute_force_mean_what_the_library_says(spec: Spec) -> None:
    """Single controls, all but one, none and all: through Capabilities, without masks."""
    rungs = ladder(spec)
    deciding = deciding_controls(spec)
    worlds = [[], deciding]
    worlds += [[*spec.closure(frozenset({name}))] for name in deciding]
    worlds += [[other for other in deciding if other != name] for name in deciding]
    for world in worlds:
        capabilities = Capabilities.of(spec, world)
        rung = climb(rungs, capabilities)
        assert rung is not None
        assert rung.index == brute_force(spec, capabilities)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_ladder_equals_brute_force_on_random_sets(spec: Spec, data: st.DataObject) -> None:
    every = sorted([*spec.controls, *spec.feature_by_name])
    chosen = data.draw(st.lists(st.sampled_from(every), unique=True))
    capabilities = Capabilities.of(spec, chosen)
    rung = climb(ladder(spec), capabilities)
    assert rung is not None
    highest = enumerate_fields(spec.confirmed, capabilities)
    assert highest.exact
    assert rung.vmcs_enum == highest.vmcs_enum == brute_force(spec, capabilities) << 1


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_unknowns_bound_the_maximum_from_both_sides(spec: Spec, data: st.DataObject) -> None:
    every = sorted([*spec.controls, *spec.feature_by_name])
    truths = data.draw(
        st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in every})
    )
    known = [name for name, truth in truths.items() if truth]
    unknown = [name for name, truth in truths.items() if truth is None]
    partial = Capabilities.of(spec, known, unknown)
    bounds = enumerate_fields(spec.confirmed, partial)
    chosen = data.draw(st.lists(st.sampled_from(unknown), unique=True)) if unknown else []
    resolved = Capabilities.of(spec, [*known, *chosen])
    exact = enumerate_fields(spec.confirmed, resolved)
    assert bounds.index is not None
    assert bounds.upper_index is not None
    assert exact.index is not None
    assert bounds.index <= exact.index <= bounds.upper_index
    certain = set(existing_fields(spec, partial))
    possible = certain | set(undecided_fields(spec, partial))
    assert certain <= set(existing_fields(spec, resolved)) <= possible


def test_ladder_descends_and_ends_with_what_every_processor_has(spec: Spec) -> None:
    rungs = ladder(spec)
    assert [rung.index for rung in rungs] == sorted({rung.index for rung in rungs}, reverse=True)
    assert str(rungs[-1].requires) == "always"


def test_every_rung_is_needed(spec: Spec) -> None:
    """For each alternative of each rung a set exists for which only this rung decides."""
    for rung in ladder(spec):
        for term in rung.alternatives:
            capabilities = Capabilities.of(spec, spec.closure(term))
            assert brute_force(spec, capabilities) == rung.index


def test_unconfirmed_fields_never_count(spec: Spec) -> None:
    everything = Capabilities.of(spec, [*spec.controls, *spec.feature_by_name])
    assert all(field.confirmed for field in existing_fields(spec, everything))
    assert len(existing_fields(spec, everything)) == len(spec.confirmed) < len(spec.fields)


def test_requirement_groups_fit_one_mask(spec: Spec) -> None:
    groups = requirement_groups(spec)
    assert str(groups[0]) == "always"
    assert len(groups) <= 64
