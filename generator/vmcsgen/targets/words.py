"""The ladder in the words of a project that keeps capability groups in words, as QEMU does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vmcsgen.core.enumeration import ladder
from vmcsgen.core.project import Project, Word
from vmcsgen.core.requirement import Term
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse
from vmcsgen.records import Record

if TYPE_CHECKING:
    from vmcsgen.targets.shapes import ControlView, FieldView
    from vmcsgen.targets.view import View


class BitView(Record):
    """One control, or CPUID feature, as a bit of a word."""

    variable: str
    """The word's variable."""
    spelled: str
    """The macro, or a shifted 1 where the project has no name for the bit."""
    position: int
    named: bool
    control: ControlView

    def __str__(self) -> str:
        """The test of the bit as an expression of C."""
        return f"{self.variable} & {self.spelled}"


class WordView(Record):
    """A word of the project; it counts as zero unless ``active`` is set in its own word."""

    variable: str
    name: str
    active: BitView | None


class WordRung(Record):
    """One step of the ladder: it holds if all bits of one alternative are set.

    Without alternatives it always holds.
    """

    vmcs_enum: int
    hex: str
    alternatives: tuple[tuple[BitView, ...], ...]
    fields: tuple[FieldView, ...]

    @property
    def condition(self) -> tuple[str, ...]:
        """The condition as lines of C; empty if it always holds."""
        if [len(bits) for bits in self.alternatives] == [1]:
            return (str(self.alternatives[0][0]),)
        last = len(self.alternatives) - 1
        return tuple(
            line
            for number, bits in enumerate(self.alternatives)
            for line in _conjunction(bits, bool(last), "" if number == last else " ||")
        )

    @property
    def nameless(self) -> tuple[BitView, ...]:
        """The bits that the project has no macro for."""
        bits = (bit for alternative in self.alternatives for bit in alternative)
        return tuple(bit for bit in bits if not bit.named)


def _conjunction(bits: tuple[BitView, ...], nested: bool, end: str) -> Iterator[str]:
    """The "and" of some bits, one a line; in parentheses of its own where it is ``nested``."""
    nested = nested and len(bits) > 1
    for position, bit in enumerate(bits):
        last = position == len(bits) - 1
        opening = "(" if nested and not position else " " * nested
        yield f"{opening}({bit}){')' * (nested and last)}{end if last else ' &&'}"


class WordLadder(Record):
    """The ladder, the words it looks at (activating ones first), and what no word can say."""

    words: tuple[WordView, ...]
    rungs: tuple[WordRung, ...]
    missing: tuple[ControlView, ...]
    """Controls of the whole ladder whose group the project has no word for, or that need one."""


def in_tree(spec: Spec, project_id: str | None, names: Mapping[str, int | None]) -> Spec:
    """The spec with this project's words and macros as ``names`` of a source tree has them.

    A bit whose macro the spec does not know gets the tree's, found by the word's prefix and the
    value. Raises DiagnosticError where the tree gives a macro another bit than the spec does.
    """
    if project_id is None:
        return spec
    project = spec.project_by_id[project_id]
    words = {
        group: replace(word, planned=False)
        for group, word in project.words.items()
        if word.name in names
    }
    by_value: dict[int, list[str]] = {}
    for name, value in names.items():
        if value is not None:
            by_value.setdefault(value, []).append(name)
    controls: dict[str, Mapping[str, str]] = {}
    for name, bit in _bits(spec).items():
        called = dict(project.controls.get(name, {}))
        word = words.get(name.partition(".")[0])
        macro = called.pop("macro", None)
        if macro is not None and macro in names:
            _agree(project, name, macro, names[macro], bit)
        else:
            macro = next((n for n in by_value.get(1 << bit, ()) if _spells(word, n)), None)
        if macro is not None:
            called["macro"] = macro
        wordless = not project.words and macro is not None
        if word is not None or wordless or called.get("word") in names:
            controls[name] = called
    narrowed = replace(project, words=words, controls=controls)
    projects = tuple(narrowed if each.id == project_id else each for each in spec.projects)
    return replace(spec, projects=projects)


def _bits(spec: Spec) -> Mapping[str, int]:
    """The bit of every control in its group and of every feature in its register, by name."""
    controls = {name: control.bit for name, control in spec.controls.items()}
    return controls | {feature.name: feature.bit for feature in spec.features}


