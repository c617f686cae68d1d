"""What a new spec breaks, as facts, as JSON and as text (docs/stability.md has the kinds)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vmcsgen.capabilities.compare import WIDTH, Comparison, folded

KINDS = {
    "field_removed": "fields are gone",
    "field_renamed": "fields have another id",
    "encoding_changed": "fields have another encoding",
    "existence_changed": "fields exist on other terms",
    "control_removed": "controls and features are gone",
    "control_renamed": "controls and features have another name",
    "control_moved": "controls and features are another bit",
    "msr_renamed": "capability MSRs have another name",
    "activation_changed": "capability groups are activated by another control",
    "inference_removed": "features can no longer be inferred",
    "project_removed": "projects are gone",
    "constant_removed": "constants are gone",
    "constant_renamed": "constants have another name",
    "constant_changed": "constants mean another field",
    "control_name_removed": "projects' names of controls are gone",
    "control_name_changed": "projects have another name for a control",
    "subset_removed": "subsets of projects are gone",
    "subset_field_removed": "fields are gone from a project's subset",
    "member_renamed": "members of a project's struct have another name",
    "subset_ladder_changed": "VMCS_ENUM over a project's subset is another",
    "vmcs_enum_changed": "VMCS_ENUM of known CPUs is another",
}
"""Kind of breakage, as JSON has it -> what it says to people."""


@dataclass(frozen=True, slots=True)
class Breakage:
    """Something that users of the old spec hold on to, and that the new one has not, or otherwise.

    ``what`` is an id, a name or an address; ``left`` and ``right`` are texts as people read them,
    ``right`` is empty where nothing took its place. ``cpus`` are ids of the known CPUs on which
    it makes a difference.
    """

    kind: str
    what: str
    left: str
    right: str = ""
    cpus: tuple[str, ...] = ()

    def __str__(self) -> str:
        change = f"{self.left} -> {self.right}" if self.right else self.left
        return f"{self.what}: {change}"


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What breaks, in the order of KINDS, and what is only new: a mapping of headings to ids."""

    breaking: tuple[Breakage, ...]
    new: Mapping[str, tuple[str, ...]]

    def lines(self) -> Iterator[str]:
        """Both for people: ``!`` stands for what breaks, ``+`` for what is new."""
        heading = ""
        for each in self.breaking:
            if each.kind != heading:
                heading = each.kind
                yield f"! {KINDS[heading]}"
            yield f"!   {each}"
            yield from (f"!       {line}" for line in folded(each.cpus, WIDTH - 8))
        if not self.breaking:
            yield "nothing breaks"
        if any(self.new.values()):
            yield from Comparison(self.new, {}, {}).lines()

    def as_plain(self) -> dict[str, object]:
        """Both as ``diff --breaking --format json`` prints them."""
        return {
            "breaking": [
                {
                    "kind": each.kind,
                    "what": each.what,
                    "left": each.left,
                    "right": each.right or None,
                    "cpus": list(each.cpus),
                }
                for each in self.breaking
            ],
            "new": {heading: list(names) for heading, names in self.new.items()},
        }
