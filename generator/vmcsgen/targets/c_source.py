"""As much of C as it takes to find names in a header: comments, strings, braces."""

from __future__ import annotations

import re

# What is not closed ends with the line or the text, so that no hostile file is searched twice.
_COMMENT_OR_STRING = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|\"(?:\\(?:.|\Z)|[^\"\\\n])*(?:\"|(?=\n)|\Z)"
    r"|'(?:\\(?:.|\Z)|[^'\\\n])*(?:'|(?=\n)|\Z)",
    re.DOTALL,
)
_BRACE = re.compile(r"[{}]")


def without_comments(text: str) -> str:
    """C source with blanks for comments and strings, of the same length; lines stay lines."""
    return _COMMENT_OR_STRING.sub(lambda found: re.sub(r"[^\n\r]", " ", found[0]), text)


def closing_brace(text: str, start: int) -> int:
    """Where the brace closes that was opened just before ``start``; the text's end if never."""
    depth = 1
    for found in _BRACE.finditer(text, start):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return found.start()
    return len(text)
