"""Completion as bash 4 reads it."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.completion.commands import PROGRAM, Command, Kind, Value, single_quoted, walk

_HEAD = """\
_vmcsgen_words()
{
	COMPREPLY=($(compgen -W "$1" -- "$word"))
}

_vmcsgen_paths()
{
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen "$1" -W "${2-}" -- "$word")
}

_vmcsgen()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} index first=2 position=0

	COMPREPLY=()
	# To readline --format=json is three words.
	if [[ $word == "=" ]]; then
		word=
	elif [[ $before == "=" ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if ((COMP_CWORD == 1)); then
		_vmcsgen_words VERBS
		return
	fi
"""

_BELOW = """\
	if [[ $command == VERB ]]; then
		if ((COMP_CWORD == 2)); then
			_vmcsgen_words ACTIONS
			return
		fi
		command="$command ${COMP_WORDS[2]}"
		first=3
	fi
"""


def script(found: tuple[Command, ...], version: str) -> str:
    """The file that bash sources, or that stands in its folder of completions."""
    return "\n".join(_lines(found, version)) + "\n"


def _lines(found: tuple[Command, ...], version: str) -> Iterator[str]:
    every = list(walk(found))
    verbs = [*(each.path[0] for each in found), "--help", "--version"]
    yield f"# Completion of {PROGRAM} {version} for bash. Made by: {PROGRAM} completion bash"
    yield _HEAD.replace("VERBS", _words(verbs)).rstrip("\n")
    for each in found:
        if each.below:
            actions = _words([below.path[-1] for below in each.below])
            yield _BELOW.replace("VERB", each.path[0]).replace("ACTIONS", actions).rstrip("\n")
    yield "\t# What the option before the word takes."
    yield '\tcase "$command:$before" in'
    for each in every:
        for option in each.options:
            if option.value is not None:
                yield f"\t{_patterns(each, option.flags)}) {_offer(option.value)}; return ;;"
    yield "\tesac"
    yield "\tif [[ $word == -* ]]; then"
    yield '\t\tcase "$command" in'
    for each in every:
        flags = [flag for option in each.options for flag in option.flags]
        yield f"\t\t{_path(each)}) _vmcsgen_words {_words(flags)} ;;"
    yield "\t\tesac"
    yield "\t\treturn"
    yield "\tfi"
    yield "\t# How many arguments stand before the word."
    yield "\tfor ((index = first; index < COMP_CWORD; index++)); do"
    yield '\t\tcase "$command:${COMP_WORDS[index]}" in'
    valued = [
        _patterns(each, option.flags)
        for each in every
        for option in each.options
        if option.value is not None
    ]
    yield f"\t\t{' | '.join(valued)})"
    yield "\t\t\t[[ ${COMP_WORDS[index+1]} == '=' ]] && ((index++))"
    yield "\t\t\t((index++)) ;;"
    yield "\t\t*:-*) ;;"
    yield "\t\t*) ((position++)) ;;"
    yield "\t\tesac"
    yield "\tdone"
    yield '\tcase "$command:$position" in'
    for each in every:
        for position, value in enumerate(each.arguments):
            last = position == len(each.arguments) - 1
            which = "*" if last and each.repeats else str(position)
            yield f"\t{_path(each)}:{which}) {_offer(value)} ;;"
    yield "\tesac"
    yield "}"
    yield ""
    yield f"complete -F _vmcsgen {PROGRAM}"


def _path(command: Command) -> str:
    return single_quoted(" ".join(command.path))


def _patterns(command: Command, flags: tuple[str, ...]) -> str:
    return " | ".join(single_quoted(f"{' '.join(command.path)}:{flag}") for flag in flags)


def _words(words: list[str]) -> str:
    return single_quoted(" ".join(words))


def _offer(value: Value) -> str:
    if value.kind is Kind.WORDS:
        return f"_vmcsgen_words {_words(list(value.words))}"
    if value.kind is Kind.FILES and value.words:
        return f"_vmcsgen_paths -f {_words(list(value.words))}"
    return {Kind.FILES: "_vmcsgen_paths -f", Kind.FOLDERS: "_vmcsgen_paths -d"}.get(value.kind, ":")
