"""Known deviations, of emulators and of silicon, and which difference one explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.logs.probe_answers import ProbeLog
from vmcsgen.resources import spec_root
from vmcsgen.specfile.cpus import Erratum, load_cpus


@dataclass(frozen=True, slots=True)
class Deviation:
    """In what an emulator is known to differ from the spec, and how that is known.

    ``models`` and ``fields`` are None where every CPU model, or every field, is meant.
    ``value`` is the raw IA32_VMX_VMCS_ENUM that it reports, for the kind ``vmcs_enum``.
    """

    id: str
    emulator: str
    kind: str
    versions: tuple[str, ...]
    models: frozenset[str] | None
    fields: frozenset[str] | None
    value: int | None
    effect: str
    evidence: str
    sources: tuple[str, ...]

    must_show: ClassVar[bool] = True

    def concerns(self, log: ProbeLog) -> bool:
        """Whether it is known of this version and CPU model of this emulator."""
        host = log.host
        return (
            host is not None
            and self.emulator == host.emulator
            and host.version in self.versions
            and (self.models is None or host.model in self.models)
        )

    def explains(self, kind: str, field: str | None, value: int | None) -> bool:
        """Whether a difference of this kind, field and reported value is this deviation."""
        return (
            self.kind == kind
            and (self.fields is None or field in self.fields)
            and (self.value is None or self.value == value)
        )


@dataclass(frozen=True, slots=True)
class OfSilicon:
    """A published erratum as what explains a difference."""

    erratum: Erratum

    must_show: ClassVar[bool] = False

    @property
    def id(self) -> str:
        """The erratum's id, such as ``BJ44``."""
        return self.erratum.id

    @property
    def effect(self) -> str:
        """What the processor does."""
        return self.erratum.effect

    @property
    def evidence(self) -> str:
        """Where it was published, and what became of it."""
        return f"{self.erratum.title} ({self.erratum.status}; {self.erratum.source})"

    def concerns(self, log: ProbeLog) -> bool:
        """Whether the log is of such a processor itself, not of an emulator or a guest."""
        return (
            log.host is None
            and not log.hypervisor
            and log.vendor == "GenuineIntel"
            and (log.family, log.model) in self.erratum.cpus
        )

    def explains(self, kind: str, field: str | None, value: int | None) -> bool:
        """Whether it can make a difference of this kind."""
        return kind in _ERRATUM_KINDS.get(self.erratum.kind, ())


Explanation: TypeAlias = Deviation | OfSilicon

KIND = "emulators"
"""The kind of spec file that has the deviations of emulators."""

_ERRATUM_KINDS = {
    "vmcs_enum": frozenset({"vmcs_enum"}),
    "vmread": frozenset({"unexpected", "unlisted", "read", "write"}),
}
"""Kind of an erratum in errata.yaml -> kinds of differences."""


def load_explanations(spec: Spec, root: Path | None = None) -> tuple[Explanation, ...]:
    """Known deviations of emulators and silicon, from the files that stand beside ``spec``.

    Raises DiagnosticError with everything that is wrong with them. A spec without such files has
    none.
    """
    from vmcsgen.specfile.files import discover
    from vmcsgen.specfile.load import read_documents
    from vmcsgen.specfile.names import entries

    folder = spec_root() if root is None else root
    documents, diagnostics = read_documents(discover(folder, (KIND,)))
    if diagnostics:
        raise DiagnosticError(diagnostics)
    deviations = (
        _deviation(emulator.value["id"], entry)
        for document in documents.get(KIND, ())
        for emulator in entries(document, "emulators")
        for entry in emulator.value["deviations"]
    )
    return (*deviations, *map(OfSilicon, load_cpus(spec, root).errata))


def _deviation(emulator: str, entry: Mapping[str, Any]) -> Deviation:
    return Deviation(
        entry["id"],
        emulator,
        entry["kind"],
        tuple(entry["versions"]),
        frozenset(entry["models"]) if "models" in entry else None,
        frozenset(entry["fields"]) if "fields" in entry else None,
        entry.get("value"),
        entry["effect"],
        entry["evidence"],
        tuple(entry.get("sources", ())),
    )
