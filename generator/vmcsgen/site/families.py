"""What a requirement depends on, as a family: one colour and one short code each in the page."""

from __future__ import annotations

from vmcsgen.core.requirement import Requirement, names
from vmcsgen.core.spec import Spec
from vmcsgen.records import Record

ALWAYS = "always"

_CODES = {
    "pin": "P", "primary": "1", "secondary": "2", "tertiary": "3", "exit": "X",
    "secondary_exit": "X2", "entry": "E", "vmfunc": "F", "cpuid": "C",
}  # fmt: skip
"""Short codes of the SDM's groups; any other group gets its first letter."""


class Family(Record):
    """The requirements that name controls of the same groups.

    ``id`` joins the groups' ids by dashes, ``code`` is short enough for a cell of the map.
    """

    id: str
    code: str
    title: str


def family_of(spec: Spec, requirement: Requirement) -> Family:
    """The family of a requirement."""
    groups = sorted({name.partition(".")[0] for name in names(requirement)})
    if not groups:
        return Family(ALWAYS, "", "always")
    code = "/".join(_CODES.get(group, group[:1].upper()) for group in groups)
    return Family("-".join(groups), code, " and ".join(_title(spec, group) for group in groups))


def _title(spec: Spec, group: str) -> str:
    known = spec.group_by_id.get(group)
    return "CPUID" if known is None else known.id.replace("_", " ")
