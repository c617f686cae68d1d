"""Paths to findings: reading in parallel where it pays, what is known from the last run, counts."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from vmcsgen.cache import keep, recall
from vmcsgen.records import Record
from vmcsgen.scan import lexicon as lexicons
from vmcsgen.scan.files import Entry, Trouble, promising, read, walk
from vmcsgen.scan.findings import Finding
from vmcsgen.scan.report import Report, from_plain, to_plain, too_large, whole_file
from vmcsgen.states import settled

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

    from vmcsgen.scan.match import Matcher

PARALLEL_FROM = 1500
"""From so many files on, worker processes are worth their start."""

_CHUNK = 256

Progress = Callable[[int, int], None]
"""Told how many files are done, and of how many (0: not known yet)."""


class Options(Record):
    """What is checked against what. ``extras``: names with the encodings they may have."""

    spec: str | None = None
    project: str | None = None
    extras: Mapping[str, int] = {}
    cache: bool = True
    jobs: int = 0
    """Worker processes; 0: as many as there are processors."""
    templates: str | None = None
    """A folder of targets beside ours, for regions of theirs."""


class Result(Record):
    """What a check found. ``walked`` counts every file looked at, ``files`` those parsed.

    ``reports`` of files whose parser is not installed say what they lack.
    """

    walked: int
    files: int
    constants: int
    reports: tuple[Report, ...]
    findings: tuple[Finding, ...]


def check(paths: Sequence[str], options: Options, progress: Progress | None = None) -> Result:
    """Check every file below ``paths``.

    A path that does not exist is a finding VMCS902, like every file that can't be read.
    DiagnosticError if the spec is not in order, KeyError for a project that the spec does not
    have.
    """
    state = lexicons.state(options.spec)
    if options.project is not None:
        projects = lexicons.load(options.spec, state).projects
        if options.project not in projects:
            raise KeyError(options.project)
    troubles: list[Trouble] = []
    entries = list(walk(paths, troubles))
    if len(paths) > 1:
        entries = _each_once(entries)
    known = _Known(paths, options, state)
    fresh: list[Entry] = []
    reports: list[Report] = []
    for entry in entries:
        remembered = known.report(entry)
        if remembered is None:
            fresh.append(entry)
        elif not remembered.empty or remembered.parsed:
            reports.append(remembered)
    started = time.time_ns()
    for entry, report in _run(fresh, state, options, progress):
        if report.parsed or not report.empty:
            reports.append(report)
        _, mtime, ctime, _ = entry.stamp
        if settled(mtime, ctime, started) and not report.lacking:
            known.remember(entry, report)
    known.save(entries)
    reports.sort(key=lambda report: report.path)
    unread = [whole_file("VMCS902", path, f"not inspected: {why}") for path, why in troubles]
    return _result(reports, unread, paths, state, options)._replace(walked=len(entries))


def _each_once(entries: Iterable[Entry]) -> list[Entry]:
    """The entries without files that several paths lead to; one that was named stays named."""
    found: dict[str, Entry] = {}
    for entry in entries:
        where = os.path.abspath(entry.path)
        if where not in found or (entry.explicit and not found[where].explicit):
            found[where] = entry
    return list(found.values())


def _result(
    reports: list[Report],
    unread: list[Finding],
    paths: Sequence[str],
    state: str,
    options: Options,
) -> Result:
    """The findings of all reports, and those that take more than one file to see."""
    findings = [finding for report in reports for finding in report.findings]
    findings += unread
    if any(report.maxima for report in reports):
        from vmcsgen.scan.derive import judge

        findings += judge(reports, lexicons.load(options.spec, state))
    marked = [report.path for report in reports if report.marked]
    if marked:
        from pathlib import Path

        from vmcsgen.scan.stale import judge as judge_regions
        from vmcsgen.specfile.load import load

        templates = None if options.templates is None else Path(options.templates)
        findings += judge_regions(marked, paths, load(options.spec), templates)
    if any(fact.kind in ("case", "rung") for report in reports for fact in report.conditions):
        from vmcsgen.scan.existence import judge as judge_existence
        from vmcsgen.specfile.load import load

        facts = [fact for report in reports for fact in report.conditions]
        findings += judge_existence(facts, load(options.spec))
    findings.sort(key=lambda each: (each.path, each.line, each.column, each.rule))
    return Result(
        0,
        sum(report.parsed for report in reports),
        sum(report.constants for report in reports),
        tuple(reports),
        tuple(findings),
    )


def _run(
    entries: Sequence[Entry], state: str, options: Options, progress: Progress | None
) -> Iterator[tuple[Entry, Report]]:
    if not entries:
        return
    jobs = _jobs(options, len(entries))
    if jobs < 2:
        matcher = _matcher(options, state)
        for position, entry in enumerate(entries):
            yield entry, examine(entry, matcher)
            if progress is not None:
                progress(position + 1, len(entries))
        return
    yield from _parallel(entries, options, jobs, progress)


def _jobs(options: Options, files: int) -> int:
    """How many processes are worth their start."""
    if files < PARALLEL_FROM:
        return 1
    from vmcsgen.helpers import processors  # the check of a header does without

    return options.jobs or processors()


def _parallel(
    entries: Sequence[Entry], options: Options, jobs: int, progress: Progress | None
) -> Iterator[tuple[Entry, Report]]:
    """The same in worker processes; only a few chunks are under way at a time."""
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

    chunks = [entries[at : at + _CHUNK] for at in range(0, len(entries), _CHUNK)]
    chunks.reverse()
    done = 0
    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(options,)) as pool:
        under_way: dict[Future[list[tuple[int, Report]]], Sequence[Entry]] = {}
        while chunks or under_way:
            while chunks and len(under_way) < 2 * jobs:
                chunk = chunks.pop()
                under_way[pool.submit(_examine_all, chunk)] = chunk
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                chunk = under_way.pop(future)
                reports = dict(future.result())
                for position, entry in enumerate(chunk):
                    yield entry, reports.get(position) or Report(entry.path)
                done += len(chunk)
                if progress is not None:
                    progress(done, len(entries))


def _start(options: Options) -> None:
    """Make the matcher of a worker process, once."""
    _worker.append(_matcher(options, lexicons.state(options.spec)))


_worker: list[Matcher] = []


def _examine_all(entries: Sequence[Entry]) -> list[tuple[int, Report]]:
    """In a worker: the reports that say something, by position; the others needn't travel."""
    found = ((position, examine(entry, _worker[0])) for position, entry in enumerate(entries))
    return [(position, report) for position, report in found if report.parsed or not report.empty]


