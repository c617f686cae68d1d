"""Every reader of input from others, as a function of bytes that must neither crash nor hang.

A harness is made once for a folder that it may use, and then looks at one input after the other.
It returns for any bytes: what a reader refuses, it refuses with a DiagnosticError whose text is
fit for a terminal. Anything else that is raised is a find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import of_logs
import of_processors
import of_sources
import of_specs
import of_trees
from common import Look

CORPUS = Path(__file__).resolve().parent / "corpus"


class Harness(NamedTuple):
    """How a harness is made, and what it begins with beside its corpus."""

    make: Callable[[Path], Look]
    seeds: Callable[[], Iterable[bytes]]


HARNESSES = {
    "spec": Harness(of_specs.whole, of_specs.whole_seeds),
    "spec-file": Harness(of_specs.file, of_specs.file_seeds),
    "manifest": Harness(of_specs.manifest, of_specs.manifest_seeds),
    **{
        f"caps-{name}": Harness(of_processors.reader(name), of_processors.seeds(name))
        for name in of_processors.READERS
    },
    **{
        f"check-{language}": Harness(of_sources.language(name), of_sources.seeds(name))
        for language, name in of_sources.LANGUAGES.items()
    },
    "check-settings": Harness(of_sources.settings, of_sources.settings_seeds),
    "check-baseline": Harness(of_sources.baseline, of_sources.baseline_seeds),
    "regions": Harness(of_trees.regions, of_trees.region_seeds),
    "gen-tree": Harness(of_trees.tree, of_trees.region_seeds),
    "adopt": Harness(of_trees.adopt, of_trees.adopt_seeds),
    "hunks": Harness(of_trees.hunk, of_trees.hunk_seeds),
    "probe-log": Harness(of_logs.probe, of_logs.probe_seeds),
    "probe-lines": Harness(of_logs.probe_lines, of_logs.probe_line_seeds),
    "annotate": Harness(of_logs.annotated, of_logs.annotate_seeds),
}
"""Name -> harness; the corpus of each is the folder of its name."""


def corpus(name: str) -> list[bytes]:
    """The kept inputs of a harness: those that reach what its seeds do not, and old finds."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
