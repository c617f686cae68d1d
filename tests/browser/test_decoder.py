"""The decoder: the library's answer for every number, and a person's way to it."""

from __future__ import annotations

import random
from typing import Any

from tests.browser.conftest import arrived

import vmcsgen
from vmcsgen.core.encoding import why_not
from vmcsgen.core.numbers import parse_number


def test_every_number_of_16_bits_decodes_as_the_library_has_it(
    page: Any, spec: vmcsgen.Spec
) -> None:
    answers = page.evaluate(
        """() => Array.from({length: 65536}, (_, number) => {
            const { field, high, reason } = vmcs.decode(BigInt(number));
            return [field?.id ?? null, high, reason];
        })"""
    )
    confirmed = {field.id for field in spec.confirmed}
    fields = reasons = 0
    for number, (identity, high, reason) in enumerate(answers):
        match = spec.by_encoding.get(number)
        if match is not None and match.field.id in confirmed:
            assert (identity, high, reason) == (match.field.id, match.high, None)
            fields += 1
            continue
        assert identity is None
        problem = why_not(number)
        if problem is not None:
            assert reason == problem
            reasons += 1
        elif match is None:
            try:
                spec.field(number)
            except vmcsgen.UnknownFieldError as error:
                assert reason == str(error.args[0])
    assert fields == len(spec.confirmed) + sum(
        field.high_encoding is not None for field in spec.confirmed
    )
    assert reasons > 50_000


def test_texts_are_read_as_numbers_like_the_library_reads_them(page: Any) -> None:
    chosen = random.Random(7)
    texts = ["", "0x", "h", "0h", "0x2032", " 2032H ", "8_242", "0x1_0", "-1", "1e3", "0x20g"]
    texts += ["9" * 39, "9" * 40, "١", "0x" + "f" * 36, "tsc", "_", "0b1", "12h3"]
    for _ in range(2000):
        texts.append("".join(chosen.choices("0123456789abcdefxh_ -", k=chosen.randint(1, 8))))
    found = page.evaluate("texts => texts.map((text) => String(vmcs.parseNumber(text)))", texts)
    expected = [parse_number(text) for text in texts]
    assert found == ["null" if number is None else str(number) for number in expected]


def test_typing_shows_parts_and_field(open_page: Any) -> None:
    page = open_page("#decoder")
    page.fill("#decoder-number", "8243")
    result = page.locator("#decoder-result")
    assert "TSC multiplier (high 32 bits)" in result.inner_text()
    parts = page.locator("#decoder-result .part-text").all_inner_texts()
    assert parts == ["64-bit", "0", "control", "25 (0x19)", "high"]
    assert page.evaluate("location.hash") == "#decoder=8243"
    page.fill("#decoder-number", "0x2838")
    assert "possible encoding" in result.inner_text()
    page.fill("#decoder-number", "0x12032")
    assert "does not fit 15 bits" in result.inner_text()
    page.click("text=Look at bits 14:0 alone")
    arrived(page, "#decoder=0x2032")
    assert "TSC multiplier" in result.inner_text()
    page.fill("#decoder-number", "<b>nonsense</b>")
    assert "no number" in result.inner_text()


def test_bits_are_flipped_by_the_keyboard(open_page: Any) -> None:
    page = open_page("#decoder=0x2032")
    page.locator('[data-bit="0"]').focus()
    page.keyboard.press("Space")
    assert page.input_value("#decoder-number") == "0x2033"
    assert page.evaluate("location.hash") == "#decoder=0x2033"
    assert page.evaluate("document.activeElement.dataset.bit") == "0"
    assert page.locator('[data-bit="0"]').get_attribute("aria-pressed") == "true"
