"""A small working target to begin with: a manifest and one template, by language."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from vmcsgen.diagnostics import refuse
from vmcsgen.resources import shown
from vmcsgen.targets.choice import target_names

_MANIFEST = """\
# docs/add-a-target.md says what else can stand here, and what templates are handed.
target: "{name}"
title: The fields of the VMCS
description: What it is for, in a sentence or two.
license: MIT
outputs:
  - {{template: {file}.j2, path: {file}, language: {language}}}
"""

_C = """\
/* Every encoding; _HIGH is the upper half of a 64-bit field. */
{% for each in view.encodings %}
#define VMCS_{{ each.constant | pad(56) }} {{ each.hex }}
{% endfor %}

/* The highest index of any field, and what IA32_VMX_VMCS_ENUM is where all exist. */
#define VMCS_MAX_INDEX {{ view.max_index }}
#define VMCS_ENUM_MAX {{ view.vmcs_enum_hex }}
"""

_GO = """\

// Package vmcs has the encodings of the fields of the Intel VMCS.
package vmcs

{% for each in view.encodings %}
const {{ each.field.id | camel }}{{ "High" if each.high }} = {{ each.hex }}
{% endfor %}

// MaxIndex is the highest index of any field.
const MaxIndex = {{ view.max_index }}
"""

_JAVASCRIPT = """\
/** Every encoding; _HIGH is the upper half of a 64-bit field. */
export const VMCS = Object.freeze({
{% for each in view.encodings %}
  {{ each.constant }}: {{ each.hex }},
{% endfor %}
});

/** The highest index of any field. */
export const MAX_INDEX = {{ view.max_index }};
"""

_PYTHON = """\
\"\"\"The encodings of the fields of the Intel VMCS.\"\"\"

{% for each in view.encodings %}
{{ each.constant }} = {{ each.hex }}
{% endfor %}

MAX_INDEX = {{ view.max_index }}
\"\"\"The highest index of any field.\"\"\"
"""

_RUST = """\
//! The encodings of the fields of the Intel VMCS.

{% for each in view.encodings %}
/// {{ each.title }}
pub const {{ each.constant }}: u32 = {{ each.hex }};
{% endfor %}

/// The highest index of any field.
pub const MAX_INDEX: u32 = {{ view.max_index }};
"""

_CSV = """\
id,encoding,title,requires
{% for field in view.fields %}
{{ (field.id, field.hex, field.title, field.requires) | csv_row }}
{% endfor %}
"""

_MARKDOWN = """\
# The fields of the VMCS

| encoding | field | exists |
| --- | --- | --- |
{% for field in view.fields %}
| {{ field.hex }} | {{ field.title | markdown_cell }} | {{ field.words | markdown_cell }} |
{% endfor %}
"""

_TEXT = """\
{% for field in view.fields %}
{{ field.hex }}  {{ field.title | pad(50) }}  {{ field.requires }}
{% endfor %}
"""

SKELETONS: Mapping[str, tuple[str, str]] = {
    "c": ("vmcs.h", _C),
    "csv": ("vmcs.csv", _CSV),
    "go": ("vmcs.go", _GO),
    "javascript": ("vmcs.js", _JAVASCRIPT),
    "markdown": ("vmcs.md", _MARKDOWN),
    "python": ("vmcs.py", _PYTHON),
    "rust": ("vmcs.rs", _RUST),
    "text": ("vmcs.txt", _TEXT),
}
"""Language -> name of the output, and its template."""


def begin(name: str, folder: Path, language: str) -> tuple[Path, ...]:
    """Write the target ``name`` below ``folder``; the files written.

    DiagnosticError if the name is none for a target or taken, or the files can't be written.
    """
    from vmcsgen.writer import write

    if not re.fullmatch(r"[a-z0-9][a-z0-9.]*(-[a-z0-9.]+)*", name) or len(name) > 80:
        hint = "lower-case letters, digits and dashes, such as my-target"
        raise refuse(f"{name!r} is no name for a target", "new-target", rule="USAGE", hint=hint)
    if name in target_names():
        raise refuse(
            f"a target {name!r} comes with vmcsgen", "new-target", rule="USAGE",
            hint="choose another name",
        )  # fmt: skip
    target = folder / name
    if os.path.lexists(target):
        raise refuse("is there already", shown(target), hint="choose another name, or remove it")
    file, template = SKELETONS[language]
    manifest = _MANIFEST.format(name=name, file=file, language=language)
    written = (target / "target.yaml", target / f"{file}.j2")
    for path, text in zip(written, (manifest, template), strict=True):
        write(path, text.encode())
    return written
