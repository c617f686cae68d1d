"""Known deviations of emulators: spec/emulators.yaml, and which difference one explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.probe.answers import Host
from vmcsgen.resources import spec_root


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

    def concerns(self, host: Host) -> bool:
        """Whether it is known of this version and CPU model of this emulator."""
        return (
            self.emulator == host.emulator
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


def load_deviations(root: Path | None = None) -> tuple[Deviation, ...]:
    """The known deviations of the spec in folder ``root``; DiagnosticError if its file is wrong."""
    from vmcsgen.specfile import nodes, schema
    from vmcsgen.specfile.files import discover

    found: list[Deviation] = []
    for file in discover(spec_root() if root is None else root, ("emulators",)):
        document = nodes.parse(nodes.read_text(file.path, file.shown), file.shown)
        faults = schema.check(document, file.kind)
        if faults:
            raise DiagnosticError(faults)
        plain: Any = document.root.plain()
        for emulator in plain["emulators"]:
            found += (_deviation(emulator["id"], entry) for entry in emulator["deviations"])
    return tuple(found)


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
