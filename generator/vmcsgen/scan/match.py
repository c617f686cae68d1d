"""Which lists of constants are lists of VMCS fields, and whose: by value first, then by words.

A constant agrees when its value is the encoding of a field and its name says that field. A list
with enough of those is a list of VMCS fields, whoever wrote it; then every constant that belongs
to it is held against the spec. Nothing outside such a list is judged, so that a driver's
TSC_OFFSET or a table of values to be written stays out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from vmcsgen.records import Record
from vmcsgen.scan.constants import Constant, ConstantList
from vmcsgen.scan.lexicon import Lexicon, ProjectNames
from vmcsgen.scan.words import Resemblance

ALIKE = 0.5
"""How much a name must resemble a field to speak for it."""

CERTAIN = 0.7
"""How much a name must resemble a field before a value that says otherwise is called wrong."""

EVIDENCE = 3
"""Agreeing constants that make a list one of VMCS fields; one is enough where it says "vmcs"."""

MEMBERS_LIMIT = 4096
"""Most constants of a list that are judged; the architecture has room for few more fields."""

_TELLING = 0x800
"""From here on a value says something by itself; smaller ones stand for anything."""

_PLAIN = 0.9
"""How much a name must resemble a field to speak for such a value: VPID_INVALID is no VPID."""

_OWN_SHARE = 0.6
"""The share of its constants that a project must name for a list to be taken for its own."""

_GAP = 3
"""Most strangers between two agreeing #defines that still stand in one run, not counting those
whose value is a field's."""


class Matched(Record):
    """A list of VMCS fields: its members in source order, and the project it was taken for."""

    constants: ConstantList
    project: ProjectNames | None
    members: tuple[Constant, ...]
    agreeing: int


