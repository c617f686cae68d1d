"""Names in pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmcsgen.targets.packing import PAGE_SIZE, pack

NAMES = st.lists(
    st.integers(1, PAGE_SIZE - 1).flatmap(
        lambda size: st.sampled_from("abc").map(lambda letter: letter * size)
    ),
    unique=True,
    max_size=30,
)


@given(NAMES)
def test_each_name_stands_where_its_offset_says(names: list[str]) -> None:
    pages, offsets = pack(names)
    image = b""
    for page in pages:
        literal = b"".join(name.encode() + b"\0" for name in page.names)
        assert len(literal) <= PAGE_SIZE
        image += literal.ljust(PAGE_SIZE, b"\0")
    assert set(offsets) == set(names)
    for name, offset in offsets.items():
        assert image[offset:].split(b"\0", 1)[0] == name.encode()


def test_a_name_that_fills_a_page_fits() -> None:
    pages, offsets = pack(["a", "b" * (PAGE_SIZE - 1), "c"])
    assert [page.number for page in pages] == [0, 1, 2]
    assert offsets["c"] == 2 * PAGE_SIZE


def test_a_name_longer_than_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a page"):
        pack(["a" * PAGE_SIZE])
