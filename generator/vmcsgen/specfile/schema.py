"""JSON Schema errors as diagnostics: which value is wrong, where it stands, what belongs there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmcsgen.diagnostics import Diagnostic, Severity, did_you_mean
from vmcsgen.resources import spec_root
from vmcsgen.specfile.nodes import Document, Node, bounded

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_TYPE_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "an integer",
    "boolean": "true or false",
    "null": "null",
}


@cache
def _schema(kind: str, folder: Path) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads((folder / f"{kind}.schema.json").read_text("utf-8"))
    return schema


@cache
def _validator(kind: str, folder: Path) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    schema = _schema(kind, folder)
    extended: Any = extend  # which has no types
    keywords = {
        "$ref": _local_reference(schema), "pattern": _pattern, "uniqueItems": _unique_items,
    }  # fmt: skip
    made: Validator = extended(Draft202012Validator, keywords)(schema)
    return made


def _pattern(_: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """What ``pattern`` means here: its ``$`` is the end, not where a last line feed begins."""
    if isinstance(instance, str) and (instance.endswith("\n") or not re.search(pattern, instance)):
        from jsonschema.exceptions import ValidationError

        yield ValidationError("is spelled wrongly")


def _unique_items(_: Any, wanted: bool, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """What ``uniqueItems`` means here, in linear time: jsonschema compares each with each."""
    if wanted and isinstance(instance, list):
        distinct = {json.dumps(each, sort_keys=True) for each in instance}
        if len(distinct) < len(instance):
            from jsonschema.exceptions import ValidationError

            yield ValidationError("names something twice")


def _local_reference(schema: Mapping[str, Any]) -> Callable[..., Iterator[ValidationError]]:
    """What ``$ref`` means here: our schemas refer to definitions of their own only.

    What jsonschema does for references to anywhere takes a third of the time of a validation.
    """
    definitions = {f"#/$defs/{name}": each for name, each in schema.get("$defs", {}).items()}

    def reference(
        validator: Any, reference: str, instance: Any, _: Any
    ) -> Iterator[ValidationError]:
        yield from validator.descend(instance, definitions[reference])

    return reference


def check(document: Document, kind: str) -> list[Diagnostic]:
    """Everything in which ``document`` breaks the schema of its kind, in order of place.

    ``kind`` names a file of spec/schema, such as ``fields`` or ``project``.
    """
    found = bounded(_distinct(_faults(document, kind)))
    return sorted(found, key=lambda each: (each.location.line, each.location.column, each.message))


def _faults(document: Document, kind: str) -> Iterator[Diagnostic]:
    folder = spec_root() / "schema"
    for error in _validator(kind, folder).iter_errors(document.root.plain()):
        yield from _translate(document, error, _schema(kind, folder))


def _distinct(faults: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    seen: set[Diagnostic] = set()
    for each in faults:
        if each not in seen:
            seen.add(each)
            yield each


def _translate(
    document: Document, error: ValidationError, validator_schema: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    node = document.at(tuple(error.absolute_path))
    schema: Any = error.schema
    hint = _describe(schema)
    value: Any = error.validator_value
    last = error.absolute_path[-1] if error.absolute_path else None
    what = repr(last) if isinstance(last, str) else "this"
    if "propertyNames" in error.relative_schema_path and isinstance(error.instance, str):
        # A key is wrong; the path leads to the mapping that it stands in.
        message = f"key {error.instance[:60]!r} is spelled wrongly"
        at = (node.keys or {}).get(error.instance, node)
        yield _fault(document, at, "SPEC015", message, hint)
        return
    match error.validator:
        case "required":
            for key in _missing(error, node):
                described = _describe(schema.get("properties", {}).get(key)) or _described_anywhere(
                    validator_schema, key
                )
                yield _fault(document, node, "SPEC011", f"key {key!r} is missing", described)
        case "additionalProperties":
            yield from _unknown_keys(document, node, schema)
        case "type":
            wanted = " or ".join(_TYPE_NAMES[name] for name in _listed(value))
            message = f"{what} must be {wanted}, not {_shown(node)}"
            yield _fault(document, node, "SPEC013", message, hint)
        case "enum" | "const":
            allowed = [str(item) for item in _listed(value)]
            message = f"{what} can't be {_shown(node)}"
            hint = did_you_mean(str(node.value), allowed)
            yield _fault(document, node, "SPEC014", message, hint)
        case "anyOf" | "oneOf":
            message = f"{what} has the wrong form: {_shown(node)}"
            yield _fault(document, node, "SPEC013", message, hint)
        case "minItems" | "minProperties" | "minLength":
            yield _fault(document, node, "SPEC015", f"{what} must not be empty", hint)
        case "maxItems" | "maxLength":
            yield _fault(document, node, "SPEC015", f"{what} is too long: {value} at most", hint)
        case "uniqueItems":
            yield _fault(document, node, "SPEC015", f"{what} names something twice", hint)
        case "minimum" | "maximum":
            low, high = schema.get("minimum"), schema.get("maximum")
            message = f"{what} is {node.value}, outside {low} to {high}"
            yield _fault(document, node, "SPEC015", message, hint)
        case "pattern":
            message = f"{what} is spelled wrongly: {_shown(node)}"
            yield _fault(document, node, "SPEC015", message, hint)
        case "dependentRequired":
            for key, others in value.items():
                for other in others:
                    if key in node.value and other not in node.value:
                        message = f"key {key!r} does not go without {other!r}"
                        described = _describe(schema["properties"][other])
                        yield _fault(document, node, "SPEC016", message, described)
        case _:
            yield _fault(document, node, "SPEC016", error.message[:200], hint)


def _missing(error: ValidationError, node: Node) -> list[str]:
    required: Any = error.validator_value
    return [key for key in required if key not in node.value]


def _unknown_keys(
    document: Document, node: Node, schema: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    known = list(schema.get("properties", {}))
    for key, where in (node.keys or {}).items():
        if key not in known:
            hint = did_you_mean(key, known, f"known keys: {', '.join(known)}")
            yield _fault(document, where, "SPEC012", f"unknown key {key[:60]!r}", hint)


def _fault(document: Document, node: Node, rule: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, rule, message, document.locate(node), hint)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(node: Node) -> str:
    match node.value:
        case None:
            return "nothing"
        case bool(truth):
            return "true" if truth else "false"
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case str(text):
            return repr(text if len(text) <= 60 else text[:57] + "...")
        case number:
            return str(number)


def _describe(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


def _described_anywhere(schema: Any, key: str) -> str:
    """The first description of a property ``key`` anywhere in a schema."""
    if isinstance(schema, Mapping):
        described = _describe(schema.get("properties", {}).get(key))
        if described:
            return described
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            described = _described_anywhere(inner, key)
            if described:
                return described
    return ""
