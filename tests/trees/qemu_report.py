"""Where QEMU's hand-written ladder of IA32_VMX_VMCS_ENUM is wrong, as Markdown, measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import vmcsgen
from vmcsgen.core.requirement import terms

from .qemu import Qemu
from .qemu_ladder import (
    Combinations,
    Model,
    asked,
    control_places,
    library_value,
    models,
    state,
)


def rung_table(spec: vmcsgen.Spec, qemu: Qemu) -> Iterator[str]:
    """One row for each reason for a rung: what QEMU says of a virtual CPU with just that."""
    places = control_places(spec, qemu.feature_words())
    rows = []
    for rung in vmcsgen.ladder(spec):
        for term in rung.alternatives:
            if spec.closure(term) <= places.keys():
                rows.append((rung, term))
    answers = qemu.vmcs_enums(state(places, spec.closure(term)) for _, term in rows)
    yield "| a virtual CPU with | has the field | right | QEMU |"
    yield "|---|---|---|---|"
    for (rung, term), answer in zip(rows, answers, strict=True):
        reasons = [f for f in rung.fields if f.requires and term in terms(f.requires)]
        fields = ", ".join(f"{each.title} ({each.encoding})" for each in reasons)
        names = ", ".join(f"`{name}`" for name in sorted(term)) or "nothing of this"
        right = rung.vmcs_enum
        told = f"{answer:#x}" if answer == right else f"**{answer:#x}**"
        yield f"| {names} | {fields} | {right:#x} | {told} |"


def combination_count(spec: vmcsgen.Spec, qemu: Qemu) -> str:
    """How many combinations of all these controls that can be QEMU gets wrong."""
    places = control_places(spec, qemu.feature_words())
    combinations = Combinations(spec, asked(spec, places))
    masks = [m for m in range(1 << len(combinations.names)) if combinations.can_be(m)]
    answers = qemu.vmcs_enums(state(places, combinations.set(mask)) for mask in masks)
    values = [combinations.value(mask) for mask in masks]
    pairs = list(zip(answers, values, strict=True))
    low = sum(answer < value for answer, value in pairs)
    high = sum(answer > value for answer, value in pairs)
    return (
        f"{len(values)} combinations of these {len(combinations.names)} controls and features can"
        " be (QEMU clears secondary controls without `primary.activate_secondary_controls`):"
        f" {low} of them get too low a value, {high} too high a one."
    )


def model_lists(
    spec: vmcsgen.Spec, qemu: Qemu, expanded: Mapping[str, Mapping[str, bool]]
) -> Iterator[str]:
    """The named CPU models that get a wrong value, then what switching one property does."""
    words = qemu.feature_words()
    places = control_places(spec, words)
    found = models(words, expanded)
    wrong: dict[tuple[str, int, int], list[str]] = {}
    for model, answer in zip(found, qemu.vmcs_enums(m.words for m in found), strict=True):
        right = library_value(spec, supported(places, model))
        if answer != right:
            name, _, switch = model.name.partition(",")
            wrong.setdefault((switch, answer, right), []).append(name)
    for switch, answer, right in sorted(wrong):
        names = wrong[switch, answer, right]
        which = f"with `{switch}`" if switch else "as they are"
        yield f"- {answer:#x}, right {right:#x}: {len(names)} models {which}: {', '.join(names)}"


def supported(places: Mapping[str, tuple[int, int]], model: Model) -> list[str]:
    """The controls and features that a model's feature words hold."""
    return [n for n, (index, bit) in places.items() if model.words.get(index, 0) >> bit & 1]
