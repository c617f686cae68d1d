"""Copy a log, with the names of VMCS fields beside their encodings.

Recognises what Linux (vmread failed, vmwrite error, eVMCS), Xen, VirtualBox, Bochs and
kvm-unit-tests print; docs/annotate.md lists the forms. What is not recognised passes byte for byte
(on a terminal, control characters are escaped). The log is streamed: a growing one can be followed.

Exit status 0, also where nothing was recognised; 2 if the log can't be read.
"""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  dmesg | vmcsgen annotate
  vmcsgen annotate VBox.log --names virtualbox
  journalctl -kf | vmcsgen annotate"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``annotate``."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the log; standard input if left out"
    )
    parser.add_argument(
        "--names", metavar="PROJECT", help="write a project's constants (linux, xen, ...), not ids"
    )
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")


def run(arguments: argparse.Namespace) -> int:
    """Copy the log to standard output."""
    from vmcsgen.diagnostics import did_you_mean, refuse
    from vmcsgen.logs.annotate import annotate, for_terminal, names
    from vmcsgen.specfile.load import load

    spec = load(arguments.spec)
    project = None if arguments.names is None else arguments.names.lower()
    if project is not None and project not in spec.project_by_id:
        hint = did_you_mean(project, spec.project_by_id)
        raise refuse(f"there is no project {arguments.names!r}", "--names", rule="USAGE", hint=hint)
    beside = names(spec, project)
    sink = sys.stdout.buffer
    show = for_terminal if sys.stdout.isatty() else None
    if arguments.file == "-":
        annotate(sys.stdin.buffer, sink, beside, show)
        return 0
    try:
        source = Path(arguments.file).open("rb")  # noqa: SIM115 - closed below
    except IsADirectoryError:
        raise refuse(
            "is a folder, not a log", arguments.file, hint="name the file itself"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise refuse(f"can't be read: {reason}", arguments.file) from None
    with source:
        annotate(source, sink, beside, show)
    return 0
