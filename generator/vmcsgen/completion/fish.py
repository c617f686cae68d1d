"""Completion as fish reads it, with what each option does."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.completion.commands import PROGRAM, Command, Kind, Option, Value, walk

_HEAD = """\
# Whether the verbs so far are these.
function __vmcsgen_at
    set -l words (commandline -opc)
    set -e words[1]
    for each in $argv
        test "$words[1]" = "$each"; or return 1
        set -e words[1]
    end
end

# Whether these verbs are all that stands there.
function __vmcsgen_just
    test (count (commandline -opc)) -eq (math 1 + (count $argv)); and __vmcsgen_at $argv
end

complete -c vmcsgen -f
"""


def script(found: tuple[Command, ...], version: str) -> str:
    """The file that fish sources, or that stands in its folder of completions."""
    return "\n".join(_lines(found, version)) + "\n"


def _lines(found: tuple[Command, ...], version: str) -> Iterator[str]:
    yield f"# Completion of {PROGRAM} {version} for fish. Made by: {PROGRAM} completion fish"
    yield _HEAD.rstrip("\n")
    yield from _choose((), found)
    for each in walk(found):
        at = _quoted(" ".join(("__vmcsgen_at", *each.path)))
        yield from _choose(each.path, each.below)
        for option in each.options:
            yield f"complete -c {PROGRAM} -n {at} {_option(option)}"
        for value in each.arguments:
            yield f"complete -c {PROGRAM} -n {at} {_value(value)}"


def _choose(path: tuple[str, ...], found: tuple[Command, ...]) -> Iterator[str]:
    at = _quoted(" ".join(("__vmcsgen_just", *path)))
    for each in found:
        yield f"complete -c {PROGRAM} -n {at} -a {each.path[-1]} -d {_quoted(each.summary)}"


def _option(option: Option) -> str:
    parts = [
        f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
    ]
    if option.help:
        parts.append(f"-d {_quoted(option.help)}")
    if option.value is not None:
        parts.append(f"-r {_value(option.value)}")
    return " ".join(parts)


def _value(value: Value) -> str:
    if value.kind is Kind.WORDS:
        return f"-f -a {_quoted(' '.join(value.words))}"
    if value.kind is Kind.FILES and value.words:
        return f"-F -a {_quoted(' '.join(value.words))}"
    return {Kind.FILES: "-F", Kind.FOLDERS: "-f -a '(__fish_complete_directories)'"}.get(
        value.kind, "-f"
    )


def _quoted(text: str) -> str:
    """``text`` as one word of fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
