"""Names as other languages and package managers want them."""

from __future__ import annotations

import dataclasses

import pytest

import vmcsgen
from vmcsgen.targets.filters import camel
from vmcsgen.targets.view import View


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tsc_multiplier", "TscMultiplier"),
        ("guest_ia32_s_cet", "GuestIa32SCet"),
        ("eoi_exit_bitmap_0", "EoiExitBitmap0"),
        ("natural", "Natural"),
    ],
)
def test_camel(name: str, expected: str) -> None:
    assert camel(name) == expected


def test_every_encoding_has_a_camel_name_of_its_own(spec: vmcsgen.Spec) -> None:
    names = [camel(each.constant.lower()) for each in View(spec, None).encodings]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("version", "expected"), [("2026.11", "2026.11.0"), ("2027.01.12", "2027.1.12")]
)
def test_a_package_manager_takes_the_version(
    spec: vmcsgen.Spec, version: str, expected: str
) -> None:
    """Three numbers, none with a leading zero (semver.org 2.0.0, 2)."""
    view = View(dataclasses.replace(spec, version=version), None)
    assert view.semantic_version == expected
