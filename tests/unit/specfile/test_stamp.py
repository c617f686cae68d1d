"""The cache: the same spec comes back, and losing or spoiling it costs time only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vmcsgen import Spec, load
from vmcsgen.cache import write_entry


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("spec-*.json"))


@pytest.fixture
def folder(checkout: Path) -> Path:
    """A small spec."""
    return checkout / "tests/golden/spec"


@pytest.fixture
def spec(folder: Path) -> Spec:
    """The same, read from its files."""
    return load(folder, cache=False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_cached_spec_equals_the_one_read_from_files(
    spec: Spec, folder: Path, cache: Path
) -> None:
    load(folder)
    assert len(entries(cache)) == 1
    assert load(folder) == spec


def test_our_own_spec_comes_back_from_the_cache(checkout: Path, cache: Path) -> None:
    assert load(checkout / "spec") == load(checkout / "spec")
    assert len(entries(cache)) == 1


def test_a_cached_spec_is_used(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(folder)

    def never(*_: object) -> None:
        raise AssertionError("the files were parsed again")

    monkeypatch.setattr("vmcsgen.specfile.load.read", never)
    assert load(folder).fields


@pytest.mark.parametrize("spoiled", [b"", b"{}", b"\x00" * 200, b"0" * 8 + b"\n[]", None], ids=repr)
def test_a_spoiled_entry_is_ignored(
    spec: Spec, folder: Path, cache: Path, spoiled: bytes | None
) -> None:
    load(folder)
    (entry,) = entries(cache)
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2] if spoiled is None else spoiled)
    assert load(folder) == spec


def test_a_whole_entry_of_the_wrong_shape_is_ignored(spec: Spec, folder: Path, cache: Path) -> None:
    load(folder)
    (entry,) = entries(cache)
    write_entry(entry.name, [["1.0", "x", [["id"]]], {}])
    assert load(folder) == spec


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/vmcsgen", ""])
def test_without_a_place_for_it_everything_works(
    spec: Spec, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", place)
    assert load(folder) == spec


def test_a_changed_spec_is_never_taken_from_the_cache(
    folder: Path, cache: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "spec"))
    before = load(copy)
    path = copy / "fields/b04.yaml"
    path.write_text(path.read_text().replace("TSC multiplier", "TSC factor"))
    assert load(copy).fields != before.fields


def test_old_entries_are_removed(cache: Path) -> None:
    for number in range(40):
        write_entry(f"spec-{number:08x}.json", number)
    assert 0 < len(entries(cache)) <= 32
