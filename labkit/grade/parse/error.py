"""What a parser says when a text is not of its format."""

from __future__ import annotations


class ParseError(ValueError):
    """`line` counts from 1; the message names the format, the line and what was found."""

    def __init__(self, form: str, line: int, found: str) -> None:
        shown = found if len(found) <= 80 else found[:79] + "…"
        super().__init__(f"{form}, line {line}: found {shown!r}")
        self.form = form
        self.line = line
        self.found = found
