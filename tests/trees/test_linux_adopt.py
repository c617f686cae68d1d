"""`vmcsgen adopt linux` in real kernel trees: the same constants, and byte-identical objects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.specfile.load import load

from . import kernel, linux, objects
from .debian_sources import KERNEL_SERIES

ENUM = re.compile(r"^enum vmcs_field \{$(.*?)^\};$", re.MULTILINE | re.DOTALL)
ENUMERATOR = re.compile(r"^\t(\w+)\s*=\s*(0[xX][0-9a-fA-F]+)", re.MULTILINE)


def constants(text: str) -> list[tuple[str, int]]:
    """The names and values of enum vmcs_field, in their order, read without vmcsgen."""
    (body,) = ENUM.findall(text)
    found = [(name, int(value, 16)) for name, value in ENUMERATOR.findall(body)]
    assert len(found) == body.count("=")
    return found


@pytest.fixture(scope="module", params=KERNEL_SERIES, ids="linux-{}".format)
def series(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("arch", kernel.ARCHITECTURES)
def test_adoption_changes_no_constant_and_no_byte_of_kvm(
    scratch: Path, series: str, arch: str
) -> None:
    build = kernel.prepared(series, arch)
    copy = kernel.private_copy(build, scratch / "linux")
    changes = linux.adopt(copy.tree)
    assert len(changes) == 2
    for before, after in changes.values():
        assert before is not None
        assert constants(before) == constants(after)
        assert before != after
    for name, built in kernel.build_objects(copy).items():
        assert objects.facts(built) == objects.facts(build.folder / name)


def test_an_adopted_tree_is_current_and_stays_as_it_is(
    scratch: Path, series: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = kernel.private_copy(kernel.prepared(series, "x86_64"), scratch / "linux")
    first = linux.adopt(copy.tree)
    second = linux.adopt(copy.tree)
    assert {path: after for path, (_, after) in first.items()} == {
        path: before for path, (before, _) in second.items()
    }
    assert all(before == after for before, after in second.values())
    assert main(["gen", "--tree", str(copy.tree), "--check"]) == 0
    assert capsys.readouterr().out.count("current: ") == 2


def test_adoption_with_all_adds_the_rest_in_the_order_of_encodings(
    scratch: Path, series: str
) -> None:
    encodings = [
        each
        for field in load().confirmed
        for each in (field.encoding, field.high_encoding)
        if each is not None
    ]
    copy = kernel.private_copy(kernel.prepared(series, "x86_64"), scratch / "linux")
    for before, after in linux.adopt(copy.tree, every=True).values():
        assert before is not None
        old, new = constants(before), constants(after)
        assert set(old) < set(new)
        assert [each for each in new if each in set(old)] == old
        assert len({value for _, value in new}) == len(new) == len(encodings)
        assert dict(new)["PCONFIG_EXITING_BITMAP"] == 0x203E
