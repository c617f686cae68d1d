"""Many capability sets at once, as columns: bit N of an integer is about set N.

A hundred thousand sets are looked at with one "and" or "or" for each control, where
``Capabilities.from_msrs`` would look at one set after the other; that both say the same is a
test of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import vmcsgen
from vmcsgen.core.capabilities import IA32_VMX_BASIC, TRUE_CONTROLS_BIT
from vmcsgen.core.requirement import Always, Requirement, Supports
from vmcsgen.core.spec import Group

MSR_BITS = 64


def msr_addresses(spec: vmcsgen.Spec) -> tuple[int, ...]:
    """The MSRs that existence depends on, ascending."""
    found = {IA32_VMX_BASIC}
    for group in spec.groups:
        found.update({group.msr} if group.true_msr is None else {group.msr, group.true_msr})
    return tuple(sorted(found))


@dataclass(frozen=True)
class Sets:
    """Capability sets: one list of values for each MSR, one of truths for each feature."""

    spec: vmcsgen.Spec
    msrs: dict[int, list[int]]
    features: dict[str, list[bool]]

    def __len__(self) -> int:
        return len(self.msrs[IA32_VMX_BASIC])

    @cached_property
    def every(self) -> int:
        """The column that holds in every set."""
        return (1 << len(self)) - 1

    def lines(self) -> Iterator[str]:
        """The sets as the self-test reads them."""
        features = (map(int, self.features[feature.name]) for feature in self.spec.features)
        for row in zip(*(self.msrs[msr] for msr in sorted(self.msrs)), *features, strict=True):
            yield " ".join(f"{value:x}" for value in row)

    def one(self, number: int) -> tuple[dict[int, int], dict[str, bool]]:
        """MSR values and features of one set, as ``Capabilities.from_msrs`` takes them."""
        return (
            {msr: values[number] for msr, values in self.msrs.items()},
            {name: truths[number] for name, truths in self.features.items()},
        )

    @cached_property
    def _bits(self) -> dict[int, str]:
        return {
            msr: "".join(f"{value:0{MSR_BITS}b}" for value in reversed(values))
            for msr, values in self.msrs.items()
        }

    def _column(self, msr: int, bit: int) -> int:
        return int(self._bits[msr][MSR_BITS - 1 - bit :: MSR_BITS], 2)

    @cached_property
    def supported(self) -> dict[str, int]:
        """For each control and feature the sets that support it (SDM A.2 to A.5)."""
        columns = {
            name: int("".join("01"[truth] for truth in reversed(truths)), 2)
            for name, truths in self.features.items()
        }
        pending = list(self.spec.groups)
        while pending:
            group = pending.pop(0)
            if group.activated_by is not None and group.activated_by not in columns:
                pending.append(group)
                continue
            columns.update(self._group(group, columns))
        return columns

    def _group(self, group: Group, columns: dict[str, int]) -> Iterator[tuple[str, int]]:
        active = self.every if group.activated_by is None else columns[group.activated_by]
        true_controls = self._column(IA32_VMX_BASIC, TRUE_CONTROLS_BIT)
        for control in group.controls:
            bit = control.bit + group.shift
            allowed = self._column(group.msr, bit)
            if group.true_msr is not None:
                other = self._column(group.true_msr, bit)
                allowed = other & true_controls | allowed & ~true_controls
            yield control.name, allowed & active

    def holds(self, requirement: Requirement) -> int:
        """The sets in which a requirement holds."""
        match requirement:
            case Always():
                return self.every
            case Supports(name):
                return self.supported[name]
            case _:
                columns = [self.holds(operand) for operand in requirement.operands]
                result = columns[0]
                for column in columns:
                    result = result | column if requirement.operator == "any" else result & column
                return result

    @cached_property
    def existing(self) -> list[int]:
        """For each confirmed field, ascending by encoding, the sets in which it exists."""
        return [self.holds(each.requires) for each in self.spec.confirmed if each.requires]

    @cached_property
    def highest(self) -> list[int]:
        """For each set the highest index of a field that exists in it."""
        indices = [0] * len(self)
        open_sets = self.every
        columns: dict[int, int] = {}
        for each, column in zip(self.spec.confirmed, self.existing, strict=True):
            columns[each.index] = columns.get(each.index, 0) | column
        for index in sorted(columns, reverse=True):
            reached = open_sets & columns[index]
            open_sets &= ~columns[index]
            for number, digit in enumerate(reversed(f"{reached:b}")):
                if digit == "1":
                    indices[number] = index
        return indices


def boundary_sets(spec: vmcsgen.Spec) -> Sets:
    """Nothing, everything, each control and feature alone and missing, activation withheld.

    Each with the plain MSRs in force, the TRUE_ ones, and with the ones that are not in force
    saying the opposite.
    """
    names = (*spec.controls, *spec.feature_by_name)
    every = frozenset(names)
    chosen = [frozenset[str](), every]
    for name in names:
        alone = frozenset((name,))
        chosen += [alone, spec.closure(alone), every - alone]
    for group in spec.groups:
        members = frozenset(control.name for control in group.controls)
        chosen += [members, every - members]
    sets = Sets(
        spec,
        {msr: [] for msr in msr_addresses(spec)},
        {feature.name: [] for feature in spec.features},
    )
    for supported in chosen:
        for true_controls in (False, True):
            for opposite in (False, True):
                _append(sets, supported, true_controls, opposite)
    return sets


def _append(sets: Sets, supported: frozenset[str], true_controls: bool, opposite: bool) -> None:
    sets.msrs[IA32_VMX_BASIC].append(int(true_controls) << TRUE_CONTROLS_BIT)
    for group in sets.spec.groups:
        every = sum(1 << control.bit + group.shift for control in group.controls)
        allowed = sum(
            1 << control.bit + group.shift
            for control in group.controls
            if control.name in supported
        )
        idle = every & ~allowed if opposite else 0
        if group.true_msr is None:
            sets.msrs[group.msr].append(allowed)
        else:
            sets.msrs[group.true_msr].append(allowed if true_controls else idle)
            sets.msrs[group.msr].append(idle if true_controls else allowed)
    for name, truths in sets.features.items():
        truths.append(name in supported)


def random_sets(spec: vmcsgen.Spec, count: int, seed: int) -> Sets:
    """``count`` sets with all 64 bits of each MSR at random, from few bits set to nearly all."""
    source = random.Random(seed)

    def value(density: int) -> int:
        bits = source.getrandbits(MSR_BITS)
        if density == 0:
            return bits & source.getrandbits(MSR_BITS) & source.getrandbits(MSR_BITS)
        if density == 1:
            return bits
        return bits | source.getrandbits(MSR_BITS) | source.getrandbits(MSR_BITS)

    return Sets(
        spec,
        {msr: [value(number % 3) for number in range(count)] for msr in msr_addresses(spec)},
        {feature.name: [source.random() < 0.3 for _ in range(count)] for feature in spec.features},
    )
