"""Arguments as they mostly are, read without argparse, which costs a third of a bare start.

A verb declares its arguments once, to a parser of ``arguments`` or to ``PlainArguments``, which
knows the same ``add_argument``. Whatever is not plain (an abbreviated option, ``--name=value``,
help, a mistake) is left to argparse, so its errors and its help are the only ones there are.
"""

from __future__ import annotations

from types import SimpleNamespace

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

_FEWEST_AND_MANY = {None: (1, False), "?": (0, False), "*": (0, True), "+": (1, True)}
"""``nargs`` of a positional argument -> how many it wants at least, and whether it is a list."""


class NotPlain(Exception):
    """These arguments are for argparse."""


class _Declared:
    """One argument, with the settings of ``add_argument`` that decide what is read."""

    def __init__(self, dest: str, settings: dict[str, Any]) -> None:
        self.dest = dest
        self.nargs: str | None = settings.get("nargs")
        self.action: str | None = settings.get("action")
        self.required: bool = settings.get("required", False)
        self.convert: Callable[[str], object] = settings.get("type", str)
        self.choices: Sequence[object] | None = settings.get("choices")
        flag = self.action == "store_true"
        self.default: object = False if flag else settings.get("default")

    def value(self, text: str) -> object:
        if text[:1] == "-" and text != "-":
            raise NotPlain
        try:
            value = self.convert(text)
        except Exception:
            raise NotPlain from None
        if self.choices is not None and value not in self.choices:
            raise NotPlain
        return value


class PlainArguments:
    """What a verb's ``configure`` declares, and ``read`` to read a command line by it."""

    def __init__(self) -> None:
        self._options: dict[str, _Declared] = {}
        self._positionals: list[_Declared] = []

    def add_argument(self, *names: str, **settings: Any) -> None:
        """Declare an argument, as to argparse."""
        if names[0][:1] != "-":
            self._positionals.append(_Declared(names[0], settings))
            return
        long = next((name for name in names if name[:2] == "--"), names[0])
        declared = _Declared(settings.get("dest") or long.lstrip("-").replace("-", "_"), settings)
        self._options.update(dict.fromkeys(names, declared))

    def add_subparsers(self, **_settings: Any) -> NoReturn:
        """Verbs within a verb are argparse's."""
        raise NotPlain

    def read(self, arguments: Sequence[str]) -> SimpleNamespace:
        """What argparse would read; NotPlain where that takes argparse to tell."""
        found = {each.dest: each.default for each in (*self._options.values(), *self._positionals)}
        given: set[str] = set()
        plain: list[str] = []
        last = -1  # where the last positional argument stood: argparse wants them side by side
        waiting = iter(enumerate(arguments))
        for position, text in waiting:
            declared = self._options.get(text)
            if declared is None:
                if plain and last != position - 1:
                    raise NotPlain
                plain.append(text)
                last = position
                continue
            given.add(declared.dest)
            if declared.action == "store_true":
                found[declared.dest] = True
                continue
            _, following = next(waiting, (0, "--"))
            value = declared.value(following)
            if declared.action == "append":
                so_far: Any = found[declared.dest]
                value = [*so_far, value]
            found[declared.dest] = value
        if any(each.required and each.dest not in given for each in self._options.values()):
            raise NotPlain
        found.update(self._placed(plain))
        return SimpleNamespace(**found)

    def _placed(self, plain: list[str]) -> dict[str, object]:
        """The positional arguments; only the last may take fewer or more than one."""
        found: dict[str, object] = {}
        rest = list(plain)
        for position, declared in enumerate(self._positionals):
            fewest, many = _FEWEST_AND_MANY[declared.nargs]
            taken = rest if many else rest[:1]
            is_last = position == len(self._positionals) - 1
            if len(taken) < fewest or (declared.nargs is not None and not is_last):
                raise NotPlain
            rest = rest[len(taken) :]
            values = [declared.value(text) for text in taken]
            if many:
                found[declared.dest] = values
            elif values:
                found[declared.dest] = values[0]
        if rest:
            raise NotPlain
        return found
