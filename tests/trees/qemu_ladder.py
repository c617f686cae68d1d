"""QEMU's ladder of IA32_VMX_VMCS_ENUM against ours: feature words, CPU models, and the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import vmcsgen
from vmcsgen.core.requirement import terms

from .qemu import FeatureWord

Place = tuple[int, int]
"""Index of a feature word, and a bit of it."""

State = Mapping[int, int]
"""Values of feature words by index; words left out are 0."""


def control_places(spec: vmcsgen.Spec, words: Iterable[FeatureWord]) -> dict[str, Place]:
    """Feature word and bit of each control and CPUID feature for which QEMU has a word."""
    words = list(words)
    by_msr = {word.msr: word.index for word in words if word.msr is not None}
    by_leaf = {word.cpuid: word.index for word in words if word.cpuid is not None}
    places: dict[str, Place] = {}
    for group in spec.groups:
        word = by_msr.get(group.true_msr or group.msr, by_msr.get(group.msr))
        if word is not None:
            places |= {control.name: (word, control.bit) for control in group.controls}
    for feature in spec.features:
        leaf = feature.leaf, feature.subleaf, feature.register
        if leaf in by_leaf:
            places[feature.name] = (by_leaf[leaf], feature.bit)
    return places


def property_places(words: Iterable[FeatureWord]) -> dict[str, Place]:
    """Feature word and bit of each property of a CPU model."""
    return {
        name: (word.index, bit)
        for word in words
        for bit, name in enumerate(word.properties)
        if name is not None
    }


def state(places: Mapping[str, Place], names: Iterable[str]) -> dict[int, int]:
    """The feature words in which exactly these controls, features or properties are set."""
    words: dict[int, int] = {}
    for name in names:
        index, bit = places[name]
        words[index] = words.get(index, 0) | 1 << bit
    return words


def asked(spec: vmcsgen.Spec, places: Mapping[str, Place]) -> list[str]:
    """Every control and feature that the ladder asks for and QEMU has a word for."""
    closed = (spec.closure(term) for rung in vmcsgen.ladder(spec) for term in rung.alternatives)
    return sorted({name for term in closed for name in term if name in places})


def library_value(spec: vmcsgen.Spec, supported: Iterable[str]) -> int:
    """The VMCS_ENUM that the library derives for a set of controls and features."""
    capabilities = vmcsgen.Capabilities.of(spec, supported)
    return vmcsgen.enumerate_fields(spec.confirmed, capabilities).vmcs_enum


class Combinations:
    """All combinations of some controls, as bit masks: which value each must have.

    Brute force over every field, without the library's ladder; fast enough for millions.
    """

    def __init__(self, spec: vmcsgen.Spec, names: Sequence[str]) -> None:
        self.names = names
        bits = {name: 1 << number for number, name in enumerate(names)}
        needed: dict[int, int] = {}
        for field in spec.confirmed:
            assert field.requires is not None
            for term in terms(field.requires):
                closed = spec.closure(term)
                if closed <= bits.keys():
                    mask = sum(bits[name] for name in closed)
                    needed[mask] = max(needed.get(mask, 0), field.index << 1)
        self._needed = sorted(needed.items(), key=lambda item: -item[1])
        self._activated = [
            (bits[name], sum(bits[each] for each in spec.closure(frozenset({name}))))
            for name in names
        ]

    def value(self, mask: int) -> int:
        """The VMCS_ENUM if exactly the controls of this mask are supported."""
        return next(value for needed, value in self._needed if mask & needed == needed)

    def set(self, mask: int) -> list[str]:
        """The controls of a mask."""
        return [name for number, name in enumerate(self.names) if mask >> number & 1]

    def can_be(self, mask: int) -> bool:
        """Whether no control of a mask lacks the one that activates its group.

        QEMU clears such a control (feature_dependencies[] in target/i386/cpu.c).
        """
        return all(mask & needed == needed for bit, needed in self._activated if mask & bit)


@dataclass(frozen=True, slots=True)
class Model:
    """A named CPU model, perhaps with one property switched, as feature words."""

    name: str
    words: State


def ladder_properties(spec: vmcsgen.Spec, words: Sequence[FeatureWord]) -> list[str]:
    """The properties of a CPU model that the ladder asks for."""
    controls = control_places(spec, words)
    wanted = {controls[name] for name in asked(spec, controls)}
    return sorted(name for name, place in property_places(words).items() if place in wanted)


def models(words: Sequence[FeatureWord], expanded: Mapping[str, Mapping[str, bool]]) -> list[Model]:
    """CPU models by what they are called and which properties they have."""
    places = property_places(words)
    return [
        Model(
            name, state(places, (each for each, on in properties.items() if on and each in places))
        )
        for name, properties in expanded.items()
    ]
