"""The cache in every state: what is printed and written stays the same, it only takes longer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from vmcsgen import states
from vmcsgen.cache import read_entry, write_entry
from vmcsgen.cli import main

CHECKOUT = Path(__file__).resolve().parents[2]
HEADER = "enum vmcs_field { GUEST_RIP = 0x681e, TSC_MULTIPLIER = 0x2034, HOST_RIP = 0x6c16 };\n"

Ask = Callable[[], str]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Verbs that live on the cache; all that they say and make."""
    header = tmp_path / "vmcs.h"
    header.write_text(HEADER)
    monkeypatch.setattr(states, "SETTLED", -3_600_000_000_000)  # younger files are not remembered
    out = tmp_path / "out"

    def run() -> str:
        shutil.rmtree(out, ignore_errors=True)
        statuses = [
            main(["show", "tsc_multiplier"]),
            main(["list", "--format", "json"]),
            main(["cpus"]),
            main(["check", "--project", "linux", str(header)]),
            main(["gen", "-t", "csv", "-o", str(out)]),
            main(["gen", "-t", "csv", "-o", str(out), "--check"]),
        ]
        made = [path.read_text() for path in sorted(out.rglob("*")) if path.is_file()]
        said = capsys.readouterr()
        assert said.err == ""
        return "\n".join([str(statuses), said.out, *made])

    return run


@pytest.fixture
def right(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said without any cache."""
    with monkeypatch.context() as without:
        without.setenv("VMCSGEN_CACHE", "")
        said = ask()
    assert "TSC multiplier" in said
    return said


def test_a_cache_that_is_new_used_and_deleted(ask: Ask, right: str, cache: Path) -> None:
    assert [ask(), ask()] == [right, right]
    assert len(list(cache.iterdir())) > 3
    shutil.rmtree(cache)
    assert ask() == right


def test_every_entry_truncated(ask: Ask, right: str, cache: Path) -> None:
    ask()
    for part in (0, 8, 9, -1):
        for entry in cache.iterdir():
            entry.write_bytes(entry.read_bytes()[:part])
        assert ask() == right


def test_every_entry_damaged_at_some_byte(ask: Ask, right: str, cache: Path) -> None:
    random = Random(1)
    for _ in range(8):
        ask()
        for entry in cache.iterdir():
            content = bytearray(entry.read_bytes())
            at = random.choice([random.randrange(len(content)), random.randrange(12)])
            content[at] ^= 1 << random.randrange(8)
            entry.write_bytes(content)
        assert ask() == right


@pytest.mark.parametrize("shape", [None, [], {}, "x"])
def test_every_entry_sound_but_of_another_shape(
    ask: Ask, right: str, cache: Path, shape: object
) -> None:
    ask()
    for entry in list(cache.iterdir()):
        write_entry(entry.name, shape)
    assert ask() == right


def test_entries_that_are_no_files(ask: Ask, right: str, cache: Path) -> None:
    ask()
    for number, entry in enumerate(sorted(cache.iterdir())):
        entry.unlink()
        if number % 3 == 0:
            entry.mkdir()
        elif number % 3 == 1:
            os.mkfifo(entry)
        else:
            entry.symlink_to(entry)
    assert ask() == right


@pytest.mark.parametrize("place", ["/proc/none", "/dev/null", "/dev/null/cache", "/proc/self/fd"])
def test_a_place_that_can_not_be_written(
    ask: Ask, right: str, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", place)
    assert ask() == right


def poison(cache: Path) -> None:
    """Make every entry say something else of a field, with a sound checksum."""

    def spoiled(value: object) -> object:
        if isinstance(value, dict):
            return {spoiled(key): spoiled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [spoiled(each) for each in value]
        return value.replace("TSC multiplier", "poison") if isinstance(value, str) else value

    for entry in list(cache.iterdir()):
        write_entry(entry.name, spoiled(read_entry(entry.name)))


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_to_is_not_trusted(
    ask: Ask, right: str, cache: Path, mode: int
) -> None:
    ask()
    poison(cache)
    assert "poison" in ask()  # the same in a folder of one's own is believed
    poison(cache)
    cache.chmod(mode)
    before = sorted(cache.iterdir())
    assert ask() == right
    assert sorted(cache.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_trusted(ask: Ask, right: str, cache: Path) -> None:
    ask()
    poison(cache)
    os.chown(cache, 65534, 65534)
    assert ask() == right


def test_two_versions_that_share_a_cache(tmp_path: Path, cache: Path) -> None:
    """Another version, with another spec, in turn with this one."""
    other = tmp_path / "other"
    for part in ("generator", "spec", "templates"):
        shutil.copytree(CHECKOUT / part, other / part)
    module = other / "generator/vmcsgen/__init__.py"
    module.write_text(module.read_text().replace("__version__ = ", "__version__ = 'x' + "))
    (other / "spec/VERSION").write_text("2031.07\n")
    out = tmp_path / "out"

    def made(version: Path, remembering: bool) -> str:
        environment = {
            **os.environ,
            "PYTHONPATH": str(version / "generator"),
            "VMCSGEN_CACHE": str(cache) if remembering else "",
        }
        said = ""
        for words in (("--version",), ("gen", "-t", "csv", "-o", str(out)), ("show", "0x2032")):
            done = subprocess.run(
                [sys.executable, "-m", "vmcsgen", *words],
                env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            said += done.stdout.partition(" written")[0]
        return said + (out / "csv/fields.csv").read_text()

    wanted = [made(version, False) for version in (CHECKOUT, other)]
    assert wanted[0] != wanted[1]
    for _ in range(2):
        assert [made(version, True) for version in (CHECKOUT, other)] == wanted
