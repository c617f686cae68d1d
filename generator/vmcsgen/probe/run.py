"""Run a probe on an emulated machine, in a folder of its own, and bring back its log."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, printable
from vmcsgen.logs import probe_protocol
from vmcsgen.probe import process
from vmcsgen.probe.build import Built
from vmcsgen.probe.emulators import EMULATORS, Machine, missing, write_files
from vmcsgen.probe.process import Finished

SECONDS = 60.0
"""Time limit of one run; a run takes about a second."""

_ATTEMPTS = 3


class CutShortError(DiagnosticError):
    """The emulator ended before the probe did; ``log`` is what came until then."""

    def __init__(self, diagnostics: Iterable[Diagnostic], log: bytes) -> None:
        super().__init__(diagnostics)
        self.log = log


_NO_PORT = b"RFB could not bind any port"
"""Bochs gives up when another Bochs takes its display's port at the wrong instant."""


def run_probe(
    machine: Machine, built: Built, seconds: float = SECONDS, stop: Event | None = None
) -> bytes:
    """The log of one run, the line about the emulator in front.

    DiagnosticError if the emulator is missing; CutShortError if it ended before the probe did:
    killed, out of time, or in a panic of its own. StoppedError once ``stop`` is set.
    """
    emulator = EMULATORS[machine.emulator]
    version = emulator.version()
    recipe = emulator.recipe(machine, built)
    host = probe_protocol.framed(
        (probe_protocol.HOST, machine.emulator, version, machine.model, *machine.settings)
    )
    for attempt in range(_ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix="vmcsgen-probe-") as name:
            folder = Path(name)
            write_files(folder, recipe.files)
            try:
                finished = process.run(recipe.command, folder, seconds, stop)
            except FileNotFoundError:
                raise missing(emulator) from None
            log, serial, said = (_content(folder / each) for each in (*recipe.logs, "stderr"))
        if _NO_PORT not in said or attempt == _ATTEMPTS - 1:
            break
    log = host.encode() + b"\r\n" + (log if b"@vmcs" in log else serial)
    if not _complete(log, str(machine)):
        raise CutShortError(_cut_short(machine, finished, log, said), log)
    return log


def _content(path: Path) -> bytes:
    """A file of the run's folder, empty where the emulator made none."""
    try:
        with path.open("rb") as stream:
            return stream.read(probe_protocol.LOG_LIMIT)
    except OSError:
        return b""


def _complete(log: bytes, name: str) -> bool:
    try:
        probe_protocol.lines(log, name)
    except DiagnosticError:
        return False
    return True


def _cut_short(machine: Machine, finished: Finished, log: bytes, said: bytes) -> list[Diagnostic]:
    """What is known when the probe's end line is missing: how the emulator ended, what it said."""
    where = Location(str(machine))
    found = [
        Diagnostic(
            Severity.ERROR,
            "PROBE004",
            f"the emulator {finished} before the probe had ended",
            where,
            f"it said: {_last_words(said)}" if said.strip() else "",
        )
    ]
    try:
        probe_protocol.lines(log, str(machine))
    except DiagnosticError as error:
        found += error.diagnostics
    return found


def _last_words(said: bytes) -> str:
    """The last lines of an emulator's own messages that say something."""
    lines = said.decode("utf-8", "replace").splitlines()
    spoken = [line.strip() for line in lines if line.strip(" =\t-")]
    return printable(" | ".join(spoken[-3:]))[-400:]
