"""A project with fewer or more constants: what the owner of a region chose, or a tree has."""

from __future__ import annotations

from dataclasses import replace

from vmcsgen.core.project import Project
from vmcsgen.core.spec import Field, Spec
from vmcsgen.targets.regions import Selection


class UnknownConstantError(LookupError):
    """A selection names constants that the project neither has nor would spell so."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def constants(project: Project) -> tuple[str, ...]:
    """Every constant of a project: names, names of high halves, aliases."""
    aliases = (name for names in project.aliases.values() for name in names)
    return (*project.fields.values(), *project.high_fields.values(), *aliases)


def new_constants(spec: Spec, project: Project) -> dict[str, tuple[Field, bool]]:
    """The constants that the project has no name for and the names it would give them.

    Each with its field, and whether it is the high half.
    """
    found: dict[str, tuple[Field, bool]] = {}
    for each in spec.confirmed:
        name = project.name_for(each)
        if name is None:
            continue
        if each.id not in project.fields:
            found[name] = (each, False)
        high = project.high_name(name) if each.high_encoding is not None else None
        if high is not None and each.id not in project.high_fields:
            found[high] = (each, True)
    for name in constants(project):
        found.pop(name, None)
    return found


def choose(spec: Spec, project: Project, selection: Selection) -> Project:
    """The project with the constants of ``selection`` added and dropped.

    Raises UnknownConstantError for names that mean nothing.
    """
    fresh = new_constants(spec, project)
    wanted = fresh if selection.every else {n: fresh[n] for n in selection.added if n in fresh}
    known = {*constants(project), *fresh, *(("all",) if selection.every else ())}
    unknown = tuple(n for n in (*selection.added, *selection.dropped) if n not in known)
    if unknown:
        raise UnknownConstantError(unknown)
    return _without(_with(spec, project, wanted), frozenset(selection.dropped))


def _with(spec: Spec, project: Project, added: dict[str, tuple[Field, bool]]) -> Project:
    fields, high_fields = dict(project.fields), dict(project.high_fields)
    for name, (each, high) in added.items():
        (high_fields if high else fields)[each.id] = name
    values = {
        name: spec.by_id[identity].encoding.value | high
        for high, names in ((0, fields), (1, high_fields))
        for identity, name in names.items()
    }
    order = list(project.order)
    if order:
        for name in sorted(added, key=values.__getitem__):
            # Behind the nearest smaller encoding, which is where a reader looks for it.
            below = [n for n in order if n in values and values[n] < values[name]]
            nearest = max(below, key=values.__getitem__, default=None)
            order.insert(0 if nearest is None else order.index(nearest) + 1, name)
    return replace(project, fields=fields, high_fields=high_fields, order=tuple(order))


def _without(project: Project, dropped: frozenset[str]) -> Project:
    if not dropped:
        return project
    # A high half that stays stands where its field stood.
    high = {name: project.high_fields.get(each, name) for each, name in project.fields.items()}
    return replace(
        project,
        order=tuple(high.get(name, name) if name in dropped else name for name in project.order),
        fields={i: name for i, name in project.fields.items() if name not in dropped},
        high_fields={i: name for i, name in project.high_fields.items() if name not in dropped},
        aliases={
            identity: tuple(name for name in names if name not in dropped)
            for identity, names in project.aliases.items()
        },
    )
