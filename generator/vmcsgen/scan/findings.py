"""Finding, and the catalogue of rules: id, name, severity and title of everything check can say."""

from __future__ import annotations

from vmcsgen.records import Record
from vmcsgen.scan.constants import Constant, Source, Span

ERROR, WARNING, INFO = "error", "warning", "info"


class Rule(Record):
    """A kind of finding; its page is docs/rules/ID.md."""

    id: str
    name: str
    severity: str
    title: str


RULES = {
    rule.id: rule
    for rule in (
        Rule("VMCS101", "wrong-encoding", ERROR, "the value is not the named field's encoding"),
        Rule("VMCS102", "not-a-field", WARNING, "no field has this encoding"),
        Rule("VMCS103", "reserved-bits", ERROR, "the value has bits that no encoding has"),
        Rule("VMCS104", "name-value-mismatch", ERROR, "the name says one field, the value another"),
        Rule("VMCS105", "name-contradicts-encoding", ERROR,
             "width or type in the name contradict the encoding"),
        Rule("VMCS201", "duplicate-encoding", WARNING, "two constants have one encoding"),
        Rule("VMCS202", "duplicate-name", WARNING, "one name is defined twice"),
        Rule("VMCS203", "missing-high-half", WARNING, "a 64-bit field lacks its high half"),
        Rule("VMCS204", "lacking-fields", INFO, "fields of the spec that a list does not have"),
        Rule("VMCS301", "typed-maximum", WARNING, "a maximum index or VMCS_ENUM typed by hand"),
        Rule("VMCS302", "narrow-index", WARNING, "an index stored or masked too narrowly"),
        Rule("VMCS401", "existence-condition", WARNING,
             "a field exists under another condition than the spec's"),
        Rule("VMCS402", "incomplete-ladder", WARNING,
             "a ladder of VMCS_ENUM values lacks rungs or has wrong ones"),
        Rule("VMCS403", "known-condition", INFO,
             "another condition than the spec's, with a known reason"),
        Rule("VMCS501", "stale-region", ERROR, "a generated region is not what the spec gives now"),
        Rule("VMCS502", "edited-region", ERROR, "a generated region was edited by hand"),
        Rule("VMCS503", "broken-region", ERROR, "the marks of a generated region do not pair"),
        Rule("VMCS901", "not-evaluated", INFO, "a constant's expression can't be evaluated"),
        Rule("VMCS902", "not-inspected", WARNING, "a file that should be read can't be"),
    )
}  # fmt: skip
"""Every rule, by id."""


class Fix(Record):
    """Bytes of a file to replace: offsets, what must stand there, what is to stand there."""

    start: int
    end: int
    old: str
    new: str


class Finding(Record):
    """One thing that is wrong, and where; numbers are encodings or raw VMCS_ENUM values."""

    rule: str
    path: str
    line: int
    column: int
    length: int
    name: str
    value: int | None
    expected: int | None
    field: str | None
    message: str
    hint: str = ""
    text: str | None = None
    """The source line, for the caret."""
    fix: Fix | None = None

    @property
    def severity(self) -> str:
        """``error``, ``warning`` or ``info``, from the catalogue."""
        return RULES[self.rule].severity

    def plain(self) -> dict[str, object]:
        """The finding as ``check --format json`` prints it."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "name": self.name,
            "value": self.value,
            "expected": self.expected,
            "field": self.field,
            "message": self.message,
            "hint": self.hint,
        }


def at(
    rule: str,
    source: Source,
    span: Span,
    message: str,
    *,
    name: str = "",
    value: int | None = None,
    expected: int | None = None,
    field: str | None = None,
    hint: str = "",
    fix: Fix | None = None,
) -> Finding:
    """The finding of ``rule`` whose caret marks ``span``."""
    line, column = source.position(span.start)
    text = source.line(line)
    length = max(1, min(len(source.text(span)), len(text) - column + 1))
    return Finding(
        rule, source.path, line, column, length, name, value, expected, field, message, hint,
        text[:4000], fix,
    )  # fmt: skip


def on_constant(
    rule: str,
    source: Source,
    constant: Constant,
    message: str,
    *,
    expected: int | None = None,
    field: str | None = None,
    hint: str = "",
) -> Finding:
    """The finding on a constant's value; mendable if the value is a literal and one is expected."""
    fix = None
    if expected is not None and constant.literal:
        old = source.text(constant.value_at)
        new = respell(old, expected)
        if new is not None:
            fix = Fix(constant.value_at.start, constant.value_at.end, old, new)
    return at(
        rule, source, constant.value_at, message, name=constant.name, value=constant.value,
        expected=expected, field=field, hint=hint, fix=fix,
    )  # fmt: skip


def respell(old: str, value: int) -> str | None:
    """``value`` written as the literal ``old`` is: base, digits, case, prefix and suffix kept."""
    import re

    match = re.fullmatch(
        r"(?P<open>[\s(]*)(?:(?P<prefix>0[xX])(?P<hex>[0-9a-fA-F]+(?:[_'][0-9a-fA-F]+)*)"
        r"|(?P<decimal>[1-9][0-9]*(?:[_'][0-9]+)*|0))"
        r"(?P<suffix>_?[uUlLzZ]*|_?[ui](?:8|16|32|64|128|size)|_[a-z][a-z0-9]*)(?P<close>[\s)]*)",
        old,
    )
    if match is None:
        return None
    if match["decimal"] is not None:
        digits = str(value)
    else:
        digits = f"{value:0{len(match['hex'])}x}"
        separators = [mark for mark in "_'" if mark in match["hex"]]
        if separators:
            return None
        upper = any(c.isupper() for c in match["hex"])
        lower = any(c.islower() for c in match["hex"])
        digits = digits.upper() if upper and not lower else digits
    return f"{match['open']}{match['prefix'] or ''}{digits}{match['suffix']}{match['close']}"
