"""vmcsgen.toml, or [tool.vmcsgen.check] of pyproject.toml: what a tree says about its check."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module

from vmcsgen.excerpt import did_you_mean
from vmcsgen.records import Record
from vmcsgen.resources import read_regular
from vmcsgen.scan.again import settings_above
from vmcsgen.scan.findings import RULES, Finding

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

_SIZE_LIMIT = 1 << 20


class ConfigError(Exception):
    """A configuration that can't be used; the text begins with its path."""


class Ignore(Record):
    """Findings a tree accepts: of a rule, in files (a glob, from the tree's top), of a name."""

    rule: str
    path: str
    name: str
    reason: str

    def covers(self, finding: Finding, top: str) -> bool:
        """Whether it accepts ``finding``; ``top`` is the folder of the configuration."""
        return (
            finding.rule == self.rule
            and (not self.name or finding.name == self.name)
            and (not self.path or fnmatchcase(_below(finding.path, top), self.path))
        )


class Config(Record):
    """The settings of a tree; paths are as the caller can open them."""

    path: str = ""
    top: str = "."
    paths: tuple[str, ...] = ()
    project: str | None = None
    ignores: tuple[Ignore, ...] = ()
    extras: Mapping[str, int] = {}


def find(paths: Sequence[str]) -> Config:
    """The configuration nearest to the first of ``paths`` (or the working directory).

    Looked for in that folder and its parents, up to the top of a repository. ConfigError if one
    is there but can't be used.
    """
    for path in settings_above(paths[0] if paths else os.curdir):
        settings = _settings(path)
        if settings is not None:
            return _config(path, settings)
    return Config()


def _settings(path: str) -> Mapping[str, Any] | None:
    try:
        raw = read_regular(path, _SIZE_LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from None
    shared = os.path.basename(path) == "pyproject.toml"
    if shared and b"vmcsgen" not in raw:
        return None
    # Python 3.10 has no tomllib; black brings tomli, the same thing, there.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        whole = toml.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    if not shared:
        _known_keys(path, whole, ("check",))
        return _table(path, whole, "check")
    tool = whole.get("tool")
    ours = tool.get("vmcsgen") if isinstance(tool, dict) else None
    if not isinstance(ours, dict):
        return None
    _known_keys(path, ours, ("check",))
    return _table(path, ours, "check")


def _table(path: str, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = parent.get(key, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {key} must be a table")
    return found


def _config(path: str, settings: Mapping[str, Any]) -> Config:
    top = os.path.relpath(os.path.dirname(path))
    _known_keys(path, settings, ("paths", "project", "ignore", "extra"))
    paths = _list(path, settings, "paths", str)
    project = settings.get("project")
    if project is not None and not isinstance(project, str):
        raise ConfigError(f"{path}: project must be the id of a project, such as linux")
    ignores = []
    for entry in _list(path, settings, "ignore", dict):
        _known_keys(path, entry, ("rule", "path", "name", "reason"))
        rule = _text(path, entry, "rule")
        if rule not in RULES:
            raise ConfigError(f"{path}: ignore: there is no rule {rule!r}{_close(rule, RULES)}")
        _text(path, entry, "reason")
        ignores.append(
            Ignore(rule, str(entry.get("path", "")), str(entry.get("name", "")), entry["reason"])
        )
    extras = {}
    for entry in _list(path, settings, "extra", dict):
        _known_keys(path, entry, ("name", "encoding", "reason"))
        _text(path, entry, "reason")
        encoding = entry.get("encoding")
        if not isinstance(encoding, int) or isinstance(encoding, bool) or encoding >> 32:
            raise ConfigError(f"{path}: extra: encoding must be a number of 32 bits, as 0x2054")
        extras[_text(path, entry, "name")] = encoding
    return Config(
        path, top, tuple(os.path.join(top, each) if top != "." else each for each in paths),
        project, tuple(ignores), extras,
    )  # fmt: skip


def _list(path: str, settings: Mapping[str, Any], key: str, kind: type) -> list[Any]:
    found = settings.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        what = "a list of paths" if kind is str else f"tables, [[check.{key}]]"
        raise ConfigError(f"{path}: {key} must be {what}")
    return found


def _text(path: str, entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    if not isinstance(found, str) or not found.strip():
        raise ConfigError(f"{path}: every ignore and extra needs a {key}, as text")
    return found


def _known_keys(path: str, found: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(f"{path}: unknown key {key!r}{_close(key, known)}")


def _close(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    return f"; {did_you_mean(word, known)}"


def _below(path: str, top: str) -> str:
    """``path`` as the configuration's folder sees it."""
    return os.path.relpath(path, top).replace(os.sep, "/")
