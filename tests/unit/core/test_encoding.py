"""Encodings: the bits of SDM 27.11.2, taken apart and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmcsgen import Encoding, EncodingError, FieldType, Width
from vmcsgen.core.encoding import why_not


def test_tsc_multiplier_is_taken_apart_as_the_sdm_does() -> None:
    encoding = Encoding(0x2032)
    assert (encoding.width, encoding.type, encoding.index, encoding.high) == (
        Width.W64,
        FieldType.CONTROL,
        25,
        False,
    )


def test_high_half_knows_its_full_encoding() -> None:
    assert Encoding(0x2033).high
    assert Encoding(0x2033).full == Encoding(0x2032)


@given(st.sampled_from(Width), st.sampled_from(FieldType), st.integers(0, 511), st.booleans())
def test_building_and_taking_apart_agree(
    width: Width, kind: FieldType, index: int, high: bool
) -> None:
    if high and width is not Width.W64:
        with pytest.raises(EncodingError):
            Encoding.build(width, kind, index, high)
        return
    encoding = Encoding.build(width, kind, index, high)
    assert (encoding.width, encoding.type, encoding.index, encoding.high) == (
        width,
        kind,
        index,
        high,
    )


def test_every_15_bit_number_is_an_encoding_or_has_a_reason() -> None:
    valid = [value for value in range(1 << 15) if why_not(value) is None]
    # 16 classes of 512 indexes, and the high halves of the four 64-bit classes.
    assert len(valid) == 16 * 512 + 4 * 512


@pytest.mark.parametrize(
    ("value", "word"),
    [(-1, "negative"), (0x8000, "15 bits"), (0x3032, "bit 12"), (0x4001, "32-bit"),
     (0x6001, "natural-width"), (0x0001, "16-bit")],
)  # fmt: skip
def test_impossible_encodings_say_why(value: int, word: str) -> None:
    with pytest.raises(EncodingError, match=word):
        Encoding(value)


@pytest.mark.parametrize("index", [-1, 512])
def test_index_must_fit_nine_bits(index: int) -> None:
    with pytest.raises(EncodingError, match="bits 9:1"):
        Encoding.build(Width.W16, FieldType.HOST, index)


@pytest.mark.parametrize("label", ["16", "64", "32", "natural"])
def test_width_labels_lead_back_to_the_width(label: str) -> None:
    assert Width.from_label(label).label == label
