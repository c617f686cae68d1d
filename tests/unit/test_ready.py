"""What a wheel brings is what would be worked out, and is believed beside its own bytes only."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vmcsgen import cache, ready
from vmcsgen.specfile.cpus import load_cpus
from vmcsgen.specfile.load import load
from vmcsgen.targets import manifest, prepare, render
from vmcsgen.targets.manifest import load_target

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made() -> bytes:
    return prepare.make()


@pytest.fixture
def share(tmp_path: Path, made: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a wheel that holds ``made``, and no cache."""
    (tmp_path / "ready.json").write_bytes(made)
    monkeypatch.setattr(ready, "share", lambda: str(tmp_path))
    monkeypatch.setattr(ready, "_answers", None)
    monkeypatch.setenv("VMCSGEN_CACHE", "")
    return tmp_path


def refuse(*_: object) -> Any:
    raise AssertionError("worked out, and not recalled")


def test_all_is_recalled_as_it_would_be_worked_out(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, target = load(cache=False), load_target("python")
    (rendered,) = render.render(spec, target)
    cpus = load_cpus(spec, cache=False)
    monkeypatch.setattr("vmcsgen.specfile.load.read", refuse)
    monkeypatch.setattr("vmcsgen.specfile.cpus._read", refuse)
    monkeypatch.setattr(manifest, "checked", refuse)
    monkeypatch.setattr("black.format_str", refuse)
    assert load() == spec
    assert load_cpus(spec) == cpus
    assert load_target("python") == target
    assert render.render(spec, target) == (rendered,)


def test_every_target_and_all_python_is_there(made: bytes) -> None:
    answers = json.loads(made)["answers"]
    assert {each.parent.name for each in CHECKOUT.glob("templates/*/target.yaml")} == {
        subject.removeprefix("target ") for subject in answers if subject.startswith("target ")
    }
    # Headers name the command that makes them anew, so that texts are those of a file.
    for path in CHECKOUT.glob("out/*/*.py"):
        assert path.read_text() in answers.values()


def test_the_same_bytes_each_time_whatever_is_known(
    made: bytes, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = json.loads(made)
    brought["answers"] = {
        subject: "wrong" if isinstance(answer, str) else answer
        for subject, answer in brought["answers"].items()
    }
    (share / "ready.json").write_text(json.dumps(brought))
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    assert prepare.make() == made
    assert not (tmp_path / "cache").exists()
    assert ready.recall("spec") is not None


@pytest.mark.parametrize("chosen", [None, "", "/nowhere"])
def test_the_cache_is_the_one_before_again(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VMCSGEN_CACHE", raising=False)
    if chosen is not None:
        monkeypatch.setenv("VMCSGEN_CACHE", chosen)
    with prepare._new_cache() as folder:
        assert os.environ["VMCSGEN_CACHE"] == folder
    assert os.environ.get("VMCSGEN_CACHE") == chosen


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b'"of":"', b'"of":"0', 1),
        lambda raw: b"[" * 100_000,
        lambda raw: b"[]",
        lambda raw: b"\xff",
        lambda raw: raw.replace(b'"answers"', b'"answer"', 1),
    ],
)
def test_damage_costs_time_only(share: Path, damage: Callable[[bytes], bytes]) -> None:
    path = share / "ready.json"
    path.write_bytes(damage(path.read_bytes()))
    assert ready.recall("spec") is None
    assert load_target("c").id == "c"


@pytest.mark.parametrize(
    "changed", ["spec/fields/b01-16bit-control.yaml", "spec/schema/fields.schema.json"]
)
def test_nothing_is_recalled_beside_another_byte(
    share: Path, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Path(shutil.copytree(CHECKOUT / "spec", share / "spec"))
    monkeypatch.setattr(ready, "spec_folder", lambda: str(spec))
    assert ready.recall("spec") is not None
    monkeypatch.setattr(ready, "_answers", None)
    with (share / changed).open("a") as file:
        file.write("\n")
    assert ready.recall("spec") is None


def test_nothing_is_recalled_beside_other_code(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(shutil.copytree(ready.PACKAGE, share / "package"))
    monkeypatch.setattr(ready, "PACKAGE", str(package))
    assert ready.recall("spec") is not None
    monkeypatch.setattr(ready, "_answers", None)
    (package / "core" / "more.py").touch()
    assert ready.recall("spec") is None


def test_nothing_is_recalled_of_other_folders(
    share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copytree(CHECKOUT / "spec", tmp_path / "other"))
    monkeypatch.setattr("vmcsgen.specfile.load.read", refuse)
    with pytest.raises(AssertionError, match="worked out"):
        load(other)
    target = tmp_path / "targets" / "python"
    shutil.copytree(CHECKOUT / "templates/python", target)
    text = (target / "target.yaml").read_text()
    (target / "target.yaml").write_text(text.replace("title: ", "title: Another "))
    assert load_target("python", target.parent).title.startswith("Another ")


def test_without_the_cache_asked_for_all_is_worked_out(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmcsgen.specfile.load.read", refuse)
    with pytest.raises(AssertionError, match="worked out"):
        load(cache=False)


@pytest.mark.parametrize("of_the_wheel", [None, [], {}, 5, "five", {"number": "5"}])
@pytest.mark.parametrize("of_the_cache", [None, [], {}, 5, "five", {"number": "5"}])
def test_another_shape_is_as_good_as_lost(
    of_the_cache: Any, of_the_wheel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(ready, "_answers", {"five": of_the_wheel})
    cache.write_entry("five.json", of_the_cache)
    asked = 0

    def make() -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        return 5, {"number": 5}

    def shaped(kept: Any) -> int | None:
        return kept["number"] if isinstance(kept["number"], int) else None

    for _ in range(2):
        assert ready.answer("five.json", "five", None, shaped, make) == 5
    assert asked == 1
    assert cache.read_entry("five.json") == {"number": 5}
    assert ready.answer("", "five", None, shaped, make) == 5
    assert asked == 2


def test_what_the_wheel_brings_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(ready, "_answers", {"five": 5})
    assert ready.answer("five.json", "five", None, int, refuse) == 5
    assert cache.read_entry("five.json") == 5
    monkeypatch.setattr(ready, "_answers", {})
    assert ready.answer("five.json", "five", None, int, refuse) == 5
