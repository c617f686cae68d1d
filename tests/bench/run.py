"""Measure, as ratios to something run beside each figure.

    cd tests && python -m bench.run [--write] [NAME ...]

Every figure is the median of several runs, in turns with what it is compared to, so that a busy
machine disturbs both alike. With --write the parts of docs/performance.md that were measured are
replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from bench import page
from bench.growth import bench_growth
from bench.lookup import bench_lookup
from bench.measure import Section
from bench.peers import bench_peers
from bench.starts import bench_check, bench_dumps, bench_gen, bench_start
from trees.cache import root

TREES = root() / "sources"
"""Where tests/trees keeps source trees."""

BENCHES: dict[str, Callable[[], Section]] = {
    "start": bench_start,
    "gen": bench_gen,
    "check": partial(bench_check, TREES),
    "peers": partial(bench_peers, TREES),
    "growth": bench_growth,
    "lookup": bench_lookup,
    "dumps": bench_dumps,
}


def main(arguments: list[str]) -> int:
    """Run the benches named, or all."""
    writing = "--write" in arguments
    names = [name for name in arguments if name != "--write"]
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"unknown: {', '.join(unknown)}; one of: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(page.machine())
    for name in names or BENCHES:
        section = BENCHES[name]()
        if writing:
            page.write(list(BENCHES), {name: section})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
