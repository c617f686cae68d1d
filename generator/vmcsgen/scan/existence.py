"""Existence conditions and ladders against the spec, once the facts of all files are known.

Two conditions are the same if they agree for every set of supported controls that there can be:
a control is only supported together with the one that activates its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.enumeration import climb, ladder
from vmcsgen.core.project import Project
from vmcsgen.core.requirement import Combination, Requirement, Supports
from vmcsgen.core.spec import Field, Spec
from vmcsgen.scan.conditions import SWITCHES
from vmcsgen.scan.files import shared_folders
from vmcsgen.scan.findings import Finding
from vmcsgen.scan.report import PlacedFact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmcsgen.scan.conditions import Condition

_VARIABLES = 10
"""Most controls that a condition may depend on for the comparison by brute force."""


def judge(facts: Sequence[PlacedFact], spec: Spec) -> Iterator[Finding]:
    """The findings on all conditions and ladders that the facts state."""
    for function, project in SWITCHES.items():
        cases = [fact for fact in facts if fact.kind == "case" and fact.owner == function]
        for path in {fact.place.path for fact in cases}:
            here = [fact for fact in cases if fact.place.path == path]
            rows = [f for f in facts if f.kind == "row" and f.place.path == path]
            if project in spec.project_by_id:
                yield from _Switch(spec, spec.project_by_id[project], path, facts).judge(here, rows)
    chains: dict[tuple[str, str], list[PlacedFact]] = {}
    for fact in facts:
        if fact.kind == "rung":
            chains.setdefault((fact.place.path, fact.owner), []).append(fact)
    for rungs in chains.values():
        if len(rungs) > 1:
            yield from _ladder(rungs, spec)


class _Switch:
    """One function that says which fields exist, with what its conditions stand for."""

    def __init__(
        self, spec: Spec, project: Project, path: str, facts: Iterable[PlacedFact]
    ) -> None:
        self.spec = spec
        self.project = project
        self.names = {name: spec.by_id[identity] for identity, name in project.fields.items()}
        self.controls = {
            found["macro"]: control
            for control, found in project.controls.items()
            if "macro" in found
        }
        self.functions: dict[str, Condition] = {}
        nearest: dict[str, int] = {}
        settings: dict[str, list[Condition]] = {}
        for fact in facts:
            if fact.kind == "function":  # of several trees, that of this one
                near = shared_folders(path, fact.place.path)
                if near >= nearest.get(fact.name, -1):
                    nearest[fact.name] = near
                    self.functions[fact.name] = fact.condition
            elif fact.kind == "set" and project.id == "bochs":
                settings.setdefault(fact.name, []).append(fact.condition)
        self.settings = {
            self.controls[macro]: True if True in found else found[0]
            for macro, found in settings.items()
            if macro in self.controls and (len(found) == 1 or True in found)
        }

    def judge(self, cases: Sequence[PlacedFact], rows: Sequence[PlacedFact]) -> Iterator[Finding]:
        """Every field with a case of its own, then those that the default decides."""
        decided: set[str] = set()
        for case in cases:
            field = self.names.get(case.name)
            if field is not None:
                decided.add(field.id)
                yield from self._compare(case, field)
        default = next((case for case in cases if case.name == "default"), None)
        if default is not None and default.condition is True:
            fields = [self.names[row.name] for row in rows if row.name in self.names]
            yield from self._default(default, [f for f in fields if f.id not in decided])

    def _compare(self, case: PlacedFact, field: Field) -> Iterator[Finding]:
        same = self._same(case.condition, field)
        place = case.place._replace(name=case.name, field=field.id)
        if same is None:
            yield place._replace(
                rule="VMCS901",
                message=f"the condition of {case.name} can't be evaluated:"
                f" {self._shown(case.condition)}",
            )
        elif not same:
            known = self._known(field)
            yield place._replace(
                rule="VMCS403" if known else "VMCS401",
                message=f"{case.name} exists here {self._shown(case.condition)};"
                f" the spec requires {field.requires}",
                hint=known,
            )

    def _default(self, default: PlacedFact, fields: Sequence[Field]) -> Iterator[Finding]:
        different = [field for field in fields if self._same(True, field) is False]
        for rule, known in (("VMCS401", False), ("VMCS403", True)):
            chosen = [field for field in different if bool(self._known(field)) == known]
            if chosen:
                names = ", ".join(self.project.fields[field.id] for field in chosen)
                yield default.place._replace(
                    rule=rule,
                    message=f"fields that always exist here, but have a condition in the spec"
                    f" ({len(chosen)}): {names}",
                    hint=self._known(chosen[0]) if known else "",
                )

    def _known(self, field: Field) -> str:
        """Why the spec's editors know of a different condition in this project; "" if not."""
        return next(
            (
                each.reason
                for each in self.spec.disagreements
                if each.party == self.project.id
                and each.kind == "condition"
                and field.id in each.fields
            ),
            "",
        )

    def _same(self, theirs: Condition, field: Field) -> bool | None:
        """Whether both conditions always agree; None if one can't be evaluated."""
        ours = self._from_requirement(field.requires)
        theirs = self._resolved(theirs, 0)
        if ours is None or theirs is None:
            return None
        mine, other = set(_names(ours)), set(_names(theirs))
        if other - self.spec.controls.keys() and mine & self.spec.controls.keys():
            return None  # features against a control that this code is not seen to set by any
        variables = sorted(mine | other)
        for name in list(variables):
            if name in self.spec.controls:
                variables += [n for n in sorted(self.spec.closure(frozenset((name,))))
                              if n not in variables]  # fmt: skip
        if len(variables) > _VARIABLES:
            return None
        for truths in product((False, True), repeat=len(variables)):
            truth = dict(zip(variables, truths, strict=True))
            if self._possible(truth) and _holds(ours, truth) != _holds(theirs, truth):
                return False
        return True

    def _possible(self, truth: Mapping[str, bool]) -> bool:
        return all(
            truth.get(activating, True)
            for name, supported in truth.items()
            if supported and (activating := self.spec.activation(name)) is not None
        )

    def _from_requirement(self, requirement: Requirement | None) -> Condition:
        match requirement:
            case None:
                return None
            case Supports(name):
                return self.settings.get(name, name)
            case Combination(operator, operands):
                parts = [self._from_requirement(operand) for operand in operands]
                return None if None in parts else [operator, *parts]
        return True

    def _resolved(self, theirs: Condition, depth: int) -> Condition:
        """The condition over controls (or over what this code sets controls by)."""
        if depth > 8:
            return None
        if isinstance(theirs, list):
            parts = [self._resolved(part, depth + 1) for part in theirs[1:]]
            return None if None in parts else [theirs[0], *parts]
        if not isinstance(theirs, str):
            return theirs
        if theirs in self.functions:
            return self._resolved(self.functions[theirs], depth + 1)
        if theirs in self.controls:
            return self.controls[theirs]
        return theirs if theirs in self._features() else None

    def _features(self) -> set[str]:
        return {name for when in self.settings.values() for name in _names(when)}

    def _shown(self, theirs: Condition) -> str:
        if not isinstance(theirs, str | list):
            return {True: "always", False: "never"}.get(theirs, "by code that is not understood")
        resolved = self._resolved(theirs, 0)
        meaning = "" if resolved in (None, theirs) else f", that is {_text(resolved)}"
        return f"if {_text(theirs)}{meaning}"


