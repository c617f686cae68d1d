"""What docs/stability.md promises, taken from the code and from real outputs.

tests/contract.json is the record that people agreed to; tests/unit/test_api.py compares. Run this
file to write the record anew (``make contract``): it says which sign CHANGELOG.md must carry.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import dataclasses
import enum
import inspect
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import vmcsgen
from vmcsgen import cli
from vmcsgen.records import Record
from vmcsgen.targets import packing, questions, subsets, view, words
from vmcsgen.targets import shapes as shapes_of_view
from vmcsgen.targets.filters import FILTERS

CHECKOUT = Path(__file__).resolve().parent.parent
RECORD = CHECKOUT / "tests/contract.json"

OPEN = frozenset("aliases controls cpus decided_by features high_names inferred msrs names".split())
"""Keys of objects whose own keys are data, such as a project's id or an MSR's address."""

ENUMERATED = frozenset("severity status type width".split())
"""Keys of texts of which there are few; the record has those that were seen."""

_DUMPS = "tests/fixtures/dumps/"
_PROBE = "tests/fixtures/probe/bochs-2.7-corei7_haswell_4770.log"
QUERIES: Mapping[str, tuple[str, ...]] = {
    "list": ("list", "list --where status=unconfirmed"),
    "show": (
        *(f"show {field}" for field in ("0x2033", "guest_rip", "guest_ia32_fmask")),
        "show instruction_timeout_control",
        "show primary_vm_exit_controls",
    ),
    "validate": ("validate", "validate {broken}"),
    "check": (
        *(f"check tests/golden/check/VMCS{number}" for number in (101, 104, 301, 401, 503)),
        "check tests/golden/check",
    ),
    "targets": ("targets",),
    "caps": (
        *(f"caps {cpu}" for cpu in ("i7-2600k", "i3-8109u", "core-7-350", "qemu-kvm64-v1")),
        *(f"caps {_DUMPS}{dump}" for dump in ("aida64-lakefield.txt@0", "qmp-skylake-client.json")),
    ),
    "caps --why": ("caps i7-7700k --why tsc_multiplier", "caps i9-12900k --why 0x2406"),
    "cpus": ("cpus",),
    "cpus --field": ("cpus --field tsc_multiplier", "cpus --field 0x2406"),
    "cpus --revision": ("cpus --revision",),
    "diff": ("diff i7-7700k i9-12900k", "diff spec tests/golden/spec"),
    "diff --breaking": (
        "diff spec tests/golden/spec --breaking",
        "diff tests/golden/spec spec --breaking",
    ),
    "probe read": (f"probe read {_PROBE}",),
}
"""Name of a JSON shape -> command lines whose outputs have it, run in the checkout."""


def contract() -> dict[str, Any]:
    """Everything that is promised, as JSON. The working directory is the top of the checkout."""
    statuses = {
        "in order": cli.IN_ORDER, "difference": cli.DIFFERENCE, "bad input": cli.BAD_INPUT,
        "cut off": cli.CUT_OFF,
    }  # fmt: skip
    return {
        "exit statuses": statuses,
        "verbs": {verb: sorted(_arguments(parser)) for verb, parser in cli.parsers().items()},
        "json": {name: shape(list(_outputs(lines)), "") for name, lines in QUERIES.items()},
        "python": {name: _public(getattr(vmcsgen, name)) for name in sorted(vmcsgen.__all__)},
        "generated c": _c(CHECKOUT / "out/c/vmcs.h"),
        "generated python": _python(CHECKOUT / "out/python/vmcs.py"),
        "generated rust": _rust(CHECKOUT / "out/rust/src/lib.rs"),
        "templates": {"filters": _filters(), **_handed()},
    }


def text(promised: Mapping[str, Any]) -> str:
    """The record's text: sorted, so that a change is a few lines of a diff."""
    return json.dumps(promised, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def sign(record: str) -> str:
    """What the CHANGELOG's entry on this state of the contract must hold."""
    return f"(contract {sha256(record.encode()).hexdigest()[:8]})"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Options, arguments and verbs of a parser, those of its own verbs included."""
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        if isinstance(action, argparse._SubParsersAction):
            for verb, below in action.choices.items():
                yield from (f"{verb} {argument}" for argument in _arguments(below))
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = "" if action.nargs == 0 or not action.option_strings else " VALUE"
        choices = f" ({', '.join(map(str, action.choices))})" if action.choices else ""
        yield name + value + choices


def _outputs(lines: tuple[str, ...]) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "fields").mkdir()
        (Path(folder) / "fields/broken.yaml").write_text("fields: 1\n")
        for line in lines:
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
                cli.main([*line.format(broken=folder).split(), "--format", "json"])
            assert said.getvalue(), f"vmcsgen {line} prints no JSON"
            yield json.loads(said.getvalue())


_WORDS = {int: "integer", str: "text", bool: "boolean", float: "number", type(None): "null"}


def shape(values: list[Any], key: str) -> Any:
    """The form that all ``values`` of one key share; several forms are joined by ``or``.

    An object's key that not every one has ends with ``?``; OPEN objects have the one key ``*``.
    """
    found: dict[str, Any] = {}
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        keys = dict.fromkeys(name for each in objects for name in each)
        if key in OPEN:
            found["object"] = {"*": shape([v for each in objects for v in each.values()], "")}
        else:
            found["object"] = {
                name if all(name in each for each in objects) else f"{name}?": shape(
                    [each[name] for each in objects if name in each], name
                )
                for name in keys
            }
    arrays = [value for value in values if isinstance(value, list)]
    if arrays:
        found["array"] = [shape([each for array in arrays for each in array], "")]
    for value in values:
        if not isinstance(value, dict | list):
            enumerated = isinstance(value, str) and key in ENUMERATED
            found[repr(value) if enumerated else _WORDS[type(value)]] = None
    plain = " or ".join(sorted(name for name in found if found[name] is None)) or None
    forms = [each for each in found.values() if each is not None] + ([plain] if plain else [])
    return forms[0] if len(forms) == 1 else {"or": forms} if forms else "nothing seen"


def _public(value: object) -> Any:
    """The signature of a function; bases, fields, members and methods of a class."""
    if inspect.isclass(value):
        return _class(value)
    if inspect.isfunction(value):
        return _signature(value)
    return type(value).__name__ if isinstance(value, str) else str(value)


def _signature(function: Callable[..., Any]) -> str:
    """Without the quotes that some versions of Python put around annotations."""
    return re.sub(r"'([^']*)'", r"\1", str(inspect.signature(function)))


def _class(kind: type) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if isinstance(function, property) or hasattr(function, "attrname"):
            wrapped = function.fget if isinstance(function, property) else function.func
            members[name] = f"property {inspect.signature(wrapped).return_annotation}"
        elif inspect.isfunction(function):
            members[name] = f"{type(member).__name__} {_signature(function)}"
    found: dict[str, Any] = {"bases": [base.__name__ for base in kind.__bases__], "has": members}
    if issubclass(kind, enum.Enum):
        found["members"] = {member.name: member.value for member in kind}
    elif dataclasses.is_dataclass(kind):
        found["fields"] = [_field(each) for each in dataclasses.fields(kind)]
    elif issubclass(kind, Exception):
        found["made by"] = _signature(kind.__init__)
    return found


def _field(field: dataclasses.Field[Any]) -> str:
    optional = (field.default, field.default_factory) != (dataclasses.MISSING,) * 2
    return f"{field.name}: {field.type}{' = ...' if optional else ''}"


def _c(path: Path) -> list[str]:
    """The functions of a header, on one line each."""
    found = re.findall(r"^VMCS_INLINE (.*?\))\n\{", path.read_text("utf-8"), re.M | re.S)
    return sorted(" ".join(each.split()) for each in found)


def _python(path: Path) -> list[str]:
    """The functions and classes of a module, with the methods of these."""
    found = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found.append(f"{node.name}({ast.unparse(node.args)})")
        elif isinstance(node, ast.ClassDef):
            found.append(f"class {node.name}")
            found += [
                f"{node.name}.{each.name}({ast.unparse(each.args)})"
                for each in node.body
                if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
            ]
    return sorted(found)


def _rust(path: Path) -> list[str]:
    """The public items of a crate; values and lengths are facts of the spec, and no promise."""
    found = re.findall(r"^ *pub ((?:const )?(?:fn|struct|enum|const|static) [^{=;]*)",
                       path.read_text("utf-8"), re.M)  # fmt: skip
    return sorted({" ".join(each.split()) for each in found})


def _filters() -> dict[str, str]:
    return {name: _signature(function) for name, function in sorted(FILTERS.items())}


def _handed() -> dict[str, list[str]]:
    """What ``view`` has, and the items of each shape that it leads to, with their types."""
    shapes = {
        name: each
        for module in (shapes_of_view, words, subsets, packing, questions)
        for name, each in vars(module).items()
        if inspect.isclass(each) and issubclass(each, Record)
    }
    whole = view.View(vmcsgen.load(), "linux")
    plain = {name: type(value).__name__ for name, value in vars(whole).items()}
    found = {"View": sorted(f"{name}: {kind}" for name, kind in (_parts(view.View) | plain).items()
                            if not name.startswith("_"))}  # fmt: skip
    pending = [found["View"]]
    while pending:
        for word in re.findall(r"\w+", " ".join(pending.pop())):
            if word in shapes and word not in found:
                items = inspect.get_annotations(shapes[word])
                items = _parts(shapes[word], frozenset(items)) | items
                found[word] = sorted(f"{name}: {kind}" for name, kind in items.items())
                pending.append(found[word])
    return found


def _parts(kind: type, other_than: frozenset[str] = frozenset()) -> dict[str, str]:
    """The properties and methods of a class, by what they give; of a constant, its type."""
    found = {}
    for name, member in vars(kind).items():
        if name.startswith("_") or name in other_than:
            continue
        made_by = (getattr(member, key, None) for key in ("fget", "func", "_make"))
        function = next(filter(None, made_by), None)
        if function is not None:
            found[name] = str(inspect.signature(function).return_annotation)
        else:
            found[name] = _signature(member) if callable(member) else type(member).__name__
    return found


def main() -> None:
    """Write the record."""
    os.chdir(CHECKOUT)
    record = text(contract())
    changed = not RECORD.exists() or RECORD.read_text("utf-8") != record
    RECORD.write_text(record, "utf-8")
    print(f"{RECORD.name}: {'written' if changed else 'as it was'}")
    if sign(record) not in (CHECKOUT / "CHANGELOG.md").read_text("utf-8"):
        print(f"Say in CHANGELOG.md what changed for whom, and sign the entry {sign(record)}")


if __name__ == "__main__":
    sys.exit(main())