def _matcher(options: Options, state: str) -> Matcher:
    from vmcsgen.scan.match import Matcher

    return Matcher(lexicons.load(options.spec, state), options.project, options.extras)


def examine(entry: Entry, matcher: Matcher) -> Report:
    """The report on one file; files of a tree that can't concern the VMCS are not parsed."""
    try:
        content, whole = read(entry.path)
    except OSError as error:
        reason = f"not inspected: {error.strerror or error}"
        return Report(entry.path, findings=(whole_file("VMCS902", entry.path, reason),))
    if not whole:
        return too_large(entry.path) if content or entry.explicit else Report(entry.path)
    if not entry.explicit and not promising(content):
        return Report(entry.path)
    from vmcsgen.scan.inspect import inspect

    return inspect(entry.path, content, matcher)


class _Known:
    """What the last check of the same paths found, by file; worthless once anything changed.

    A file counts as unchanged while size, mtime, ctime and inode are, as in git's index.
    """

    def __init__(self, paths: Sequence[str], options: Options, state: str) -> None:
        self.files: dict[str, list[Any]] = {}
        self.changed = False
        self.subject = ""
        # Of files that were named, again.py keeps the answer itself.
        if state and options.cache and any(map(os.path.isdir, paths)):
            self.subject = repr((
                state, os.getcwd(), sorted(paths), options.project,
                sorted(options.extras.items()), sys.version_info[:2],
            ))  # fmt: skip
            entry = recall("check", self.subject)
            if isinstance(entry, dict):
                self.files = entry

    def report(self, entry: Entry) -> Report | None:
        """The report on a file that is as it was; None if it must be read."""
        found = self.files.get(entry.path)
        try:
            if found is None or tuple(found[0]) != entry.stamp:
                return None
            return from_plain(found[1]) if len(found) > 1 else Report(entry.path)
        except (TypeError, ValueError, LookupError):
            return None

    def remember(self, entry: Entry, report: Report) -> None:
        """Keep the report for the next run."""
        self.changed = True
        kept: list[Any] = [entry.stamp]
        if report.parsed or not report.empty:
            kept.append(to_plain(report))
        self.files[entry.path] = kept

    def save(self, entries: Iterable[Entry]) -> None:
        """Write what is known of ``entries``; files that are gone are forgotten."""
        if self.subject and self.changed:
            present = {entry.path for entry in entries}
            kept = {path: each for path, each in self.files.items() if path in present}
            keep("check", self.subject, kept)
