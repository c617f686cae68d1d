"""Arguments in, exit status out: picks the verb, imports its module only, reports errors."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from vmcsgen.site.manual import Verb

VERBS = {
    "validate": "check a spec: schema, semantic rules, every error at once",
    "list": "list fields",
    "show": "everything known about one field, by name or encoding",
    "gen": "generate the outputs of targets, or check that they are current",
    "adopt": "convert a source tree: hand-written lists become regions",
    "patch": "write the patches that bring a target into a source tree",
    "check": "check the VMCS constants of any source tree against the spec",
    "targets": "list what can be generated",
    "caps": "controls, fields and VMCS_ENUM of a processor, dump or CPU model",
    "cpus": "list known CPUs, and where a field first appears",
    "diff": "compare two CPUs, dumps or specs, field by field",
    "annotate": "copy a log, with the names of VMCS fields beside their encodings",
    "probe": "ask a processor, real or emulated, which fields it has",
    "new-target": "begin a target of your own: a folder with a template that works",
    "completion": "print what completes the command line in bash, zsh or fish",
}
"""Verb -> one line for the help; the verb's module is ``commands.VERB``."""

IN_ORDER, DIFFERENCE, BAD_INPUT = 0, 1, 2
"""Exit statuses: in order; a difference or finding; bad usage or bad input."""

CUT_OFF = 128 + 13
"""Exit status where the reader of the output went away, as that of what SIGPIPE ends."""

DEPENDENCIES = {
    "black": ("black", "black"),
    "jinja2": ("jinja2", "python3-jinja2"),
    "jsonschema": ("jsonschema", "python3-jsonschema"),
    "yaml": ("pyyaml", "python3-yaml"),
}
"""Module that a verb may lack -> its package, and Debian's of it."""


def program() -> NoReturn:
    """The command line as a process of its own, which ends here with its exit status."""
    import gc
    import os

    # A run is short and makes few cycles: looking for them after every 700 objects costs a fifth
    # of a gen.
    gc.set_threshold(50_000)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the caller closed it
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    try:
        status = main()
    except SystemExit as ended:  # argparse, after help or an error
        status = int(ended.code or IN_ORDER)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = BAD_INPUT  # as main said, if it could
    # To take every object and module down one by one takes a tenth of a short run.
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 1 or 2 (in order, finding, bad input), or as a
    shell has it, 130 after Ctrl-C and 141 where nobody reads the output any more.

    An unforeseen exception is reported in one line; VMCSGEN_TRACEBACK=1 shows its traceback.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    _escape_what_the_locale_lacks()
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        # The reader went away (vmcsgen list | head): nothing more to say, and what was not said
        # may have been a finding.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        try:
            return _failed(error)
        except OSError as unsaid:
            if unsaid is error:  # VMCSGEN_TRACEBACK
                raise
            return BAD_INPUT
    return status


def _run(arguments: Sequence[str]) -> int:
    if any(_is_empty(each) for each in arguments):
        print("vmcsgen: an argument is empty; is a variable not set?", file=sys.stderr)
        return BAD_INPUT
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return _help(arguments[1:])
    verb = arguments[0]
    if verb in ("-V", "--version"):
        from vmcsgen import __version__

        print(f"vmcsgen {__version__}")
        return IN_ORDER
    if verb not in VERBS:
        return _unknown(verb)
    return _parse_and_run(verb, arguments[1:])


def _is_empty(argument: str) -> bool:
    """Whether it says nothing, as ``-o "$UNSET"`` and ``--tree=`` do: no default is meant."""
    option, equals, value = argument.partition("=")
    return not argument or (option.startswith("--") and bool(equals) and not value)


def _escape_what_the_locale_lacks() -> None:
    r"""Print ``\u201c`` where a locale that is not UTF-8 has no such character (as stderr).

    A standard output that a caller put there, of another kind, stays as it is.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _parse_and_run(verb: str, arguments: Sequence[str]) -> int:
    from vmcsgen.plain_arguments import NotPlain, PlainArguments

    command = _command(verb)
    declared = PlainArguments()
    try:
        command.configure(declared)
        parsed: Any = declared.read(arguments)
    except NotPlain:
        parsed = _parser(verb, command).parse_args(arguments)
    status: int = command.run(parsed)
    return status


def _command(verb: str) -> Any:
    """The module of a verb."""
    from importlib import import_module

    return import_module(f"vmcsgen.commands.{verb.replace('-', '_')}")


def _parser(verb: str, command: Any) -> argparse.ArgumentParser:
    from vmcsgen.arguments import Parser

    parser = Parser(
        prog=f"vmcsgen {verb}",
        description=command.__doc__,
        epilog=getattr(command, "EXAMPLES", None),
    )
    command.configure(parser)
    return parser


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of every verb, for what describes the command line as a whole."""
    return {verb: _parser(verb, _command(verb)) for verb in VERBS}


def manual() -> tuple[Verb, ...]:
    """Every verb and action with its arguments and examples, for the manual page."""
    from vmcsgen.site.manual import describe

    return tuple(
        each for verb, parser in parsers().items() for each in describe(verb, VERBS[verb], parser)
    )


def _failed(error: Exception) -> int:
    import errno
    import os
    from contextlib import suppress

    from vmcsgen.diagnostics import DiagnosticError, printable, report

    if isinstance(error, DiagnosticError):
        with suppress(OSError):
            sys.stdout.flush()  # what was printed comes first
        report(error.diagnostics)
        return BAD_INPUT
    if isinstance(error, ModuleNotFoundError) and error.name in DEPENDENCIES:
        package, debian = DEPENDENCIES[error.name]
        print(f"vmcsgen: {package} is not installed; bring it by one of", file=sys.stderr)
        print(f"  pip install {package}\n  apt-get install {debian}", file=sys.stderr)
        return BAD_INPUT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        print(f"vmcsgen: not all could be written: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    if isinstance(error, FileNotFoundError) and _nowhere():
        print("vmcsgen: the working directory is gone; change to another", file=sys.stderr)
        return BAD_INPUT
    if os.environ.get("VMCSGEN_TRACEBACK"):
        raise error
    kind = type(error).__name__
    print(f"vmcsgen: internal error: {kind}: {printable(str(error))[:400]}", file=sys.stderr)
    print("This is a bug; VMCSGEN_TRACEBACK=1 shows where. Please report it.", file=sys.stderr)
    return BAD_INPUT


def _nowhere() -> bool:
    """Whether the working directory was removed."""
    import os

    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _help(rest: Sequence[str]) -> int:
    if rest:
        return _parse_and_run(rest[0], ["--help"]) if rest[0] in VERBS else _unknown(rest[0])
    print("usage: vmcsgen VERB [ARGUMENTS]\n")
    print("One spec of every Intel VMX VMCS field; everything else is derived from it.\n")
    width = max(map(len, VERBS))
    for verb, summary in VERBS.items():
        print(f"  {verb:<{width}}  {summary}")
    print("\nvmcsgen VERB --help tells more; vmcsgen --version tells the version.")
    return IN_ORDER


def _unknown(verb: str) -> int:
    from vmcsgen.excerpt import did_you_mean, printable

    hint = did_you_mean(verb, (*VERBS, "--help", "--version"))
    print(f"vmcsgen: unknown verb {printable(verb[:40])!r}; {hint}", file=sys.stderr)
    return BAD_INPUT
