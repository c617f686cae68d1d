"""Known CPUs, errata and ladders: reading, cache, look-ups."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.core.processor import signature
from vmcsgen.specfile import cpus
from vmcsgen.specfile.cpus import KnownCpus, load_cpus


@pytest.fixture(scope="module")
def known(spec: vmcsgen.Spec, checkout: Path) -> KnownCpus:
    return load_cpus(spec, checkout / "spec", cache=False)


def test_the_cache_gives_what_the_files_give(
    spec: vmcsgen.Spec, known: KnownCpus, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_cpus(spec, checkout / "spec") == known
    monkeypatch.setattr(cpus, "_read", None)
    assert load_cpus(spec, checkout / "spec") == known


@pytest.mark.parametrize("damage", [b"", b"garbage", b"[]", b'{"cpus": [{"group": "x"}]}'])
def test_a_damaged_cache_costs_time_only(
    spec: vmcsgen.Spec, known: KnownCpus, damage: bytes, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import hashlib

    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path))
    load_cpus(spec)
    (entry,) = tmp_path.glob("cpus-*")
    entry.write_bytes(hashlib.sha256(damage).hexdigest().encode() + b"\n" + damage)
    assert load_cpus(spec) == known


def test_a_changed_file_is_read_again(spec: vmcsgen.Spec, checkout: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "spec"
    shutil.copytree(checkout / "spec", folder)
    assert len(load_cpus(spec, folder).cpus) == 50
    (folder / "cpus/core2.yaml").unlink()
    assert len(load_cpus(spec, folder).cpus) == 49


def test_a_spec_without_such_files_has_none(tmp_path: Path) -> None:
    import shutil

    here = Path(__file__).resolve().parent.parent.parent / "golden/spec"
    shutil.copytree(here, tmp_path / "spec")
    shutil.rmtree(tmp_path / "spec/cpus")
    for name in ("errata", "ladders"):
        os.unlink(tmp_path / f"spec/{name}.yaml")
    small = vmcsgen.load(tmp_path / "spec", cache=False)
    assert load_cpus(small, tmp_path / "spec", cache=False) == KnownCpus((), (), ())


def test_faults_are_raised_with_their_place(checkout: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec")
    path = tmp_path / "spec/cpus/demo.yaml"
    path.write_text(path.read_text().replace("0x480:", "0x500:"))
    small = vmcsgen.load(tmp_path / "spec", cache=False)
    with pytest.raises(vmcsgen.DiagnosticError) as caught:
        load_cpus(small, tmp_path / "spec")
    (fault,) = caught.value.diagnostics
    assert (fault.location.line, fault.location.column) == (13, 7)
    assert fault.message == "key '0x500' is spelled wrongly"
    assert fault.hint == "the address of a VMX capability MSR, such as 0x48a"


def test_find_is_case_blind_and_knows_twins(known: KnownCpus) -> None:
    for name in ("i9-12900k", "I9-12900K", "inst-b0671_raptorlake_14"):
        found = known.find(name)
        assert found is not None and found.id == "i9-12900k"
    assert known.find("12900") is None
    assert known.suggestions("12900k")[0] == "i9-12900k"


def test_ids_name_one_cpu_each(known: KnownCpus) -> None:
    ids = [cpu.id for cpu in known.cpus] + [twin.id for cpu in known.cpus for twin in cpu.also]
    assert len({each.casefold() for each in ids}) == len(ids) > 90


@pytest.mark.parametrize(
    ("eax", "family", "model", "stepping"),
    [
        (0x90672, 6, 0x97, 2),
        (0x206A7, 6, 0x2A, 7),
        (0x507B3, 7, 0x5B, 3),
        (0x00F4A, 15, 4, 10),
        (0x100F42, 16, 4, 2),
        (0x5E3, 5, 0xE, 3),
    ],
)
def test_signature(eax: int, family: int, model: int, stepping: int) -> None:
    assert signature(eax) == (family, model, stepping)


def test_errata_name_models_that_the_known_cpus_have(known: KnownCpus) -> None:
    """Each erratum on VMCS_ENUM is shown by a known CPU, but for the ones listed here."""
    models = {(cpu.family, cpu.model) for cpu in known.cpus if cpu.vendor == "Intel"}
    unseen = {
        erratum.id
        for erratum in known.errata
        if erratum.kind == "vmcs_enum" and not models & set(erratum.cpus)
    }
    assert unseen == {"BDD33"}
