"""Which generation of processors brought which field, by the oldest one that has it."""

from __future__ import annotations

from collections.abc import Iterable

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.enumeration import existing_fields
from vmcsgen.core.spec import Spec
from vmcsgen.records import Record
from vmcsgen.specfile.cpus import KnownCpu


class Generation(Record):
    """The processors of one microarchitecture and the fields that none before them had.

    ``year`` is that of its oldest processor in the collection.
    """

    title: str
    year: int
    cpus: tuple[str, ...]
    fields: tuple[str, ...]


def capabilities_of(spec: Spec, cpu: KnownCpu) -> Capabilities:
    """The capability set of a known CPU."""
    return Capabilities.from_msrs(spec, cpu.msrs, cpu.features, virtual=cpu.kind != "hardware")


def generations(spec: Spec, cpus: Iterable[KnownCpu]) -> tuple[Generation, ...]:
    """The generations that brought a field, by year.

    Only hardware counts, of a known year and from a source that is not doubtful; a field that no
    MSR decides for any of them is in no generation.
    """
    by_title: dict[str, list[KnownCpu]] = {}
    for cpu in cpus:
        if cpu.kind == "hardware" and cpu.reliability == "ok" and cpu.year is not None:
            by_title.setdefault(cpu.microarchitecture or cpu.name, []).append(cpu)
    dated = sorted(
        (min(cpu.year for cpu in members if cpu.year is not None), title)
        for title, members in by_title.items()
    )
    found = []
    seen: set[str] = set()
    for year, title in dated:
        members = by_title[title]
        have = {
            field.id
            for cpu in members
            for field in existing_fields(spec, capabilities_of(spec, cpu))
        }
        brought = tuple(field.id for field in spec.confirmed if field.id in have - seen)
        if brought:
            found.append(Generation(title, year, tuple(cpu.id for cpu in members), brought))
        seen |= have
    return tuple(found)
