"""vmcsgen: one spec of every Intel VMX VMCS field; everything else is derived from it.

>>> import vmcsgen
>>> spec = vmcsgen.load()
>>> spec.field("TSC_MULTIPLIER").title
'TSC multiplier'

The names below are imported on first use, so that ``import vmcsgen`` costs nothing.
"""

from __future__ import annotations

__version__ = "2026.11.0"

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from vmcsgen.core.capabilities import Capabilities
    from vmcsgen.core.encoding import Encoding, EncodingError, FieldType, Width
    from vmcsgen.core.enumeration import (
        Enumeration,
        Rung,
        enumerate_fields,
        existing_fields,
        ladder,
        undecided_fields,
    )
    from vmcsgen.core.requirement import Requirement, evaluate
    from vmcsgen.core.spec import Control, Field, Match, Spec, UnknownFieldError
    from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity
    from vmcsgen.specfile.load import load

_HOMES = {
    "Capabilities": "core.capabilities",
    "Control": "core.spec",
    "Diagnostic": "diagnostics",
    "DiagnosticError": "diagnostics",
    "Encoding": "core.encoding",
    "EncodingError": "core.encoding",
    "Enumeration": "core.enumeration",
    "Field": "core.spec",
    "FieldType": "core.encoding",
    "Location": "diagnostics",
    "Match": "core.spec",
    "Requirement": "core.requirement",
    "Rung": "core.enumeration",
    "Severity": "diagnostics",
    "Spec": "core.spec",
    "UnknownFieldError": "core.spec",
    "Width": "core.encoding",
    "enumerate_fields": "core.enumeration",
    "evaluate": "core.requirement",
    "existing_fields": "core.enumeration",
    "ladder": "core.enumeration",
    "load": "specfile.load",
    "undecided_fields": "core.enumeration",
}

__all__ = [
    "Capabilities",
    "Control",
    "Diagnostic",
    "DiagnosticError",
    "Encoding",
    "EncodingError",
    "Enumeration",
    "Field",
    "FieldType",
    "Location",
    "Match",
    "Requirement",
    "Rung",
    "Severity",
    "Spec",
    "UnknownFieldError",
    "Width",
    "__version__",
    "enumerate_fields",
    "evaluate",
    "existing_fields",
    "ladder",
    "load",
    "undecided_fields",
]


def __getattr__(name: str) -> object:
    """Import the home of a public name when it is first asked for (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
