"""Known findings: those of an earlier ``check --format json`` are accepted, new ones are not."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

from vmcsgen.scan.findings import Finding

_SIZE_LIMIT = 64 << 20


class BaselineError(Exception):
    """A baseline that can't be used; the text says why."""


Key = tuple[str, str, str, object]
"""Rule, absolute path, name and value: lines move, these stay."""

Known = Counter[Key]
"""How often each known finding may be there."""


def key(rule: str, path: str, name: str, value: object) -> Key:
    """What tells a finding; ``src/vmx.h`` and ``./src/vmx.h`` are one path."""
    return rule, os.path.abspath(path), name, value


def read(path: str) -> Known:
    """The findings in the JSON of an earlier check, whose paths begin where we are now."""
    try:
        with open(path, "rb") as stream:
            plain = json.loads(stream.read(_SIZE_LIMIT))
        return Counter(
            key(each["rule"], each["path"], each["name"], each["value"])
            for each in plain["findings"]
        )
    except OSError as error:
        raise BaselineError(f"can't be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BaselineError("is not the output of `vmcsgen check --format json`") from None


def unknown(findings: Sequence[Finding], known: Known) -> tuple[Finding, ...]:
    """The findings that the baseline does not have, each known one counting once."""
    left = known.copy()
    found = []
    for finding in findings:
        this = key(finding.rule, finding.path, finding.name, finding.value)
        if left[this] > 0:
            left[this] -= 1
        else:
            found.append(finding)
    return tuple(found)
