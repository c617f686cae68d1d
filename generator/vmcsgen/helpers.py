"""Work that helper processes share: each takes the next piece, and what none delivers is done here.

A helper is a fork of this process, so it has everything that was loaded before and nothing has to
be sent to it. It changes nothing but its own memory and the cache, so losing one costs time only.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

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
    helpers = min(_processors() - 1, _HELPERS, count - 1)
    if helpers > 0 and count <= PIECES_LIMIT and _alone():
        done = _shared(work, weights, helpers)
    return [done[piece] if piece in done else work(piece) for piece in range(count)]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _alone() -> bool:
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
    answers, answer = os.pipe()
    process = os.fork()
    if process:
        os.close(answer)
        return process, answers
    try:
        os.close(answers)
        done = _pieces(work, claims)
        with open(answer, "w", encoding="utf-8") as stream:
            json.dump(list(done.items()), stream)
    finally:
        os._exit(0)  # whatever happened: nothing of the process that this is a copy of may go on


def _answer(answers: int) -> dict[int, Any]:
    """What a helper made; nothing if it was lost on the way."""
    with open(answers, encoding="utf-8", closefd=False) as stream:
        text = stream.read()
    try:
        return {int(piece): made for piece, made in json.loads(text)}
    except ValueError:
        return {}
