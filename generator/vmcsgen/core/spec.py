"""Field, Control, and the Spec that holds everything: frozen facts and look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from vmcsgen.core.encoding import Encoding, FieldType, Width, why_not
from vmcsgen.core.numbers import parse_number
from vmcsgen.core.project import Project
from vmcsgen.core.requirement import ALWAYS, Always, Requirement, Supports, Term, terms


@dataclass(frozen=True, slots=True)
class Field:
    """One VMCS component; ``encoding`` is its full-access encoding.

    ``requires`` is None only for an unconfirmed field: its condition is not known, it never
    counts in a maximum and is never emitted.
    """

    id: str
    title: str
    encoding: Encoding
    requires: Requirement | None
    table: str
    status: str = "sdm"
    formerly: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def width(self) -> Width:
        """Width, from bits 14:13 of the encoding."""
        return self.encoding.width

    @property
    def type(self) -> FieldType:
        """Type, from bits 11:10 of the encoding."""
        return self.encoding.type

    @property
    def index(self) -> int:
        """Index, from bits 9:1 of the encoding."""
        return self.encoding.index

    @property
    def high_encoding(self) -> Encoding | None:
        """Encoding of the high 32 bits of a 64-bit field, else None."""
        return Encoding(self.encoding.value | 1) if self.width is Width.W64 else None

    @property
    def confirmed(self) -> bool:
        """Whether the field counts in a maximum and is emitted."""
        return self.requires is not None


@dataclass(frozen=True, slots=True)
class Control:
    """One bit of a VMX capability group; ``name`` is ``group.id``."""

    group: str
    id: str
    title: str
    bit: int
    status: str = "sdm"
    default1: bool = False
    formerly: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The name requirements use, such as ``secondary.use_tsc_scaling``."""
        return f"{self.group}.{self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """A VMX capability group: controls whose allowed 1-settings one MSR reports.

    The allowed 1-settings stand in bits 63:32 (``shift`` 32) or in all 64 bits (``shift`` 0) of
    ``msr``, or of ``true_msr`` where IA32_VMX_BASIC bit 55 says so. The group exists only if
    ``activated_by`` is supported (None: every processor with VMX has it).
    """

    id: str
    title: str
    field: str
    msr: int
    msr_name: str
    shift: int
    true_msr: int | None
    true_msr_name: str | None
    activated_by: str | None
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Inference:
    """A sound conclusion about a CPUID feature from a control or an MSR bit.

    If the witness (``control``, or bit ``bit`` of MSR ``msr``) is ``when``, the feature's support
    is ``conclusion``; with ``hardware_only`` that is sound for processors but not for virtual
    machines, whose CPUID and VMX MSRs a hypervisor chooses one by one.
    """

    conclusion: bool
    when: bool
    reason: str
    control: str | None = None
    msr: int | None = None
    bit: int | None = None
    hardware_only: bool = False


@dataclass(frozen=True, slots=True)
class Feature:
    """A CPUID feature that a field depends on; ``name`` is ``cpuid.id``."""

    id: str
    title: str
    leaf: int
    subleaf: int
    register: str
    bit: int
    inferences: tuple[Inference, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The name requirements use, such as ``cpuid.fred``."""
        return f"cpuid.{self.id}"


