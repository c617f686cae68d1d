"""What the generated C look-up costs: bytes of its tables, and rivals that answer the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.aims import TABLE_BYTES
from bench.lookup import METHODS, answers, build, table_bytes
from needs import need
from vmcsgen import Spec


@pytest.fixture(autouse=True)
def compiler() -> None:
    need("gcc", "gcc")


def test_the_tables_stay_small(tmp_path: Path) -> None:
    sizes = table_bytes(tmp_path)
    assert 0 < sizes["generated"] <= TABLE_BYTES
    assert sizes["generated"] < sizes["binary"]


@pytest.mark.parametrize("method", METHODS)
def test_what_the_bench_compares_gives_the_right_answers(
    spec: Spec, tmp_path: Path, method: str
) -> None:
    known = {each for each, match in spec.by_encoding.items() if match.field in spec.confirmed}
    encodings = [*sorted(known), *range(0, 0x8000, 7), 1 << 20]
    said = answers(build(tmp_path), method, encodings)
    assert said == [each in known for each in encodings]
