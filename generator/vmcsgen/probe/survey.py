"""Several machines asked side by side, each log compared with the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeAlias

from vmcsgen.core.spec import Spec
from vmcsgen.helpers import processors
from vmcsgen.logs.probe_reading import NothingAskedError, parse_log
from vmcsgen.probe.build import Built
from vmcsgen.probe.compare import compare
from vmcsgen.probe.deviations import Explanation
from vmcsgen.probe.emulators import Machine
from vmcsgen.probe.report import Result
from vmcsgen.probe.run import SECONDS, run_probe

Outcome: TypeAlias = tuple[Machine, bytes, Result | NothingAskedError]
"""A machine, its log, and what came of it: a result, or the error that says why there is none."""


def survey(
    spec: Spec,
    built: Built,
    machines: Sequence[Machine],
    explanations: Iterable[Explanation] = (),
    seconds: float = SECONDS,
) -> Iterator[Outcome]:
    """Each machine with its log and its result, in the order given; as many at once as CPUs.

    A machine without VMX yields the error that says so. DiagnosticError for a run that failed.
    Whoever asks for no more, or is interrupted, waits for none that still runs.
    """
    known = tuple(explanations)
    stop = Event()
    with ThreadPoolExecutor(max_workers=max(1, min(len(machines), processors()))) as pool:
        runs = [pool.submit(run_probe, machine, built, seconds, stop) for machine in machines]
        try:
            for machine, run in zip(machines, runs, strict=True):
                raw = run.result()
                try:
                    log = parse_log(raw, str(machine))
                except NothingAskedError as error:
                    yield machine, raw, error
                    continue
                yield machine, raw, Result(str(machine), log, compare(spec, log, known))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
