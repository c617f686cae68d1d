"""Findings for people and machines: text with carets, JSON, SARIF 2.1.0, GitHub annotations."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from vmcsgen.excerpt import counted, printable, rendered, wants_color
from vmcsgen.scan.findings import RULES, Finding
from vmcsgen.scan.report import ListSummary

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any, TextIO

    from vmcsgen.scan.check import Result

HELP_ROOT = "https://github.com/vmcsgen/vmcsgen/blob/main/docs/rules"


def summary(result: Result) -> str:
    """What was inspected, in one line."""
    files = counted(result.files, "file")
    walked = f" of {result.walked}" if result.walked != result.files else ""
    constants = counted(result.constants, "constant")
    lists = sum(len(report.lists) for report in result.reports)
    return f"inspected {constants} in {counted(lists, 'list')}; read {files}{walked}"


def lacking(result: Result) -> str:
    """How many files were not read for want of a parser, and what to install; empty if none."""
    reasons = [report.lacking for report in result.reports if report.lacking]
    if not reasons:
        return ""
    return f"{counted(len(reasons), 'file')} not read: {'; '.join(sorted(set(reasons)))}"


def lists(result: Result) -> list[str]:
    """Each list that was inspected, and the project it was taken for."""
    return [
        f"{each.path}:{each.line}: {each.construct}, {counted(each.constants, 'constant')}, "
        + (f"project {each.project}" if each.project else "no known project")
        for report in result.reports
        for each in report.lists
    ]


def as_text(findings: Sequence[Finding], stream: TextIO) -> None:
    """Print findings with source line and caret; coloured on a terminal."""
    color = wants_color(stream)
    for finding in findings:
        place = f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path
        text = rendered(
            place,
            finding.severity,
            finding.rule,
            finding.message,
            hint=finding.hint,
            text=finding.text,
            line=finding.line,
            column=finding.column,
            length=max(1, finding.length),
            color=color,
        )
        print(text, file=stream)


def statistics(findings: Sequence[Finding]) -> list[str]:
    """How many findings of each rule, most first."""
    counts = Counter(finding.rule for finding in findings)
    return [
        f"{count:>6}  {rule}  {RULES[rule].severity:<7}  {RULES[rule].name}"
        for rule, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def as_json(result: Result, findings: Sequence[Finding]) -> str:
    """As docs/json.md has it."""
    import json

    plain = {
        "inspected": {
            "files": result.files, "constants": result.constants, "walked": result.walked,
        },
        "lists": [_list(each) for report in result.reports for each in report.lists],
        "findings": [finding.plain() for finding in findings],
    }  # fmt: skip
    return json.dumps(plain, indent=2)


def _list(found: ListSummary) -> dict[str, object]:
    return {
        "path": found.path,
        "line": found.line,
        "construct": found.construct,
        "project": found.project,
        "constants": found.constants,
    }


_SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(result: Result, findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0 (OASIS), one run."""
    import json

    from vmcsgen import __version__

    used = sorted({finding.rule for finding in findings})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "vmcsgen",
                "version": __version__,
                "informationUri": "https://github.com/vmcsgen/vmcsgen",
                "rules": [_sarif_rule(rule) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(finding, used) for finding in findings],
        "properties": {
            "inspected": {
                "files": result.files, "constants": result.constants, "walked": result.walked,
            }
        },
    }  # fmt: skip
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: str) -> dict[str, Any]:
    known = RULES[rule]
    return {
        "id": known.id,
        "name": known.name,
        "shortDescription": {"text": known.title},
        "helpUri": f"{HELP_ROOT}/{known.id}.md",
        "defaultConfiguration": {"level": _SARIF_LEVELS[known.severity]},
    }


def _sarif_result(finding: Finding, used: Sequence[str]) -> dict[str, Any]:
    from urllib.parse import quote

    place: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(finding.path))}}
    if finding.line:
        place["region"] = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endColumn": finding.column + max(1, finding.length),
        }
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": used.index(finding.rule),
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
        "properties": {
            "name": finding.name,
            "value": finding.value,
            "expected": finding.expected,
            "field": finding.field,
        },
    }
    # A region is mended as a whole, in another place than its finding: --fix does that.
    if finding.fix is not None and finding.line and finding.rule != "VMCS501":
        deleted = _deleted(finding, finding.fix.old)
        replacement = {"deletedRegion": deleted, "insertedContent": {"text": finding.fix.new}}
        found["fixes"] = [
            {
                "description": {"text": finding.hint or finding.message},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": quote(os.fsencode(finding.path))},
                        "replacements": [replacement],
                    }
                ],
            }
        ]
    return found


def _deleted(finding: Finding, old: str) -> dict[str, int]:
    """The text region of a literal, which may stand in parentheses over several lines."""
    *above, last = old.split("\n")
    region = {"startLine": finding.line, "startColumn": finding.column}
    if above:
        return region | {"endLine": finding.line + len(above), "endColumn": len(last) + 1}
    return region | {"endColumn": finding.column + len(last)}


_GITHUB_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def as_github(findings: Sequence[Finding], stream: TextIO) -> None:
    """Workflow commands that GitHub shows as annotations on the lines."""
    for finding in findings:
        where = f"file={_property(finding.path)}"
        if finding.line:
            end = finding.column + max(1, finding.length) - 1
            where += f",line={finding.line},col={finding.column},endColumn={end}"
        title = _property(f"{finding.rule} {RULES[finding.rule].name}")
        level = _GITHUB_LEVELS[finding.severity]
        print(f"::{level} {where},title={title}::{_escaped(finding.message)}", file=stream)


def _escaped(text: str) -> str:
    return printable(text.replace("%", "%25"))


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