@dataclass(frozen=True, slots=True)
class Source:
    """A document or code base that facts were taken from."""

    id: str
    title: str
    edition: str
    date: str
    where: str
    kind: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A known difference between the spec and one of its sources, with the reason."""

    id: str
    party: str
    """The id of the project or source that differs."""
    kind: str
    effect: str
    """For a condition: ``same`` if it always gives the same fields on that project's systems."""
    fields: tuple[str, ...]
    controls: tuple[str, ...]
    theirs: str
    ours: str
    reason: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A field that a look-up found, and whether the high half was meant."""

    field: Field
    high: bool = False

    @property
    def encoding(self) -> Encoding:
        """The encoding that was looked up."""
        return Encoding(self.field.encoding.value | self.high)


class UnknownFieldError(LookupError):
    """No field has this name or encoding; ``suggestions`` are close names, best first."""

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


@dataclass(frozen=True)
class Spec:
    """Every field, control and name; immutable. ``load()`` makes one from files."""

    version: str
    digest: str
    """SHA-256 (hex) of fields, controls and features in canonical form."""
    fields: tuple[Field, ...]
    """All fields, ascending by encoding, unconfirmed ones included."""
    groups: tuple[Group, ...]
    features: tuple[Feature, ...]
    projects: tuple[Project, ...]
    sources: tuple[Source, ...]
    disagreements: tuple[Disagreement, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    """Title of each SDM table, such as ``{"B-4": "64-bit control fields"}``."""

    @cached_property
    def confirmed(self) -> tuple[Field, ...]:
        """The fields that are emitted and counted: all but the unconfirmed."""
        return tuple(each for each in self.fields if each.confirmed)

    @cached_property
    def by_requirement(self) -> Mapping[Requirement, tuple[Field, ...]]:
        """The requirement groups, each with its fields; the position is the group's number.

        Group 0 is ``always``; the others come in the order of the first field that has them.
        """
        first: dict[tuple[Term, ...], Requirement] = {terms(ALWAYS): ALWAYS}
        found: dict[Requirement, list[Field]] = {ALWAYS: []}
        for each in self.fields:
            if each.requires is not None:
                requirement = first.setdefault(terms(each.requires), each.requires)
                found.setdefault(requirement, []).append(each)
        return {requirement: tuple(fields) for requirement, fields in found.items()}

    @cached_property
    def by_id(self) -> Mapping[str, Field]:
        """Fields by id."""
        return {each.id: each for each in self.fields}

    @cached_property
    def by_encoding(self) -> Mapping[int, Match]:
        """Fields by each of their encodings, high halves included."""
        matches: dict[int, Match] = {}
        for each in self.fields:
            matches[each.encoding.value] = Match(each)
            if each.high_encoding is not None:
                matches[each.high_encoding.value] = Match(each, high=True)
        return matches

    @cached_property
    def controls(self) -> Mapping[str, Control]:
        """Controls by name (``group.id``)."""
        return {control.name: control for group in self.groups for control in group.controls}

    @cached_property
    def group_by_id(self) -> Mapping[str, Group]:
        """Capability groups by id."""
        return {group.id: group for group in self.groups}

    @cached_property
    def feature_by_name(self) -> Mapping[str, Feature]:
        """CPUID features by name (``cpuid.id``)."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def project_by_id(self) -> Mapping[str, Project]:
        """Projects by id."""
        return {project.id: project for project in self.projects}

    @cached_property
    def by_text(self) -> Mapping[str, tuple[Match, ...]]:
        """Fields by every name, case-folded: ids, titles, former titles, projects' constants."""
        found: dict[str, dict[Match, None]] = {}

        def note(text: str, match: Match) -> None:
            found.setdefault(text.casefold(), {})[match] = None

        for each in self.fields:
            for text in (each.id, each.title, *each.formerly):
                note(text, Match(each))
            if each.high_encoding is not None:
                for text in (f"{each.id}_high", f"{each.title} (high)"):
                    note(text, Match(each, high=True))
                note(f"{each.title} (full)", Match(each))
        for project in self.projects:
            for identity, name in project.fields.items():
                note(name, Match(self.by_id[identity]))
            for identity, name in project.high_fields.items():
                note(name, Match(self.by_id[identity], high=True))
            for identity, names in project.aliases.items():
                for name in names:
                    note(name, Match(self.by_id[identity]))
        return {text: tuple(matches) for text, matches in found.items()}

    def find(self, wanted: str | int) -> tuple[Match, ...]:
        """Every field that ``wanted`` can mean; case-blind; empty if none.

        ``wanted`` is an encoding (a number, or text such as ``0x2032``, ``8242``, ``2032h``), an
        id, a title, a former title, or the name in any project. Names of high halves and odd
        encodings find the field with ``high`` set. Two projects may use one name for two fields.
        """
        number = wanted if isinstance(wanted, int) else parse_number(wanted)
        if number is not None:
            match = self.by_encoding.get(number)
            return (match,) if match else ()
        return self.by_text.get(" ".join(str(wanted).split()).casefold(), ())

    def field(self, wanted: str | int) -> Field:
        """The one field that ``wanted`` means (see ``find``).

        Raises UnknownFieldError when there is none (with suggestions) or more than one.
        """
        return self.match(wanted).field

    def match(self, wanted: str | int) -> Match:
        """Like ``field``, and says whether the high half was meant."""
        matches = self.find(wanted)
        if len(matches) == 1:
            return matches[0]
        if matches:
            candidates = tuple(match.field.id for match in matches)
            raise UnknownFieldError(f"{wanted} means {len(matches)} fields", candidates)
        raise self._unknown(wanted)

    def _unknown(self, wanted: str | int) -> UnknownFieldError:
        number = wanted if isinstance(wanted, int) else parse_number(wanted)
        as_hex = None if isinstance(wanted, int) else parse_number(f"0x{wanted}")
        logged = (f"{as_hex:#06x}",) if as_hex in self.by_encoding else ()
        if number is None:
            from difflib import get_close_matches

            close = get_close_matches(str(wanted).casefold()[:200], self.by_text, 3, 0.6)
            originals = [self.by_text[text][0].field.id for text in close]
            return UnknownFieldError(
                f"no field is called {wanted!r}", logged or tuple(dict.fromkeys(originals))
            )
        problem = why_not(number)
        if problem:
            return UnknownFieldError(problem, logged)
        encoding = Encoding(number)
        return UnknownFieldError(
            f"{encoding} is a possible encoding ({encoding.width.label}"
            f"{'' if encoding.width is Width.NATURAL else '-bit'} {encoding.type.title}, "
            f"index {encoding.index}), but no field has it",
            logged,
        )

    def msr_bit(self, name: str) -> tuple[int, int] | None:
        """(MSR address, bit) whose 1 means that the control is supported, or None for a feature.

        The bit is counted from bit 0 of the MSR: control bit 25 of the secondary controls is bit
        57 of MSR 0x48B.
        """
        control = self.controls.get(name)
        if control is None:
            return None
        group = self.group_by_id[control.group]
        return group.msr, control.bit + group.shift

    def activation(self, name: str) -> str | None:
        """The control that must be supported for the group of control ``name`` to exist."""
        control = self.controls.get(name)
        return None if control is None else self.group_by_id[control.group].activated_by

    def closure(self, term: frozenset[str]) -> frozenset[str]:
        """``term`` with every control that supporting it presupposes (activating controls)."""
        closed = set(term)
        pending = list(term)
        while pending:
            activating = self.activation(pending.pop())
            if activating is not None and activating not in closed:
                closed.add(activating)
                pending.append(activating)
        return frozenset(closed)

    def words(self, requirement: Requirement | None) -> str:
        """The requirement in the SDM's manner, as a clause that completes "exists ..."."""
        match requirement:
            case None:
                return "under a condition that no source states"
            case Always():
                return "on every processor that supports VMX"
            case Supports(name) if name in self.feature_by_name:
                return f"on processors that support {self.feature_by_name[name].title}"
            case _:
                return f"on processors that support {self._clause(requirement)}"

    def _clause(self, requirement: Requirement) -> str:
        match requirement:
            case Always():
                return "VMX"
            case Supports(name):
                if name in self.feature_by_name:
                    return self.feature_by_name[name].title
                control = self.controls[name]
                group = _within(self.group_by_id[control.group].title).removesuffix("s")
                return f"the 1-setting of the “{_within(control.title)}” {group}"
            case _:
                joint = " or " if requirement.operator == "any" else " and "
                return joint.join(self._clause(operand) for operand in requirement.operands)


def _within(title: str) -> str:
    """A title as it stands within a sentence: "VM-exit controls" keeps its capitals."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]
