"""The user's cache: where it is, what is believed of it, and how much is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vmcsgen.cache import folder, read_entry, write_entry


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("chosen", "xdg", "home", "found"),
    [
        ("/c", "/x", "/", "/c"), ("", "/x", "/", None), (None, "/x", "/", "/x/vmcsgen"),
        (None, "x", "/", "/.cache/vmcsgen"), (None, "", "/", "/.cache/vmcsgen"),
        (None, None, "/", "/.cache/vmcsgen"), (None, None, None, None), (None, None, "", None),
        (None, None, "/nonexistent", None), (None, None, ".", None), (None, None, __file__, None),
    ],
)  # fmt: skip
def test_where_the_cache_is(
    chosen: str | None,
    xdg: str | None,
    home: str | None,
    found: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {"VMCSGEN_CACHE": chosen, "XDG_CACHE_HOME": xdg, "HOME": home}
    for name, value in places.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert folder() == found


def test_what_is_kept_is_read_again_unless_it_was_changed(cache: Path) -> None:
    write_entry("gen-1.json", {"a": [1, None, "é"]})
    assert read_entry("gen-1.json") == {"a": [1, None, "é"]}
    assert read_entry("gen-2.json") is None
    kept = (cache / "gen-1.json").read_bytes()
    for wrong in (b"", kept[:-1], kept[9:], kept.replace(b"1", b"2", 1), kept.replace(b"a", b"b")):
        (cache / "gen-1.json").write_bytes(wrong)
        assert read_entry("gen-1.json") is None
    assert (cache.stat().st_mode & 0o777) == 0o700


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_a_folder_that_others_may_write_to_is_not_used(cache: Path, mode: int) -> None:
    write_entry("gen-1.json", 1)
    cache.chmod(mode)
    assert read_entry("gen-1.json") is None
    write_entry("gen-2.json", 2)
    assert [each.name for each in cache.iterdir()] == ["gen-1.json"]
    cache.chmod(0o755)
    assert read_entry("gen-1.json") == 1


def test_the_newest_of_a_family_are_kept(cache: Path) -> None:
    write_entry("other-00000001.json", 0)
    for number in range(33):
        path = cache / f"gen-{number:08x}.json"
        path.write_text("old")
        os.utime(path, (number, number))
    hours = {".gen-0123456a.json.1": 0, ".gen-0123456b.json.2": 3 * 3600}
    now = (cache / "other-00000001.json").stat().st_mtime
    for name, ago in hours.items():
        (cache / name).write_text("half")
        os.utime(cache / name, (now - ago, now - ago))
    write_entry("gen-0123456c.json", 1)
    kept = {each.name for each in cache.iterdir()}
    assert kept == {"other-00000001.json", "gen-0123456c.json", ".gen-0123456a.json.1"} | {
        f"gen-{number:08x}.json" for number in range(2, 33)
    }


def test_what_others_keep_in_the_folder_stays(cache: Path) -> None:
    """VMCSGEN_CACHE may name a home folder."""
    write_entry("spec-00000000.json", 0)
    mine = {".profile", ".gen-0123456a.json", ".notes-0123456a.json.1", ".spec-x.json.1"}
    mine |= {f"spec-{number}.md" for number in range(40)}
    mine |= {f"spec-{number}.json" for number in range(40)}
    for name in mine:
        (cache / name).write_text("mine")
        os.utime(cache / name, (1, 1))
    write_entry("spec-00000001.json", 1)
    assert mine < {each.name for each in cache.iterdir()}