def _spells(word: Word | None, macro: str) -> bool:
    return word is not None and macro.startswith(word.prefix)


def _agree(project: Project, name: str, macro: str, value: int | None, bit: int) -> None:
    if value is not None and value != 1 << bit:
        raise refuse(
            f"{macro} is {value:#x} in the tree, but {name} is bit {bit} in the spec",
            f"spec/projects/{project.id}.yaml",
            rule="TREE003",
            hint="one of the two is wrong: see SDM Appendix A",
        )


def word_ladder(view: View, project: Project) -> WordLadder:
    """The ladder over what the project's words can say.

    A term is kept if there is a word for all of it, activating controls included. What a kept
    term implies has words too, so that leaving terms out never brings a dominated one back. The
    1-setting of a default1 control is always supported (SDM A.2), so no word is asked for it.
    """
    spec = view.spec
    words = Words(view, project)
    default1 = {name for name, control in spec.controls.items() if control.default1}
    missing: dict[str, ControlView] = {}
    rungs: list[WordRung] = []
    for rung in ladder(spec):
        kept: list[Term] = []
        for term in rung.alternatives:
            lacking = [name for name in spec.closure(term) if not words.hold(name)]
            missing.update((name, view.control[name]) for name in lacking)
            if not lacking:
                kept.append(term - default1)
        if kept:
            alternatives = () if frozenset() in kept else words.alternatives(kept)
            reasons = {each.encoding.value for each in rung.fields}
            fields = tuple(each for each in view.fields if each.encoding in reasons)
            rungs.append(WordRung(rung.vmcs_enum, f"{rung.vmcs_enum:#x}", alternatives, fields))
            if not alternatives:
                break
    lacked = sorted(missing.values(), key=lambda control: (control.group, control.bit))
    return WordLadder(words.used(), tuple(rungs), tuple(lacked))


class Words:
    """Finds the word and bit of a name, and remembers which words were asked for."""

    def __init__(self, view: View, project: Project) -> None:
        self._view = view
        self._project = project
        self._features = {feature.name: feature for feature in view.spec.features}
        self._positions = _bits(view.spec)
        groups = ("cpuid", *(group.id for group in view.capability_groups))
        self._rank = {group: rank for rank, group in enumerate(groups)}
        self._used: dict[tuple[int, str], WordView] = {}

    def hold(self, name: str) -> bool:
        """Whether the project has a word with the bit of this control or feature."""
        return self._word_name(name) is not None

    def alternatives(self, terms: Iterable[Term]) -> tuple[tuple[BitView, ...], ...]:
        """The bits of each term; everything by word, then by position."""
        ordered = sorted(sorted(map(self._place, term)) for term in terms)
        return tuple(tuple(self._bit(name) for _, _, name in term) for term in ordered)

    def _place(self, name: str) -> tuple[int, int, str]:
        control = self._view.control[name]
        return self._rank[control.group], control.bit, name

    def used(self) -> tuple[WordView, ...]:
        """The words that were asked for, activating ones first."""
        return tuple(word for _, word in sorted(self._used.items(), key=lambda item: item[0]))

    def _word_name(self, name: str) -> str | None:
        if name in self._features:
            return self._project.controls.get(name, {}).get("word")
        word = self._project.words.get(name.partition(".")[0])
        return None if word is None or word.planned else word.name

    def _bit(self, name: str) -> BitView:
        position = self._positions[name]
        macro = self._project.controls.get(name, {}).get("macro")
        return BitView(
            self._variable(name), macro or f"(1ull << {position})", position, macro is not None,
            self._view.control[name],
        )  # fmt: skip

    def _variable(self, name: str) -> str:
        """The variable of the word that holds ``name``; the word counts as used from now on."""
        group = name.partition(".")[0]
        variable = f"{group}_ctls"
        if name in self._features:
            feature = self._features[name]
            variable = f"cpuid_{feature.leaf:x}_{feature.subleaf}_{feature.register}"
        key = (self._rank[group], variable)
        if key not in self._used:
            word_name = self._word_name(name)
            assert word_name is not None
            activating = self._view.spec.activation(name)
            active = None if activating is None else self._bit(activating)
            self._used[key] = WordView(variable, word_name, active)
        return variable
