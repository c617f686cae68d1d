"""What a wheel brings, made when it is built: the answers that ``vmcsgen.ready`` recalls."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from vmcsgen import cache, ready
from vmcsgen.resources import template_root
from vmcsgen.specfile import cpus, load, stamp
from vmcsgen.targets import choice, manifest, render


def make() -> bytes:
    """The bytes of ``share/ready.json``; DiagnosticError if the spec or a target is wrong."""
    spec = load.load(cache=False)
    answers: dict[str, Any] = {
        "spec": stamp.to_entry(spec),
        f"cpus {spec.digest}": cpus.to_entry(cpus.load_cpus(spec, cache=False)),
    }
    with ready.nothing(), _new_cache() as folder:
        for name in choice.target_names():
            answers[f"target {name}"] = manifest.checked(name, template_root() / name)
            target = manifest.load_target(name)
            if any(output.language == "python" for output in target.outputs):
                render.render(spec, target)
        for name in sorted(os.listdir(folder)):
            if name.startswith(render.FORMATTED):
                answers[name] = cache.read_entry(name)
    return json.dumps({"of": ready.digest(), "answers": answers}, separators=(",", ":")).encode()


@contextmanager
def _new_cache() -> Iterator[str]:
    """An empty cache, and its folder."""
    chosen = os.environ.get("VMCSGEN_CACHE")
    with TemporaryDirectory() as folder:
        os.environ["VMCSGEN_CACHE"] = folder
        try:
            yield folder
        finally:
            del os.environ["VMCSGEN_CACHE"]
            if chosen is not None:
                os.environ["VMCSGEN_CACHE"] = chosen
