"""What templates may send a value through, beside Jinja's own filters: each returns text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


def csv_row(values: Iterable[object]) -> str:
    """The values as one row of a CSV file (RFC 4180), without the line's end."""
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


def markdown_cell(text: object) -> str:
    """``text`` as it must be written in a cell of a Markdown table."""
    return str(text).replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")


def rst_text(text: object) -> str:
    """``text`` as reStructuredText prints it, with nothing taken for markup."""
    import re

    # An underscore makes a reference only at the end of a word.
    return re.sub(r"([\\*`|]|_(?![A-Za-z0-9]))", r"\\\1", str(text))


def roff(text: object) -> str:
    """``text`` as a manual page prints it: no escape, no request, every ``-`` a real minus."""
    escaped = str(text).replace("\\", "\\e").replace("-", "\\-")
    for character, name in _ROFF:
        escaped = escaped.replace(character, name)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


_ROFF = (("“", r"\(lq"), ("”", r"\(rq"), ("→", r"\(->"), ("–", r"\(en"), ("’", r"\(cq"))
"""Characters that a terminal may lack, and what roff calls them."""


def tojson_document(value: Mapping[str, object], first: Mapping[str, object]) -> str:
    """Two mappings as one JSON object, ``first`` before ``value``; ASCII only.

    An entry of the object is a line, and so is an item of a list of objects.
    """
    import json

    def text(entry: object) -> str:
        if isinstance(entry, list) and any(isinstance(item, dict) for item in entry):
            return "[\n  " + ",\n  ".join(map(json.dumps, entry)) + "\n ]"
        return json.dumps(entry)

    entries = {**first, **value}.items()
    return "{\n " + ",\n ".join(f"{json.dumps(key)}: {text(each)}" for key, each in entries) + "\n}"


def pad(text: object, width: int) -> str:
    """``text`` followed by blanks up to ``width`` columns."""
    return str(text).ljust(width)


def tab_pad(text: object, column: int, tab: int = 8) -> str:
    """``text`` followed by tabs up to ``column``, as kernel style aligns."""
    name = str(text)
    if len(name) >= column:
        return name + " "
    return name + "\t" * -(-(column - len(name)) // tab)


def fill(text: object, width: int = 78, prefix: str = "") -> str:
    """``text`` in lines of at most ``width`` columns, each but the first after ``prefix``."""
    from textwrap import wrap

    lines = wrap(str(text), width, break_long_words=False, break_on_hyphens=False)
    return f"\n{prefix}".join(lines)


def quoted(text: object) -> str:
    """``text`` as a double-quoted string literal of Python, JavaScript and their kin."""
    import json

    return json.dumps(str(text), ensure_ascii=False)


def camel(text: object) -> str:
    """``an_id_like_this`` as ``AnIdLikeThis``, as Rust, Go and others call types and variants."""
    return "".join(part[:1].upper() + part[1:] for part in str(text).split("_"))


def in_comment(text: object) -> str:
    """``text`` so that it neither ends a C comment that it stands in nor opens another."""
    return str(text).replace("*/", "* /").replace("/*", "/ *")


FILTERS: Mapping[str, Callable[..., str]] = {
    each.__name__: each
    for each in (
        pad, tab_pad, fill, csv_row, markdown_cell, tojson_document, quoted, in_comment, rst_text,
        roff, camel,
    )
}  # fmt: skip
"""The filters by the name that templates use."""