class Matcher:
    """Matches lists against a lexicon; what it learns of names it keeps for the next list."""

    def __init__(
        self, lexicon: Lexicon, forced: str | None = None, extras: Mapping[str, int] | None = None
    ) -> None:
        """``forced`` is the id of the project to take; ``extras`` are names to be expected."""
        self.lexicon = lexicon
        self.extras = extras or {}
        self.forced = lexicon.projects[forced] if forced else None
        self._resemblance: Resemblance | None = None

    @property
    def resemblance(self) -> Resemblance:
        """Word by word comparison, made when first needed: most lists are known by name."""
        if self._resemblance is None:
            self._resemblance = Resemblance(self.lexicon)
        return self._resemblance

    def named(self, name: str) -> frozenset[int]:
        """Every encoding that a project calls ``name``, a module path counting or not."""
        known = self.lexicon.encodings_by_name
        if name in self.extras:
            return frozenset((self.extras[name],))
        return known.get(name) or known.get(name.rpartition("::")[2], frozenset())

    def agrees(self, constant: Constant) -> bool:
        """Whether value and name say the same field."""
        value = constant.value
        if value is None or constant.implicit or not 0 <= value < 0x8000:
            return False
        if value in self.named(constant.name):
            return True
        if self.lexicon.field(value) is None:
            return False
        enough = ALIKE if value >= _TELLING else _PLAIN
        return self.resemblance.to(constant.name, value & ~1) >= enough

    def match(self, found: ConstantList, path: str) -> Matched | None:
        """The list as one of VMCS fields, or None if it is something else."""
        constants = found.constants
        agreeing = [index for index, each in enumerate(constants) if self.agrees(each)]
        says_vmcs = any(
            (constants[index].value or 0) >= _TELLING
            and "vmcs" in (found.construct + constants[index].name).lower()
            for index in agreeing
        )
        if len(agreeing) < (1 if says_vmcs else EVIDENCE):
            return self._by_name_alone(found, path)
        project = self.forced or self._elect([constants[index] for index in agreeing], path)
        explicit = sum(not each.implicit for each in constants)
        says_so = "vmcs" in found.construct.lower() and len(agreeing) > 1
        if found.closed and (says_so or len(agreeing) * 2 >= explicit):
            members = set(range(len(constants)))
        else:
            members = self._runs(found, agreeing)
        members |= self._known_names(found, project, bool(members))
        chosen = tuple(constants[index] for index in sorted(members)[:MEMBERS_LIMIT])
        return Matched(found, project, chosen, len(agreeing))

    def _by_name_alone(self, found: ConstantList, path: str) -> Matched | None:
        """A list without any agreement: only names that leave no doubt, with values close by."""
        named = [each for each in found.constants if self._expected(each.name)]
        chosen = tuple(
            each
            for each in named
            if ("vmcs" in (found.construct + each.name).lower() or self.forced)
            and any(_close(each.value, wanted) for wanted in self._expected(each.name))
        )
        if not chosen or len(chosen) * 2 < len(named):
            return None
        return Matched(found, self.forced or self._elect(chosen, path), chosen, 0)

    def _expected(self, name: str) -> frozenset[int]:
        if self.forced is not None:
            value = self.forced.names.get(name)
            return frozenset(() if value is None else (value,))
        return self.named(name)

    def _elect(self, constants: Sequence[Constant], path: str) -> ProjectNames | None:
        """The project that most of the constants have their names from; None if there is none.

        Of projects that share their names, the one whose files have the more similar path, then
        the one with the longer list.
        """
        best: ProjectNames | None = None
        best_rank = (0, 0, 0)
        parts = frozenset(path.split("/"))
        names = frozenset(each.name for each in constants)
        for project in self.lexicon.projects.values():
            known = len(names & project.names.keys())
            near = max((len(parts & set(where.split("/"))) for where in project.paths), default=0)
            rank = (known, near, len(project.names))
            if rank > best_rank:
                best, best_rank = project, rank
        return best if best_rank[0] >= _OWN_SHARE * len(names) else None

    def _runs(self, found: ConstantList, agreeing: list[int]) -> set[int]:
        """Positions from each agreeing constant to the next, where few strangers are between."""
        members = set(agreeing)
        for left, right in pairwise(agreeing):
            between = found.constants[left + 1 : right]
            if sum(not self._telling(each) for each in between) <= _GAP and all(
                self._may_belong(each) for each in between
            ):
                members.update(range(left + 1, right))
        for index in {each + step for each in agreeing for step in (-1, 1)} - members:
            if 0 <= index < len(found.constants) and self._at_edge(found.constants[index]):
                members.add(index)
        return members

    def _telling(self, constant: Constant) -> bool:
        """Whether a value is the encoding of a field, and too large to be that by chance."""
        value = constant.value
        return value is not None and value >= _TELLING and self.lexicon.field(value) is not None

    def _at_edge(self, constant: Constant) -> bool:
        """Whether the neighbour of a member is meant as one: its name is clearly a field's."""
        value = constant.value
        if value is None or constant.implicit or not 0 <= value < 0x20000:
            return False
        likely, resemblance = self.resemblance.best(constant.name)
        if likely < _TELLING:
            return resemblance >= _PLAIN
        return resemblance >= CERTAIN and value >= _TELLING

    def _may_belong(self, constant: Constant) -> bool:
        """Whether a stranger between two members is meant as one: it looks like an encoding.

        A small number does if its name is that of a field with a small encoding, or leaves no
        doubt; else it is a bit, a reason or a state that the field above can hold.
        """
        value = constant.value
        if value is None:
            return bool(self.named(constant.name))
        if value < _TELLING and not self.named(constant.name):
            likely, resemblance = self.resemblance.best(constant.name)
            return resemblance >= (_PLAIN if likely >= _TELLING else CERTAIN)
        return 0 <= value < 0x20000

    def _known_names(
        self, found: ConstantList, project: ProjectNames | None, is_list: bool
    ) -> set[int]:
        """Positions of constants that the project names, wherever in the list they stand."""
        if project is None or not is_list:
            return set()
        return {index for index, each in enumerate(found.constants) if each.name in project.names}


def _close(value: int | None, wanted: int) -> bool:
    """Whether ``value`` looks like a slip of ``wanted``: a bit or two, or a neighbour."""
    if value is None or value < _TELLING or wanted < _TELLING:
        return False
    return value != wanted and ((value ^ wanted).bit_count() == 1 or abs(value - wanted) <= 4)
