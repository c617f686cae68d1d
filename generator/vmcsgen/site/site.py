"""What templates are handed as ``site``: made when a template first asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from vmcsgen.core.requirement import names
from vmcsgen.core.spec import Spec
from vmcsgen.records import Record
from vmcsgen.site.manual import Verb

Manual: TypeAlias = Callable[[], tuple[Verb, ...]]
"""Describes the command line; the layer above hands it down."""

SCRIPTS = (
    "model", "encoding", "capabilities", "consistency", "search", "dom", "bits", "detail", "fields",
    "decoder", "readers", "readers-json", "readers-tools", "readers-probe", "readers-text",
    "processor", "map", "controls", "projects", "page",
)  # fmt: skip
"""The page's scripts in the order in which they rely on each other."""


class ControlChoice(Record):
    """A capability group (or CPUID) with those of its controls that fields depend on."""

    title: str
    names: tuple[str, ...]


class Site:
    """Facts beside the view, for targets html and man."""

    def __init__(
        self, spec: Spec, root: Path | str | None = None, manual: Manual | None = None
    ) -> None:
        self.spec = spec
        self._root = root
        self._manual = manual

    @cached_property
    def verbs(self) -> tuple[Verb, ...]:
        """The verbs of the command line; LookupError where nothing describes it."""
        if self._manual is None:
            raise LookupError("it describes the command line: generate it with vmcsgen gen")
        return self._manual()

    @cached_property
    def facts(self) -> Mapping[str, object]:
        """The facts that the page carries."""
        from vmcsgen.site.page import page_facts
        from vmcsgen.specfile.cpus import load_cpus

        return page_facts(self.spec, load_cpus(self.spec, self._root))

    @property
    def facts_json(self) -> str:
        """``facts`` as JSON that can stand in a script element: ASCII, without ``<``."""
        return json.dumps(self.facts, separators=(",", ":")).replace("<", "\\u003c")

    @property
    def script_order(self) -> tuple[str, ...]:
        """File names of the page's scripts."""
        return tuple(f"{name}.js" for name in SCRIPTS)

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that fields have, the SDM's first."""
        found = {field.status for field in self.spec.confirmed}
        return tuple(sorted(found, key=lambda status: (status != "sdm", status)))

    @property
    def control_choices(self) -> tuple[ControlChoice, ...]:
        """The controls that some field's requirement names or presupposes, by group."""
        wanted = {
            name
            for field in self.spec.confirmed
            if field.requires is not None
            for name in self.spec.closure(frozenset(names(field.requires)))
        }
        groups = [
            ControlChoice(
                group.title, tuple(each.name for each in group.controls if each.name in wanted)
            )
            for group in self.spec.groups
        ]
        features = tuple(each.name for each in self.spec.features if each.name in wanted)
        return tuple(
            choice
            for choice in (*groups, ControlChoice("CPUID features", features))
            if choice.names
        )