def _names(found: Condition) -> Iterator[str]:
    if isinstance(found, list):
        for part in found[1:]:
            yield from _names(part)
    elif isinstance(found, str):
        yield found


def _holds(found: Condition, truth: Mapping[str, bool]) -> bool:
    if isinstance(found, list):
        parts = (_holds(part, truth) for part in found[1:])
        return any(parts) if found[0] == "any" else all(parts)
    return truth[found] if isinstance(found, str) else bool(found)


def _text(found: Condition) -> str:
    if isinstance(found, list):
        return f"{found[0]}({', '.join(map(_text, found[1:]))})"
    return str(found).lower() if isinstance(found, bool) else str(found)


def _ladder(rungs: Sequence[PlacedFact], spec: Spec) -> Iterator[Finding]:
    """The chain's value and the spec's, for each rung of the spec's ladder and for none."""
    controls = {
        found["macro"]: control
        for project in spec.projects
        if project.id in ("qemu", "linux")
        for control, found in project.controls.items()
        if "macro" in found
    }
    if any(name not in controls for rung in rungs for name in _names(rung.condition)):
        return
    steps = ladder(spec)
    wrong: list[str] = []
    for step in reversed(steps):
        for term in step.alternatives:
            supported = spec.closure(term)
            derived = climb(steps, Capabilities.of(spec, supported))
            given = next(
                (
                    rung.value
                    for rung in rungs
                    if _holds(
                        rung.condition,
                        {n: controls[n] in supported for n in _names(rung.condition)},
                    )
                ),
                0,
            )
            if derived is not None and given != derived.vmcs_enum:
                what = f"with {' and '.join(sorted(term))}" if term else "without any control"
                wrong.append(f"{what} it gives {given:#04x} instead of {derived.vmcs_enum:#04x}")
    if wrong:
        more = f"; and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        place = rungs[0].place
        yield place._replace(
            rule="VMCS402",
            expected=None,
            message=f"this ladder of VMCS_ENUM values is wrong for {len(wrong)} of"
            f" {sum(len(step.alternatives) for step in steps)} cases:"
            f" {'; '.join(wrong[:4])}{more}",
            hint="generate it: `vmcsgen gen -t qemu` derives every rung",
        )
