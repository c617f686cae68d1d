"""Ask a processor which VMCS fields it has: build the probe, run it, read it."""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from vmcsgen.core.spec import Spec
    from vmcsgen.probe.build import Built
    from vmcsgen.probe.report import Result
    from vmcsgen.probe.survey import Outcome

EXAMPLES = """examples:
  vmcsgen probe build -o probe/                    probe.img and probe.elf
  vmcsgen probe run --cpu tigerlake                in Bochs
  vmcsgen probe run --cpu all                      all models that have VMX
  vmcsgen probe run --cpu bx_generic --set cpuid.vmx=2
  vmcsgen probe read serial.log                    what a real machine said
  vmcsgen probe read serial.log --format cpu       as an entry for spec/cpus"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``probe`` and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="build|run|read")

    build = actions.add_parser("build", help="compile the probe: images for emulators and machines")
    build.add_argument(
        "-o", "--output", type=Path, default=Path("probe"), metavar="DIR",
        help="folder for sources and images (default: probe)",
    )  # fmt: skip

    run = actions.add_parser("run", help="run the probe in an emulator, and read its log")
    run.add_argument("--emulator", default="bochs", metavar="NAME", help="bochs, qemu or kvm")
    run.add_argument(
        "--cpu", action="append", required=True, metavar="MODEL",
        help="CPU model of the emulator (may be given again); all: every one that has VMX",
    )  # fmt: skip
    run.add_argument(
        "--set", action="append", default=[], metavar="LINE.NAME=VALUE", dest="settings",
        help="option of Bochs' cpu or cpuid line, such as cpuid.vmx=2",
    )  # fmt: skip
    run.add_argument("--log", type=Path, metavar="FILE", help="keep the log (of one CPU model)")
    run.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="SECONDS",
        help="time limit of one run (default: 60)",
    )  # fmt: skip

    read = actions.add_parser("read", help="compare the log of a probe with the spec")
    read.add_argument(
        "log",
        type=Path,
        metavar="LOG",
        help="what the port said (- is standard input), or the image of the boot stick",
    )

    for each in (build, run, read):
        each.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    run.add_argument(
        "--format",
        choices=("text", "json", "markdown"),
        default="text",
        help="text for people (default), json, or a table for a page",
    )
    read.add_argument(
        "--format",
        choices=("text", "json", "cpu"),
        default="text",
        help="text for people (default), json, or an entry for spec/cpus",
    )


def _seconds(text: str) -> float:
    import argparse

    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds, 1 to 3600")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: built, or as the spec says; 1: a difference that no deviation explains."""
    from vmcsgen.specfile.load import load

    spec = load(arguments.spec)
    if arguments.action == "build":
        return _build(arguments, spec)
    return _run(arguments, spec) if arguments.action == "run" else _read(arguments, spec)


def _build(arguments: argparse.Namespace, spec: Spec) -> int:
    from vmcsgen.excerpt import printable
    from vmcsgen.probe.build import build
    from vmcsgen.resources import shown

    built = build(spec, arguments.output)
    print(f"{printable(shown(built.image))}: floppy, stick or disk image")
    print(f"{printable(shown(built.kernel))}: multiboot kernel")
    return 0


def _read(arguments: argparse.Namespace, spec: Spec) -> int:
    from vmcsgen.logs.probe_reading import read_log
    from vmcsgen.probe.compare import compare
    from vmcsgen.probe.deviations import load_explanations
    from vmcsgen.probe.report import Result, cpu_entry
    from vmcsgen.resources import shown

    log = read_log(arguments.log)
    if arguments.format == "cpu":
        # Into a new file of spec/cpus, perhaps, which the shell has made, empty: it is not read.
        print(cpu_entry(spec, log), end="")
        return 0
    comparison = compare(spec, log, load_explanations(spec, arguments.spec))
    result = Result(shown(arguments.log), log, comparison)
    return _report(spec, [result], arguments.format, single=True)


def _run(arguments: argparse.Namespace, spec: Spec) -> int:
    import tempfile

    from vmcsgen.diagnostics import did_you_mean, refuse
    from vmcsgen.probe.build import build
    from vmcsgen.probe.emulators import EMULATORS, choose

    wanted = arguments.emulator
    arguments.emulator = wanted.lower()
    if arguments.emulator not in EMULATORS:
        hint = did_you_mean(arguments.emulator, EMULATORS)
        raise refuse(f"there is no emulator {wanted!r}", "--emulator", hint=hint)
    models = choose(EMULATORS[arguments.emulator], arguments.cpu)
    if arguments.log is not None and len(models) != 1:
        raise refuse("keeps the log of one CPU model only", "--log", hint="name one with --cpu")
    with tempfile.TemporaryDirectory(prefix="vmcsgen-probe-") as folder:
        built = build(spec, Path(folder))
        results = _ask(arguments, spec, built, models)
    return _report(spec, results, arguments.format, single=len(models) == 1)


def _ask(
    arguments: argparse.Namespace, spec: Spec, built: Built, models: Sequence[str]
) -> Sequence[Result]:
    from vmcsgen.diagnostics import refuse
    from vmcsgen.probe.deviations import load_explanations
    from vmcsgen.probe.emulators import Machine
    from vmcsgen.probe.survey import survey

    machines = [Machine(arguments.emulator, model, tuple(arguments.settings)) for model in models]
    deviations = load_explanations(spec, arguments.spec)
    results = []
    without = []
    outcomes = survey(spec, built, machines, deviations, arguments.timeout)
    if arguments.log is not None:
        outcomes = _kept(outcomes, arguments.log)
    for machine, _, result in outcomes:
        if isinstance(result, Exception):
            # Asked for every model, those without VMX are no failure; asked for one, it is.
            if arguments.cpu != ["all"]:
                raise result
            without.append(machine.model)
        else:
            results.append(result)
    if not results:
        raise refuse("no CPU model of this emulator has VMX", arguments.emulator, rule="PROBE005")
    if without and arguments.format != "json":
        print(f"without VMX: {', '.join(without)}", file=sys.stderr)
    return results


def _kept(outcomes: Iterator[Outcome], path: Path) -> Iterator[Outcome]:
    """The outcomes, each log written to ``path`` as it passes; that of a run cut short too."""
    from vmcsgen.probe.run import CutShortError
    from vmcsgen.writer import write

    try:
        for outcome in outcomes:
            write(path, outcome[1])
            yield outcome
    except CutShortError as error:
        write(path, error.log)
        raise


def _report(spec: Spec, results: Sequence[Result], style: str, single: bool) -> int:
    if style == "json":
        import json

        from vmcsgen.probe.report import as_plain

        plain = [as_plain(spec, each) for each in results]
        print(json.dumps(plain[0] if single else plain, indent=2))
    elif style == "markdown":
        from vmcsgen.probe.report import markdown

        _print(markdown(results))
    else:
        _print(_told(results, single))
    return 1 if any(each.comparison.unexplained for each in results) else 0


def _told(results: Sequence[Result], single: bool) -> Iterable[str]:
    from vmcsgen.probe.report import aligned, as_text, table

    if single:
        return as_text(results[0])
    lines = list(aligned(table(results)))
    for each in results:
        if each.comparison.unexplained:
            lines += ["", *as_text(each)]
    return lines


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
