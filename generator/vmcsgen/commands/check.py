"""Check the VMCS constants in any source tree against the spec.

Reads C, C++, Rust, Python, assembler, YAML and JSON. Exit status 1: errors or warnings; 2: nothing
was there to inspect. Settings: docs/check.md.
"""

from __future__ import annotations

import os
import sys

from vmcsgen.excerpt import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from vmcsgen.scan.baseline import Known
    from vmcsgen.scan.check import Options, Progress, Result
    from vmcsgen.scan.config import Config
    from vmcsgen.scan.findings import Finding

EXAMPLES = """examples:
  vmcsgen check arch/x86/include/asm/vmx.h
  vmcsgen check linux/ qemu/               whole trees; a second run is fast
  vmcsgen check --fix include/vmcs.h       write right values in place
  vmcsgen check . --baseline known.json    no news of what is known"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``check``."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="files, folders (default: paths of vmcsgen.toml)",
    )  # fmt: skip
    parser.add_argument(
        "--project", metavar="PROJECT", help="take every list for one of this project"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        metavar="FORMAT",
        help="text (default), json, sarif or github",
    )
    parser.add_argument(
        "--fix", action="store_true", help="write right values in place, then check again"
    )
    parser.add_argument("--statistics", action="store_true", help="count findings by rule")
    parser.add_argument(
        "--baseline", metavar="FILE", help="accept the findings of an earlier --format json"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no remarks (info), no list of what was inspected"
    )
    parser.add_argument("--spec", metavar="SPEC", help="another spec folder")
    parser.add_argument(
        "--templates", metavar="DIR", help="a folder of targets, whose regions are known too"
    )
    parser.add_argument(
        "--jobs", type=_jobs, default=0, metavar="N", help="worker processes (default: processors)"
    )


def _jobs(text: str) -> int:
    import argparse

    if not text.isdecimal() or not 1 <= int(text[:6]) <= 1024:
        raise argparse.ArgumentTypeError("a number of processes, 1 to 1024")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: in order; 1: errors or warnings; 2: not all could be read, or nothing."""
    from vmcsgen.scan import again

    subject = again.subject_of(arguments)
    known = again.recall(subject)
    if known is not None:
        sys.stdout.write(known[0])
        return known[1]
    return _run(arguments, subject)


def _run(arguments: argparse.Namespace, subject: str) -> int:
    """Check; what is printed is kept under ``subject``, if there is one."""
    from vmcsgen.scan import config as configs

    try:
        config = configs.find(arguments.paths)
    except configs.ConfigError as error:
        return _stop(str(error))
    paths = arguments.paths or list(config.paths)
    if not paths:
        return _stop("name files or folders, or set paths in vmcsgen.toml")
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        return _stop(f"{missing[0]}: there is no such file or folder")
    return _check(arguments, paths, config, subject)


def _check(arguments: argparse.Namespace, paths: list[str], config: Config, subject: str) -> int:
    from vmcsgen.scan.check import Options, check

    project = (arguments.project or config.project or "").lower() or None
    options = Options(
        arguments.spec, project, config.extras, True, arguments.jobs, arguments.templates
    )
    known: Known | None = None
    if arguments.baseline:
        from vmcsgen.scan import baseline

        try:
            known = baseline.read(arguments.baseline)
        except baseline.BaselineError as error:
            return _stop(f"{arguments.baseline}: {error}")
    progress = _progress()
    try:
        result = check(paths, options, progress)
        if arguments.fix:
            result = _mend(result, paths, options, config, known)
    except KeyError as error:
        return _stop(f"the spec has no project {error.args[0]!r}; {_close_project(options)}")
    finally:
        if progress is not None:
            print("\r\x1b[K", end="", file=sys.stderr)
    if not subject or any(report.marked or report.lacking for report in result.reports):
        # Regions and what is installed are more than the files that were named.
        return _report(arguments, result, config, known)
    import io

    from vmcsgen.scan import again

    said = io.StringIO()
    out, sys.stdout = sys.stdout, said
    try:
        status = _report(arguments, result, config, known)
    finally:
        sys.stdout = out
    sys.stdout.write(said.getvalue())
    again.remember(subject, said.getvalue(), status)
    return status


