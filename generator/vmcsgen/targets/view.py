"""What templates are handed: every fact of the spec ready to print, nothing left to compute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar, overload

from vmcsgen.core.capabilities import IA32_VMX_BASIC, TRUE_CONTROLS_BIT
from vmcsgen.core.encoding import FieldType, Width
from vmcsgen.core.enumeration import Rung, ladder, max_index, requirement_groups
from vmcsgen.core.project import Project
from vmcsgen.core.requirement import Requirement, Term, terms, to_plain
from vmcsgen.core.spec import Control, Disagreement, Feature, Field, Group, Source, Spec
from vmcsgen.query import high_names, project_names
from vmcsgen.targets.document import document
from vmcsgen.targets.packing import PAGE_BITS, PAGE_SIZE, PageView, pack
from vmcsgen.targets.projects import collection, entries, project_view, subset_view
from vmcsgen.targets.questions import Questions, questions
from vmcsgen.targets.regions import EVERY, Selection
from vmcsgen.targets.selection import choose, constants
from vmcsgen.targets.shapes import (
    CapabilityView,
    ClassView,
    CodeView,
    ControlView,
    EncodingView,
    EntryView,
    FieldView,
    GroupView,
    MsrView,
    ProjectView,
    RequirementView,
    RungView,
    SubsetView,
    TableView,
    TestView,
)
from vmcsgen.targets.subsets import SubsetTable, subset_table
from vmcsgen.targets.tree_facts import TreeFacts
from vmcsgen.targets.words import WordLadder, in_tree, word_ladder

_Part = TypeVar("_Part")


class shared(Generic[_Part]):
    """A part that is the same whichever project a view is for, made once for a spec."""

    def __init__(self, make: Callable[[Any], _Part]) -> None:
        self.__doc__ = make.__doc__
        self._make = make

    @overload
    def __get__(self, view: None, owner: type | None = None) -> shared[_Part]: ...
    @overload
    def __get__(self, view: View, owner: type | None = None) -> _Part: ...

    def __get__(self, view: View | None, owner: type | None = None) -> object:
        """The part, made by the view that is asked first; of the class, this itself."""
        if view is None:
            return self
        name = self._make.__name__
        if name not in view._shared:
            view._shared[name] = self._make(view)
        return view._shared[name]


class View:
    """The whole spec as the targets of one project see it; the names that templates may use.

    Parts are made when a template first asks for them. ``project`` is the id of the code base
    whose names are used, None if it is nobody's. ``tree`` is what a target reads of the source
    tree that is generated into; None is standalone use. What is the same for every project is
    shared with those of ``others`` that have the same spec.
    """

    def __init__(
        self,
        spec: Spec,
        project: str | None,
        tree: TreeFacts | None = None,
        others: Iterable[View] = (),
    ) -> None:
        names = None if tree is None else tree.names
        self._tree = tree
        self.spec = spec if names is None else in_tree(spec, project, names)
        self.project_id = project
        self.version = spec.version
        self.digest = spec.digest
        self.short_digest = spec.digest[:12]
        self.stamp = f"spec {spec.version} sha256:{spec.digest[:12]}"
        alike = (each._shared for each in others if each.spec is self.spec)
        self._shared: dict[str, object] = next(alike, {})

    @shared
    def _group_number(self) -> Mapping[tuple[Term, ...], int]:
        """Number of the requirement group that has these minimal terms."""
        groups = requirement_groups(self.spec)
        return {terms(requirement): number for number, requirement in enumerate(groups)}

    @property
    def semantic_version(self) -> str:
        """The spec's version as three plain numbers, as package managers want it."""
        parts = [str(int(part)) for part in self.version.split(".")]
        return ".".join((*parts, "0", "0")[:3])

    @shared
    def fields(self) -> tuple[FieldView, ...]:
        """All confirmed fields, ascending by encoding."""
        return tuple(map(self._field, self.spec.confirmed))

    @shared
    def field(self) -> Mapping[str, FieldView]:
        """Fields by id."""
        return {each.id: each for each in self.fields}

    @shared
    def encodings(self) -> tuple[EncodingView, ...]:
        """Every encoding of every confirmed field, ascending."""
        found = []
        for each in self.fields:
            found.append(
                EncodingView(each.encoding, each.hex, False, each.constant, each.title, each)
            )
            if each.high_encoding is not None and each.high_hex is not None:
                found.append(
                    EncodingView(
                        each.high_encoding, each.high_hex, True,
                        f"{each.constant}_HIGH", f"{each.title} (high)", each,
                    )
                )  # fmt: skip
        return tuple(found)

    @shared
    def tables(self) -> tuple[TableView, ...]:
        """The tables of SDM Appendix B with their fields, in the SDM's order."""
        return tuple(
            TableView(name, title, tuple(each for each in self.fields if each.table == name))
            for name, title in sorted(
                self.spec.tables.items(), key=lambda item: int(item[0].partition("-")[2])
            )
        )

    @cached_property
    def groups(self) -> tuple[GroupView, ...]:
        """The requirement groups by number; 0 is ``always``."""
        found = []
        for number, requirement in enumerate(requirement_groups(self.spec)):
            members = tuple(each for each in self.fields if each.group == number)
            found.append(
                GroupView(number, f"{1 << number:#x}", self._requirement(requirement), members)
            )
        return tuple(found)

    @cached_property
    def capability_groups(self) -> tuple[CapabilityView, ...]:
        """The capability groups, each after the one that activates it."""
        ordered: list[Group] = []
        pending = list(self.spec.groups)
        while pending:
            for group in pending:
                activating = group.activated_by
                owner = activating.partition(".")[0] if activating else None
                if owner is None or any(done.id == owner for done in ordered):
                    ordered.append(group)
                    pending.remove(group)
                    break
        return tuple(map(self._capability, ordered))

    @cached_property
    def features(self) -> tuple[ControlView, ...]:
        """The CPUID features, as controls of the pseudo-group ``cpuid``."""
        return tuple(self.control[feature.name] for feature in self.spec.features)

    @shared
    def feature_facts(self) -> tuple[Feature, ...]:
        """The CPUID features with leaf, subleaf, register and bit."""
        return self.spec.features

    @cached_property
    def control(self) -> Mapping[str, ControlView]:
        """Controls and features by name."""
        found = {
            control.name: self._control(group, control)
            for group in self.spec.groups
            for control in group.controls
        }
        for position, feature in enumerate(self.spec.features):
            found[feature.name] = self._feature(feature, position)
        return found

    @cached_property
    def ladder(self) -> tuple[RungView, ...]:
        """The ladder over all confirmed fields."""
        return tuple(map(self._rung, ladder(self.spec)))

    @shared
    def classes(self) -> tuple[ClassView, ...]:
        """The 16 width-and-type classes, by number (width code * 4 + type code)."""
        return tuple(self._classes(self.fields))

    @shared
    def cells(self) -> tuple[FieldView | None, ...]:
        """The cells of all classes in one row."""
        return tuple(cell for each in self.classes for cell in each.cells)

    @shared
    def row(self) -> Mapping[str, int]:
        """Position of each field in ``fields``, by id."""
        return {each.id: position for position, each in enumerate(self.fields)}

    @shared
    def _packed(self) -> tuple[tuple[PageView, ...], dict[str, int]]:
        return pack(each.id for each in self.fields)

    @property
    def name_pages(self) -> tuple[PageView, ...]:
        """The ids of all fields, packed into pages of ``name_page_size`` bytes."""
        return self._packed[0]

    @property
    def name_offset(self) -> Mapping[str, int]:
        """Where the id of each field begins in the pages, by id."""
        return self._packed[1]

    name_page_bits = PAGE_BITS
    name_page_size = PAGE_SIZE

    @shared
    def widths(self) -> tuple[CodeView, ...]:
        """What bits 14:13 of an encoding say, by value."""
        return tuple(
            CodeView(int(each), each.label, each.label.upper(), each.label, each.bits)
            for each in Width
        )

    @shared
    def types(self) -> tuple[CodeView, ...]:
        """What bits 11:10 of an encoding say, by value."""
        return tuple(
            CodeView(int(each), each.label, each.label.upper(), each.title, 0) for each in FieldType
        )

    basic = MsrView(IA32_VMX_BASIC, f"{IA32_VMX_BASIC:#x}", "IA32_VMX_BASIC", "ia32_vmx_basic")
    true_controls_bit = TRUE_CONTROLS_BIT
    """The bit of ``basic`` that says that the TRUE_ capability MSRs exist."""

    @shared
    def msrs(self) -> tuple[MsrView, ...]:
        """Every MSR that existence depends on, ascending by address."""
        named = {self.basic.address: self.basic.name}
        for group in self.spec.groups:
            named[group.msr] = group.msr_name
            if group.true_msr is not None and group.true_msr_name is not None:
                named[group.true_msr] = group.true_msr_name
        return tuple(
            MsrView(address, f"{address:#x}", name, name.lower())
            for address, name in sorted(named.items())
        )

    @shared
    def max_index(self) -> int:
        """The highest index over all confirmed fields."""
        return max_index(self.spec.confirmed)

    @shared
    def vmcs_enum(self) -> int:
        """The raw IA32_VMX_VMCS_ENUM value of a processor that has every field."""
        return self.max_index << 1

    @shared
    def vmcs_enum_hex(self) -> str:
        """``vmcs_enum`` in hexadecimal."""
        return f"{self.vmcs_enum:#x}"

    @property
    def _own(self) -> Project:
        """The code base that the view is for; KeyError where target.yaml names none."""
        if self.project_id is None:
            raise KeyError("target.yaml names no project")
        return self.spec.project_by_id[self.project_id]

    @shared
    def projects(self) -> tuple[ProjectView, ...]:
        """Every code base, by id."""
        return tuple(map(self._project, self.spec.projects))

    @cached_property
    def project(self) -> ProjectView:
        """The code base whose names this target uses; KeyError where target.yaml names none."""
        return self._project(self._own)

    @cached_property
    def all_entries(self) -> tuple[EntryView, ...]:
        """The entries of ``project``, and what it lacks under the names it would give it.

        Fields and high halves, each behind the nearest smaller encoding.
        """
        named = frozenset(constants(self._own))
        every = choose(self.spec, self._own, Selection(added=(EVERY,)))
        return tuple(entry._replace(new=entry.name not in named) for entry in entries(self, every))

    @shared
    def collections(self) -> tuple[SubsetView, ...]:
        """The fields of each project, followed by those of its parts."""
        found = []
        for project in self.spec.projects:
            found.append(collection(self, project.id, project.title, project.fields))
            found += [subset_view(self, project, name) for name in project.subsets]
        return tuple(found)

    @shared
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Every known difference between the spec and a source."""
        return self.spec.disagreements

    @shared
    def party_titles(self) -> Mapping[str, str]:
        """Titles of projects and sources by id."""
        titles = {source.id: source.title for source in self.spec.sources}
        return titles | {project.id: project.title for project in self.spec.projects}

    def subset_table(self, name: str) -> SubsetTable:
        """The dense index of a subset of the target's project that is kept in a struct."""
        return subset_table(self, self._own, name, self._tree)

    @cached_property
    def word_ladder(self) -> WordLadder:
        """The ladder over the words in which the target's project holds capabilities."""
        return word_ladder(self, self._own)

    @shared
    def document(self) -> Mapping[str, object]:
        """The whole spec as one plain value."""
        return {
            "spec": {"version": self.version, "sha256": self.digest},
            **document(self.spec),
        }

    @shared
    def probe(self) -> Questions:
        """What the probe guest asks a processor."""
        return questions(self.spec)

    @shared
    def sources(self) -> tuple[Source, ...]:
        """The documents that facts come from."""
        return self.spec.sources

    def _field(self, field: Field) -> FieldView:
        assert field.requires is not None
        high = field.high_encoding
        return FieldView(
            field.id, field.title, field.encoding.value, str(field.encoding),
            None if high is None else high.value, None if high is None else str(high),
            field.width.label, field.type.label, field.type.title, int(field.width),
            int(field.type), field.index, field.table, field.id.upper(), str(field.requires),
            to_plain(field.requires), self.spec.words(field.requires),
            self._group_number[terms(field.requires)], field.status, field.formerly,
            field.sources, field.note, project_names(self.spec, field),
            high_names(self.spec, field),
            "" if field.status == "sdm" else field.status,
        )  # fmt: skip

    def _control(self, group: Group, control: Control) -> ControlView:
        return ControlView(
            control.name, group.id, control.id, control.title, control.bit,
            f"{1 << control.bit:#x}", f"{group.id}_{control.id}".upper(), group.msr_name,
            control.bit + group.shift, control.status, self._called(control.name),
        )  # fmt: skip

    def _feature(self, feature: Feature, position: int) -> ControlView:
        return ControlView(
            feature.name, "cpuid", feature.id, feature.title, position, f"{1 << position:#x}",
            f"cpuid_{feature.id}".upper(),
            f"CPUID.({feature.leaf:02X}H,{feature.subleaf}).{feature.register.upper()}",
            feature.bit, "sdm", self._called(feature.name),
        )  # fmt: skip

    def _called(self, name: str) -> Mapping[str, str]:
        if self.project_id is None:
            return {}
        return self.spec.project_by_id[self.project_id].controls.get(name, {})

    @cached_property
    def _required(self) -> frozenset[str]:
        """Every control and feature that some field's existence depends on."""
        return frozenset(
            name
            for alternatives in self._group_number
            for term in alternatives
            for name in self.spec.closure(term)
        )

    def _capability(self, group: Group) -> CapabilityView:
        mask = sum(1 << c.bit for c in group.controls if c.name in self._required)
        return CapabilityView(
            group.id, group.title, group.id.upper(), group.msr, f"{group.msr:#x}", group.msr_name,
            group.msr_name.lower(), group.true_msr,
            None if group.true_msr is None else f"{group.true_msr:#x}",
            group.true_msr_name, group.true_msr_name and group.true_msr_name.lower(),
            group.shift, self.control[group.activated_by] if group.activated_by else None,
            tuple(self.control[control.name] for control in group.controls), f"{mask:#x}",
        )  # fmt: skip

    def _requirement(self, requirement: Requirement) -> RequirementView:
        alternatives = terms(requirement)
        return RequirementView(
            str(requirement),
            to_plain(requirement),
            self.spec.words(requirement),
            frozenset() in alternatives,
            tuple(self._tests(term) for term in alternatives),
        )

    def _tests(self, term: Iterable[str]) -> tuple[TestView, ...]:
        """One test for each capability group that the term touches, activating groups first."""
        by_group: dict[str, list[ControlView]] = {}
        for name in term:
            control = self.control[name]
            by_group.setdefault(control.group, []).append(control)
        order = [group.id for group in self.spec.groups] + ["cpuid"]
        tests = []
        for group in sorted(by_group, key=order.index):
            controls = tuple(sorted(by_group[group], key=lambda control: control.bit))
            mask = sum(1 << control.bit for control in controls)
            tests.append(TestView(group, mask, f"{mask:#x}", controls))
        return tuple(tests)

    def _rung(self, rung: Rung) -> RungView:
        # A rung holds when one of its fields exists, so its groups are its fields' groups.
        mask = 0
        for each in rung.fields:
            assert each.requires is not None
            mask |= 1 << self._group_number[terms(each.requires)]
        reasons = {each.encoding.value for each in rung.fields}
        return RungView(
            rung.index,
            rung.vmcs_enum,
            f"{rung.vmcs_enum:#x}",
            self._requirement(rung.requires),
            mask,
            f"{mask:#x}",
            tuple(each for each in self.fields if each.encoding in reasons),
        )

    def _classes(self, fields: Iterable[FieldView]) -> Iterable[ClassView]:
        cells: dict[int, dict[int, FieldView]] = {number: {} for number in range(16)}
        for each in fields:
            cells[each.width_code * 4 + each.type_code][each.index] = each
        base = 0
        for number, members in cells.items():
            width, kind = Width(number >> 2), FieldType(number & 3)
            count = max(members, default=-1) + 1
            row = tuple(members.get(index) for index in range(count))
            title = f"{width.label}{'' if width is Width.NATURAL else '-bit'} {kind.title}"
            yield ClassView(number, width.label, kind.label, title, base, count, row)
            base += count

    @shared
    def _projects(self) -> dict[str, ProjectView]:
        """The code bases that some view was asked for, by id."""
        return {}

    def _project(self, project: Project) -> ProjectView:
        if project.id not in self._projects:
            self._projects[project.id] = project_view(self, project)
        return self._projects[project.id]
