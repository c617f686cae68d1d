"""Completion for shells: the command line read off its parsers, written as bash, zsh or fish."""
