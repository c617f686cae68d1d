"""Hash seed, locale, time zone and order of files change no byte; tests/package tries them all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from surroundings import ASCII, Surroundings, assert_same, committed, generated, program, run

STRICT = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error::EncodingWarning"}
"""Whoever opens a file without naming its encoding fails."""

IN_ASCII = Surroundings(ASCII | STRICT | {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati"}, 0o077)
BACKWARDS = Surroundings({"PYTHONHASHSEED": "2", "TZ": "America/Adak"}, 0, backwards=True)


def test_gen_makes_the_committed_bytes(tmp_path: Path, checkout: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert_same(generated(first, IN_ASCII), committed(checkout))
    assert_same(generated(second, BACKWARDS, cached=True), committed(checkout))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "tsc_multiplier"], b"the \\u201cuse TSC scaling\\u201d secondary"),
        (["cpus", "--field", "0x203e", "--kind", "hardware"], b"\\u201cenable PCONFIG\\u201d"),
    ],
)
def test_a_locale_without_the_character_shows_its_number(
    arguments: list[str], said: bytes, tmp_path: Path
) -> None:
    command = [*program(sys.executable, IN_ASCII), *arguments]
    done = run(command, IN_ASCII, tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_a_printed_output_has_the_bytes_of_its_file(tmp_path: Path, checkout: Path) -> None:
    command = [*program(sys.executable, IN_ASCII), "gen", "-t", "html", "--print", "index.html"]
    done = run(command, IN_ASCII, tmp_path)
    assert done.stdout == (checkout / "out/html/index.html").read_bytes()
