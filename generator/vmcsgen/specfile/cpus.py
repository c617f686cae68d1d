"""Known CPUs, errata and QEMU's ladders: the facts of a spec that stand beside the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vmcsgen import ready
from vmcsgen.core.requirement import Requirement, from_plain, to_plain
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.resources import spec_root
from vmcsgen.specfile.inputs import facts_key

KINDS = ("cpus", "errata", "ladders")
"""Kinds of spec files that this module reads."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Another dump with the same capability MSRs as a known CPU."""

    id: str
    source: str
    name: str = ""
    cpuid_1_eax: int | None = None
    microarchitecture: str = ""
    microcode: int | None = None


@dataclass(frozen=True, slots=True)
class KnownCpu:
    """A processor (``kind`` hardware), a virtual machine (nested) or a CPU model (model).

    ``msrs`` are raw values by address, ``features`` what CPUID says of features by name.
    """

    id: str
    name: str
    kind: str
    source: str
    msrs: Mapping[int, int]
    group: str
    vendor: str = ""
    family: int | None = None
    model: int | None = None
    stepping: int | None = None
    cpuid_1_eax: int | None = None
    microarchitecture: str = ""
    year: int | None = None
    microcode: int | None = None
    reliability: str = "ok"
    note: str = ""
    features: Mapping[str, bool] | None = None
    also: tuple[Twin, ...] = ()


@dataclass(frozen=True, slots=True)
class Erratum:
    """A published erratum; ``cpus`` are the (family, model) pairs of its generations."""

    id: str
    title: str
    generations: tuple[str, ...]
    kind: str
    effect: str
    status: str
    source: str
    cpus: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectLadder:
    """How a code base computes VMCS_ENUM since a version: the first rung that holds counts."""

    project: str
    since: str
    rungs: tuple[tuple[Requirement, int], ...]
    source: str
    where: str = ""


@dataclass(frozen=True)
class KnownCpus:
    """The facts beside the model of one spec."""

    cpus: tuple[KnownCpu, ...]
    errata: tuple[Erratum, ...]
    ladders: tuple[ProjectLadder, ...]

    @cached_property
    def _by_id(self) -> Mapping[str, KnownCpu]:
        found = {twin.id.casefold(): cpu for cpu in self.cpus for twin in cpu.also}
        return found | {cpu.id.casefold(): cpu for cpu in self.cpus}

    def find(self, name: str) -> KnownCpu | None:
        """The CPU with this id (or one with the same MSRs), case-blind."""
        return self._by_id.get(name.casefold())

    def suggestions(self, name: str) -> tuple[str, ...]:
        """Ids that are close to ``name``, or of which it is a part; best first, three at most."""
        from difflib import get_close_matches

        wanted = name.casefold()[:100]
        holding = [cpu.id for cpu in self.cpus if len(wanted) > 2 and wanted in cpu.id.casefold()]
        close = get_close_matches(wanted, self._by_id, 3, 0.5)
        return tuple(dict.fromkeys([*holding, *(self._by_id[each].id for each in close)]))[:3]

    def errata_of(self, vendor: str, family: int | None, model: int | None) -> tuple[Erratum, ...]:
        """The errata that cover a family and model; all are Intel's, and models are a vendor's own.

        An unknown vendor (empty) is taken for Intel.
        """
        if vendor not in ("", "Intel", "GenuineIntel"):
            return ()
        return tuple(each for each in self.errata if (family, model) in each.cpus)

    def ladder(self, project: str, version: str) -> ProjectLadder | None:
        """The ladder that a version of a project has; None before the first that is known."""
        wanted = _version(version)
        fitting = [
            each
            for each in self.ladders
            if each.project == project and _version(each.since) <= wanted
        ]
        return max(fitting, key=lambda each: _version(each.since), default=None)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())


def load_cpus(spec: Spec, root: Path | str | None = None, *, cache: bool = True) -> KnownCpus:
    """The known CPUs, errata and ladders that stand beside ``spec`` in folder ``root``.

    Raises DiagnosticError with everything that is wrong. A spec without such files has none.
    """
    folder = spec_root() if root is None else Path(root)
    if not cache:
        return _read(spec, folder)

    def made() -> tuple[KnownCpus, Any]:
        known = _read(spec, folder)
        return known, to_entry(known)

    key = facts_key(folder, KINDS)
    entry = f"cpus-{key[:32]}-{spec.digest[:8]}.json" if key else ""
    return ready.answer(entry, f"cpus {spec.digest}", folder, _from_entry, made)


def _from_entry(entry: Any) -> KnownCpus | None:
    return build(entry) if set(entry) == set(KINDS) else None


def _read(spec: Spec, folder: Path) -> KnownCpus:
    from vmcsgen.specfile import cpu_rules
    from vmcsgen.specfile.files import discover
    from vmcsgen.specfile.load import read_documents

    documents, diagnostics = read_documents(discover(folder, KINDS))
    if not diagnostics:
        diagnostics.extend(cpu_rules.check(documents, spec))
    if diagnostics:
        raise DiagnosticError(diagnostics)
    plain = {kind: [each.root.plain() for each in found] for kind, found in documents.items()}
    return build(plain)


def build(plain: Mapping[str, Sequence[Any]]) -> KnownCpus:
    """The facts that validated files say, by kind of file."""
    return KnownCpus(
        tuple(
            _cpu(entry, file["group"]) for file in plain.get("cpus", ()) for entry in file["cpus"]
        ),
        tuple(_erratum(entry) for file in plain.get("errata", ()) for entry in file["errata"]),
        tuple(_ladder(entry) for file in plain.get("ladders", ()) for entry in file["ladders"]),
    )


def _cpu(entry: Mapping[str, Any], group: str) -> KnownCpu:
    given = dict(entry)
    given["msrs"] = {int(key, 16): value for key, value in given["msrs"].items()}
    given["also"] = tuple(Twin(**each) for each in given.get("also", ()))
    return KnownCpu(group=group, **given)


def _erratum(entry: Mapping[str, Any]) -> Erratum:
    given = dict(entry)
    given["generations"] = tuple(given["generations"])
    given["cpus"] = tuple((each["family"], each["model"]) for each in given.get("cpus", ()))
    return Erratum(**given)


def _ladder(entry: Mapping[str, Any]) -> ProjectLadder:
    given = dict(entry)
    given["rungs"] = tuple((from_plain(rung["requires"]), rung["value"]) for rung in given["rungs"])
    return ProjectLadder(**given)


def to_entry(known: KnownCpus) -> dict[str, Any]:
    """The facts as JSON, as ``build`` takes them."""
    cpus = []
    for cpu in known.cpus:
        entry = {key: value for key, value in asdict(cpu).items() if key != "group"}
        entry["msrs"] = {f"{address:#x}": value for address, value in cpu.msrs.items()}
        cpus.append({"group": cpu.group, "cpus": [entry]})
    errata = [
        asdict(each) | {"cpus": [{"family": f, "model": m} for f, m in each.cpus]}
        for each in known.errata
    ]
    ladders = [
        {
            "project": each.project,
            "since": each.since,
            "rungs": [{"requires": to_plain(rung), "value": value} for rung, value in each.rungs],
            "source": each.source,
            "where": each.where,
        }
        for each in known.ladders
    ]
    return {"cpus": cpus, "errata": [{"errata": errata}], "ladders": [{"ladders": ladders}]}
