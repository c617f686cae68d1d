"""Right lists of every project, and single mistakes put into them, for the tests of ``check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from random import Random

from vmcsgen.core.project import Project
from vmcsgen.core.spec import Spec
from vmcsgen.scan.lexicon import Lexicon, called
from vmcsgen.scan.words import spellings, weights

MISTAKES = ("value", "swapped pair", "dropped high half", "wrong bit", "index off by one")


@dataclass(frozen=True)
class Entry:
    """One constant of a list."""

    name: str
    encoding: int


@dataclass(frozen=True)
class Mutant:
    """A list with one mistake, and the lines on which it must be found."""

    mistake: str
    text: str
    lines: tuple[int, ...]


def projects(spec: Spec) -> tuple[Project, ...]:
    """The projects that have a list in a programming language."""
    return tuple(project for project in spec.projects if project.language != "none")


def entries(spec: Spec, project: Project) -> tuple[Entry, ...]:
    """The project's right list, ascending by encoding."""
    found = [Entry(extra.name, extra.encoding) for extra in project.extras]
    for identity, name in project.fields.items():
        field = spec.by_id[identity]
        found.append(Entry(name, field.encoding.value))
        found += [Entry(alias, field.encoding.value) for alias in project.aliases.get(identity, ())]
        if identity in project.high_fields:
            assert field.high_encoding is not None
            found.append(Entry(project.high_fields[identity], field.high_encoding.value))
    return tuple(sorted(found, key=lambda entry: entry.encoding))


def text(project: Project, listed: Sequence[Entry]) -> tuple[str, tuple[int, ...]]:
    """The list as the project writes it, and the line of each entry."""
    lines: list[str] = []
    numbers: list[int] = []
    for opening, each in _laid_out(project, listed):
        lines += opening
        if each is not None:
            numbers.append(len(lines) + 1)
            lines.append(_line(project, each))
    return "\n".join(lines) + "\n", tuple(numbers)


def _laid_out(
    project: Project, listed: Sequence[Entry]
) -> Iterator[tuple[list[str], Entry | None]]:
    if project.language == "rust":
        module = ""
        for each in listed:
            inside = each.name.rpartition("::")[0]
            opening = (
                [] if inside == module else [*(["}"] if module else []), f"pub mod {inside} {{"]
            )
            module = inside
            yield opening, each
        yield ["}"], None
        return
    enum = next((f["construct"] for f in project.files if f["construct"].startswith("enum")), "")
    opening = ["/* VMCS fields */", *([f"{enum} {{"] if enum else [])]
    for each in listed:
        yield opening, each
        opening = []
    yield ["};"] if enum else [], None


def _line(project: Project, entry: Entry) -> str:
    if project.language == "rust":
        return f"    pub const {entry.name.rpartition('::')[2]}: u32 = {entry.encoding:#x};"
    if any(file["construct"].startswith("enum") for file in project.files):
        return f"\t{entry.name} = {entry.encoding:#010x},"
    return f"#define {entry.name} {entry.encoding:#010x}"


def forget(known: Lexicon, spec: Spec, identity: str) -> Lexicon:
    """The lexicon of a world that never saw this project, nor any name of its list elsewhere."""
    names = known.projects[identity].names.keys()
    world = copy(known)
    world.projects = {
        each.id: each._replace(
            names={name: each.names[name] for name in each.names if name not in names}
        )
        for each in known.projects.values()
        if each.id != identity
    }
    world.fields = {
        encoding: known.fields[encoding]._replace(
            spellings=spellings(name for name in other if name not in names)
        )
        for encoding, other in called(spec).items()
    }
    world.weights = weights([field.spellings for field in world.fields.values()])
    return world


def spells_high_halves(listed: Sequence[Entry]) -> bool:
    """Whether most 64-bit fields of a list have their high half: only then is a lack to be seen."""
    highs = sum(each.encoding & 1 for each in listed)
    fulls = sum(each.encoding >> 13 == 1 for each in listed) - highs
    return highs > 0.75 * fulls


def mutant(
    spec: Spec, project: Project, random: Random, mistakes: Sequence[str] = MISTAKES
) -> Mutant:
    """The project's list with one random mistake."""
    listed = list(entries(spec, project))
    halves = [i for i, each in enumerate(listed) if each.encoding & 1]
    mistake = random.choice([each for each in mistakes if halves or each != "dropped high half"])
    place = random.randrange(len(listed))
    encoding = listed[place].encoding
    match mistake:
        case "dropped high half":
            place = random.choice(halves)
            full = next(i for i, e in enumerate(listed) if e.encoding == listed[place].encoding - 1)
            del listed[place]
            content, numbers = text(project, listed)
            return Mutant(mistake, content, (numbers[full],))
        case "swapped pair":
            other = random.choice([i for i, e in enumerate(listed) if e.encoding != encoding])
            listed[place] = replace(listed[place], encoding=listed[other].encoding)
            listed[other] = replace(listed[other], encoding=encoding)
            content, numbers = text(project, listed)
            return Mutant(mistake, content, (numbers[place], numbers[other]))
        case "wrong bit":
            wrong = encoding ^ 1 << random.randrange(16)
        case "index off by one":
            wrong = encoding + random.choice([-2, 2]) if encoding > 1 else encoding + 2
        case _:
            wrong = random.choice([n for n in range(0x7000) if n != encoding])
    listed[place] = replace(listed[place], encoding=wrong)
    content, numbers = text(project, listed)
    return Mutant(mistake, content, (numbers[place],))
