"""What hatchling runs to build a wheel: puts share/ready.json in (vmcsgen/targets/prepare.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReadyHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable install is a checkout, whose bytes change: it gets nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Work the answers out from the sources that the wheel is made of."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "generator")))
        from vmcsgen.targets.prepare import make

        self._folder = TemporaryDirectory()
        path = Path(self._folder.name, "ready.json")
        path.write_bytes(make())
        build_data["force_include"][str(path)] = "vmcsgen/share/ready.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        if version != "editable":
            self._folder.cleanup()
