"""Code bases as templates are handed them: constants in their own order, parts, what derives."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from vmcsgen.core.enumeration import max_index
from vmcsgen.core.project import Project
from vmcsgen.targets.shapes import EntryView, FieldView, ProjectView, SubsetView

if TYPE_CHECKING:
    from vmcsgen.targets.view import View


def project_view(view: View, project: Project) -> ProjectView:
    """A code base with its entries, and what derives from its fields."""
    members = [view.spec.by_id[identity] for identity in project.fields]
    highest = max_index(members)
    sharers = (each for each in view.fields if each.index == highest)
    return ProjectView(
        project.id,
        project.title,
        project.id.upper().replace("-", "_"),
        project.version,
        entries(view, project),
        highest,
        highest << 1,
        f"{highest << 1:#x}",
        len(members),
        tuple(subset_view(view, project, name) for name in project.subsets),
        next((each for each in sharers if each.id in project.fields), None),
    )


def entries(view: View, project: Project) -> tuple[EntryView, ...]:
    """The constants of a project, in its own order."""
    found: dict[str, EntryView] = {}

    def note(name: str, value: int, high: bool, field: FieldView) -> None:
        found[name] = EntryView(name, f"0x{value:04x}", f"0x{value:08x}", value, high, field)

    for high, names in ((False, project.fields), (True, project.high_fields)):
        for identity, name in names.items():
            if identity in view.field:
                note(name, view.field[identity].encoding | high, high, view.field[identity])
    for identity, aliases in project.aliases.items():
        if identity in view.field:
            for alias in aliases:
                note(alias, view.field[identity].encoding, False, view.field[identity])
    ranks = {name: rank for rank, name in enumerate(project.order)}

    def place(entry: EntryView) -> tuple[int, int]:
        # The order lists full encodings; a high half comes with its field.
        full = project.fields.get(entry.field.id, "")
        return ranks.get(entry.name, ranks.get(full, len(ranks))), entry.value

    return tuple(sorted(found.values(), key=place))


def subset_view(view: View, project: Project, name: str) -> SubsetView:
    """The part ``name`` of a project."""
    subset = project.subsets[name]
    return collection(view, f"{project.id}-{name}", subset.title, subset.fields)


def collection(view: View, name: str, title: str, identities: Collection[str]) -> SubsetView:
    """The fields with these ids, in the order given, and what derives from them."""
    fields = tuple(view.field[each] for each in identities if each in view.field)
    highest = max_index(view.spec.by_id[identity] for identity in identities)
    return SubsetView(
        name,
        title,
        name.upper().replace("-", "_"),
        fields,
        frozenset(each.id for each in fields),
        highest,
        highest << 1,
        f"{highest << 1:#x}",
        next((each for each in fields if each.index == highest), None),
    )