def _close_project(options: Options) -> str:
    from vmcsgen.excerpt import did_you_mean
    from vmcsgen.scan import lexicon

    return did_you_mean(options.project or "", lexicon.load(options.spec).projects)


def _mend(
    result: Result, paths: list[str], options: Options, config: Config, known: Known | None
) -> Result:
    """Mend what nothing accepts, and check again."""
    from vmcsgen.excerpt import printable
    from vmcsgen.scan import fix
    from vmcsgen.scan.check import check

    wrong, _, _ = _unaccepted(result, config, known)
    mended = fix.apply(wrong)
    for path, count in mended.items():
        print(f"{printable(path)}: {count} mended", file=sys.stderr)
    return check(paths, options) if mended else result


def _ignored(finding: Finding, config: Config) -> bool:
    return any(each.covers(finding, config.top) for each in config.ignores)


def _unaccepted(
    result: Result, config: Config, known: Known | None
) -> tuple[tuple[Finding, ...], int, int]:
    """The findings that neither settings nor baseline accept, and how many each of them does."""
    findings = tuple(each for each in result.findings if not _ignored(each, config))
    ignored = len(result.findings) - len(findings)
    if known is None:
        return findings, ignored, 0
    from vmcsgen.scan import baseline

    fresh = baseline.unknown(findings, known)
    return fresh, ignored, len(findings) - len(fresh)


def _report(
    arguments: argparse.Namespace, result: Result, config: Config, known: Known | None
) -> int:
    from vmcsgen.scan import reports

    findings, ignored, accepted = _unaccepted(result, config, known)
    if arguments.quiet:
        findings = tuple(each for each in findings if each.severity != "info")
    match arguments.format:
        case "json":
            print(reports.as_json(result, findings))
        case "sarif":
            print(reports.as_sarif(result, findings))
        case "github":
            reports.as_github(findings, sys.stdout)
        case _:
            reports.as_text(findings, sys.stdout)
    out = sys.stderr if arguments.format in ("json", "sarif") else sys.stdout
    for remark in _remarks(arguments, result, findings):
        print(printable(remark), file=out)
    by = {config.path: ignored, "the baseline": accepted}
    if any(by.values()):
        told = ", ".join(f"{count} by {printable(str(who))}" for who, count in by.items() if count)
        print(f"accepted: {told}", file=out)
    print(reports.summary(result), file=out)
    lacking = reports.lacking(result)
    if lacking:
        return _stop(lacking)
    if not result.constants:
        return _stop("nothing was inspected: there is no VMCS constant in what was read")
    return int(any(each.severity != "info" for each in findings))


def _remarks(
    arguments: argparse.Namespace, result: Result, findings: Sequence[Finding]
) -> Iterator[str]:
    """What is printed between the findings and the summary."""
    from vmcsgen.scan import reports

    for report in result.reports:
        if report.dropped:
            yield f"{report.path}: more findings than are kept"
    if arguments.statistics:
        yield from reports.statistics(findings)
    if arguments.format == "text" and not arguments.quiet:
        yield from reports.lists(result)


def _stop(reason: str) -> int:
    """Say why there is no result; exit status 2."""
    print(f"vmcsgen check: {printable(reason)}", file=sys.stderr)
    return 2


_PROGRESS_AFTER = 1.0
_PROGRESS_EVERY = 0.1
_PROGRESS_WIDTH = 30


def _progress() -> Progress | None:
    """A progress bar on standard error, if that is a terminal, once a second has passed."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    from time import monotonic

    due = monotonic() + _PROGRESS_AFTER

    def show(done: int, total: int) -> None:
        nonlocal due
        if monotonic() < due:
            return
        due = monotonic() + _PROGRESS_EVERY
        filled = _PROGRESS_WIDTH * done // max(1, total)
        bar = "#" * filled + "-" * (_PROGRESS_WIDTH - filled)
        print(f"\r[{bar}] {done} of {total} files", end="", file=sys.stderr, flush=True)

    return show
