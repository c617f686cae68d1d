"""Work that helper processes share: each takes the next piece, and what none delivers is done here.

A helper is a fork of this process, so it has everything that was loaded before and nothing has to
be sent to it. It changes nothing but its own memory and the cache, so losing one costs time only.
Work that may crash is done ``apart``: in one helper, and never here.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TextIO, TypeVar

_Made = TypeVar("_Made")

PIECES_LIMIT = 256
"""A piece is claimed by its number, one byte in a pipe."""

_HELPERS = 3
"""More of them would mostly make the same parts of a view once more."""


def spread(work: Callable[[int], _Made], weights: Sequence[int]) -> list[_Made]:
    """``work(0)``, ``work(1)``, ..., JSON values, made by this process and its helpers.

    ``weights`` has a number for each piece: what weighs most is begun first. The exception is that
    of the first piece that fails, as if all were done in their order; a piece that failed elsewhere
    is done here again.
    """
    done: dict[int, _Made] = {}
    count = len(weights)
    helpers = min(processors() - 1, _HELPERS, count - 1)
    if helpers > 0 and count <= PIECES_LIMIT and alone():
        done = _shared(work, weights, helpers)
    return [done[piece] if piece in done else work(piece) for piece in range(count)]


class LostError(Exception):
    """The process that did work apart ended in the middle of it."""

    def __init__(self, made: int, signal_name: str) -> None:
        super().__init__(made, signal_name)
        self.made = made
        """How many answers came before."""
        self.signal = signal_name
        """What ended it; empty if no signal did."""


def apart(work: Callable[[], Iterable[_Made]]) -> list[_Made]:
    """What ``work()`` yields, JSON values, made by one helper; LostError if that is lost.

    OSError if there is no process to be had.
    """

    def answer(stream: TextIO) -> None:
        for made in work():
            stream.write(f"{json.dumps(made)}\n")
            stream.flush()

    process, answers = _forked(answer)
    try:
        with open(answers, encoding="utf-8") as stream:
            lines = [line for line in stream if line.endswith("\n")]
    except BaseException:
        os.kill(process, signal.SIGKILL)
        raise
    finally:
        status = os.waitpid(process, 0)[1]
    if status:
        ended_by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else ""
        raise LostError(len(lines), ended_by)
    return [json.loads(line) for line in lines]


def processors() -> int:
    """How many processors this process may use; all of them where the system doesn't tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def alone() -> bool:
    """Whether this process can fork: another thread might hold a lock that nobody would release."""
    import threading

    return hasattr(os, "fork") and threading.active_count() == 1


def _shared(work: Callable[[int], _Made], weights: Sequence[int], helpers: int) -> dict[int, _Made]:
    """What was made, by piece; all but those that failed."""
    order = sorted(range(len(weights)), key=lambda piece: weights[piece], reverse=True)
    claims, numbers = os.pipe()
    os.write(numbers, bytes(order))
    os.close(numbers)
    running: list[tuple[int, int]] = []
    try:
        with suppress(OSError):  # no process to be had: those that there are do the work
            for _ in range(helpers):
                running.append(_helper(work, claims))
        done = _pieces(work, claims)
        for _, answers in running:
            done.update(_answer(answers))
    finally:
        os.close(claims)
        for process, answers in running:
            os.close(answers)
            os.kill(process, signal.SIGKILL)  # it has answered, or nobody waits for it any more
            os.waitpid(process, 0)
    return done


def _pieces(work: Callable[[int], _Made], claims: int) -> dict[int, _Made]:
    """Claim pieces and do them until none is left, or one fails."""
    done: dict[int, _Made] = {}
    while claimed := os.read(claims, 1):
        try:
            done[claimed[0]] = work(claimed[0])
        except Exception:
            break  # done once more in its turn, where it may raise
    return done


def _helper(work: Callable[[int], _Made], claims: int) -> tuple[int, int]:
    """A new helper's process, and where to read its answer."""
    return _forked(lambda stream: json.dump(list(_pieces(work, claims).items()), stream))


def _forked(answer: Callable[[TextIO], None]) -> tuple[int, int]:
    """A fork of this process that writes an answer and ends, and where to read it."""
    answers, written = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(answers)
        os.close(written)
        raise
    if process:
        os.close(written)
        return process, answers
    status = 1
    try:
        os.close(answers)
        with open(written, "w", encoding="utf-8") as stream:
            answer(stream)
        status = 0
    finally:
        # Whatever happened: nothing of the process that this is a copy of may go on.
        os._exit(status)


def _answer(answers: int) -> dict[int, Any]:
    """What a helper made; nothing if it was lost on the way."""
    with open(answers, encoding="utf-8", closefd=False) as stream:
        text = stream.read()
    try:
        return {int(piece): made for piece, made in json.loads(text)}
    except ValueError:
        return {}
