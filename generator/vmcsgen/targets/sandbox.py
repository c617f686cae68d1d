"""Templates of strangers: Jinja's sandbox, bounds on time and memory, no way out of a folder.

What no exception can end, a single step of a library in C that takes for ever or crashes, ends
with the process that it runs in (``helpers.apart``), for which the kernel keeps the time.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

SECONDS = 60
"""Processor time that one output may take; our own slowest takes two."""

MEMORY = 1 << 30
"""Bytes that it may take beside what the process has."""

NUMBER_BITS = 1 << 16
"""Size of the numbers that a template may compute: a power is one step that nothing interrupts."""

_DIGITS = 30
"""Places that the filter ``round`` takes, for the same reason."""


_GRACE = 2
"""Seconds more for a process as a whole."""

_AGAIN = 0.5
"""Seconds after which a template that went on is told again."""


class TooSlowError(BaseException):
    """A template took more processor time than it may. Jinja's tests swallow each Exception."""


def environment_class() -> type[jinja2.Environment]:
    """Jinja's immutable sandbox, without arithmetic on numbers that grow without end."""
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if isinstance(left, int) and isinstance(right, int):
                bits = right if operator == "**" else 1
                if left.bit_length() * bits + right.bit_length() > NUMBER_BITS:
                    raise SecurityError("this number would be too large")
            return super().call_binop(context, operator, left, right)

    return Environment


def bounded_round(filters: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Jinja's filter ``round`` for as many places as a number can have."""
    plain = filters["round"]

    def rounded(value: float, precision: int = 0, method: str = "common") -> Any:
        if not -_DIGITS <= precision <= _DIGITS:
            raise ValueError(f"round takes {_DIGITS} places at most")
        return plain(value, precision, method)

    return rounded


def inside(folder: Path, name: str) -> Path:
    """The file ``name`` of a target's folder; LookupError if there is none, or it leads out."""
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(os.path.realpath(folder)) or not path.is_file():
        raise LookupError(f"there is no file {name!r} in the target's folder")
    return path


@contextlib.contextmanager
def bounds() -> Iterator[None]:
    """Within this, TooSlowError and MemoryError end what takes too much.

    Time is bounded in the main thread only: elsewhere Python takes no signals.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _address_space() + MEMORY
    if soft == resource.RLIM_INFINITY or limit < soft:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    timed = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGVTALRM, _too_slow) if timed else None
    try:
        if timed:
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, _AGAIN)
        yield
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def bound_process() -> None:
    """Let the kernel end this process if its next output takes more time than ``bounds`` gives."""
    used = sum(os.times()[:2])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    limit = math.ceil(used + SECONDS + _GRACE)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def told_of_loss(ended_by: str) -> str:
    """What is wrong with a template whose process was ended by this signal."""
    if ended_by == "SIGXCPU":
        return f"took more than {SECONDS} seconds of processor time in one step; let it do less"
    return f"crashed what makes it ({ended_by or 'no answer'}); let it nest less deep, or do less"


def _too_slow(_number: int, _frame: object) -> None:
    raise TooSlowError(f"took more than {SECONDS} seconds of processor time")


def _address_space() -> int:
    """Bytes of address space that this process has (proc(5): the first number of statm)."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[0]
    return int(pages) * resource.getpagesize()
