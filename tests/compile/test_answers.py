"""The generated C, Rust and Python say of 100,000 capability sets what the library says."""

from __future__ import annotations

import dataclasses
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest
from answers import assert_program_agrees
from capability_sets import Sets, boundary_sets, random_sets
from compilers import Compiler, generate

import vmcsgen
from rustc import any_rustc
from vmcsgen.core.requirement import Combination, Requirement, Supports

RANDOM_SETS = 100_000


@pytest.fixture(scope="session")
def boundary(spec: vmcsgen.Spec) -> Sets:
    return boundary_sets(spec)


@pytest.fixture(scope="session")
def many(spec: vmcsgen.Spec) -> Sets:
    return random_sets(spec, RANDOM_SETS, seed=20261122)


def load_module(path: Path) -> ModuleType:
    """The generated module, run as Python would import it."""
    module = ModuleType("generated_vmcs")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(path.read_text("utf-8"), path, "exec"), module.__dict__)
    return module


def assert_python_agrees(sets: Sets, module: ModuleType) -> None:
    masks = []
    for number in range(len(sets)):
        msrs, features = sets.one(number)
        named = {name.removeprefix("cpuid."): truth for name, truth in features.items()}
        masks.append(module.feature_mask(msrs, **named))
    assert [module.max_index(mask) for mask in masks] == sets.highest
    assert [module.vmcs_enum(mask) for mask in masks] == [index << 1 for index in sets.highest]
    width = len(module.REQUIREMENTS)
    digits = "".join(f"{mask:0{width}b}" for mask in reversed(masks))
    groups = [int(digits[width - 1 - group :: width], 2) for group in range(width)]
    different = [
        each.id
        for each, field, column in zip(
            sets.spec.confirmed, module.FIELDS, sets.existing, strict=True
        )
        if field.encoding != each.encoding.value or groups[field.group] != column
    ]
    assert different == []


def test_columns_say_what_the_library_says(boundary: Sets, many: Sets) -> None:
    """The yardstick of this file against ``Capabilities.from_msrs``, set by set."""
    spec = boundary.spec
    for sets, numbers in ((boundary, range(0, len(boundary), 7)), (many, range(200))):
        for number in numbers:
            capabilities = vmcsgen.Capabilities.from_msrs(spec, *sets.one(number))
            assert capabilities.supported == {
                name for name, column in sets.supported.items() if column >> number & 1
            }
            existing = [column >> number & 1 for column in sets.existing]
            assert vmcsgen.existing_fields(spec, capabilities) == tuple(
                each for each, exists in zip(spec.confirmed, existing, strict=True) if exists
            )
            enumeration = vmcsgen.enumerate_fields(spec.confirmed, capabilities)
            assert (enumeration.index, enumeration.exact) == (sets.highest[number], True)


def test_sets_reach_every_rung_and_both_sides_of_every_field(boundary: Sets, many: Sets) -> None:
    """What is compared below is worth comparing."""
    for sets in (boundary, many):
        rungs = {rung.index for rung in vmcsgen.ladder(sets.spec)}
        assert set(sets.highest) == rungs
        for each, column in zip(sets.spec.confirmed, sets.existing, strict=True):
            assert (
                column == sets.every
                if str(each.requires) == "always"
                else (0 < column < sets.every)
            ), each.id


def test_c_agrees(
    compiler: Compiler, boundary: Sets, many: Sets, c_folder: Path, tmp_path: Path
) -> None:
    program = compiler.build(c_folder / "vmcs-selftest.c", tmp_path / "selftest")
    assert_program_agrees(boundary, program)
    assert_program_agrees(many, program)


def test_rust_agrees(boundary: Sets, many: Sets, crate: Path) -> None:
    assert_program_agrees(boundary, crate / "answer")
    assert_program_agrees(many, crate / "answer")


def test_python_agrees(spec: vmcsgen.Spec, boundary: Sets, many: Sets, tmp_path: Path) -> None:
    module = load_module(generate(spec, "python", tmp_path) / "vmcs.py")
    assert_python_agrees(boundary, module)
    assert_python_agrees(many, module)


def test_requirements_of_any_shape(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    """Nested "any" and "all" over several MSRs and features, which the spec does not have yet."""
    source = random.Random(1)
    names = (*spec.controls, *spec.feature_by_name)

    def requirement(depth: int) -> Requirement:
        if depth == 0 or source.random() < 0.3:
            return Supports(source.choice(names))
        operator = source.choice(("any", "all"))
        operands = tuple(requirement(depth - 1) for _ in range(source.randint(2, 3)))
        return Combination("any" if operator == "any" else "all", operands)

    shapes = [requirement(2) for _ in range(40)]
    fields = tuple(
        dataclasses.replace(each, requires=source.choice(shapes))
        if each.confirmed and source.random() < 0.8
        else each
        for each in spec.fields
    )
    other = dataclasses.replace(spec, fields=fields)
    sets = random_sets(other, 2000, seed=1)
    folder = generate(other, "c", tmp_path)
    program = Compiler("gcc").build(folder / "vmcs-selftest.c", tmp_path / "selftest")
    assert_program_agrees(sets, program)
    crate = generate(other, "rust", tmp_path / "rust")
    any_rustc().build(crate, "answer")
    assert_program_agrees(sets, crate / "answer")
    module = load_module(generate(other, "python", tmp_path) / "vmcs.py")
    assert_python_agrees(sets, module)
