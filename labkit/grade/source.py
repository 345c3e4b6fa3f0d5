"""Lines of evidence that can be pointed at: a captured file, a step's output, the kernel log, an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labkit.model.kernel_log import LogRecord
from labkit.model.verdict import ExcerptLine, Mark, Where

CONTEXT = 2  # lines on either side of a marked one
MAX_LINES = 24  # of an excerpt: what a terminal shows without scrolling
MAX_WIDTH = 240

Needle = str | re.Pattern[str] | Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Numbered lines and the file, relative to the run folder, in which a person finds them."""

    path: str
    lines: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def line_of(self, needle: Needle) -> int | None:
        """The number of the first line that holds a text, matches a pattern, or satisfies a function."""
        found = self.lines_of(needle)
        return found[0] if found else None

    def lines_of(self, needle: Needle) -> tuple[int, ...]:
        """The numbers of all such lines."""
        holds = _tester(needle)
        return tuple(number for number, line in self.lines if holds(line))

    def show(
        self,
        *,
        good: Iterable[int | None] = (),
        bad: Iterable[int | None] = (),
        missing: Iterable[str] = (),
    ) -> Where:
        """Point at lines: marked, with two lines of context; then what should be there and is not.

        None among the numbers is skipped, so that line_of() can be handed on unchecked.
        """
        marks = {number: Mark.GOOD for number in good if number is not None}
        marks |= {number: Mark.BAD for number in bad if number is not None}
        shown = self._around(marks)[:MAX_LINES]
        shown += [ExcerptLine(number=None, mark=Mark.MISSING, text=_short(text)) for text in missing]
        first_bad = min((number for number, mark in marks.items() if mark is Mark.BAD), default=None)
        return Where(path=self.path, line=first_bad or min(marks, default=None), excerpt=tuple(shown))

    def _around(self, marks: dict[int, Mark]) -> list[ExcerptLine]:
        at = [index for index, (number, _) in enumerate(self.lines) if number in marks]
        near = sorted({index for middle in at for index in range(middle - CONTEXT, middle + CONTEXT + 1)})
        lines = [self.lines[index] for index in near if 0 <= index < len(self.lines)]
        return [
            ExcerptLine(number=number, mark=marks.get(number, Mark.CONTEXT), text=_short(line))
            for number, line in lines
        ]


def source_of_text(path: str, text: str) -> Source:
    """A file's lines, counted from 1 as an editor does (str.splitlines would also split at form feeds)."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return Source(path=path, lines=tuple(enumerate(lines, start=1)))


def source_of_records(path: str, records: Iterable[LogRecord]) -> Source:
    """Log records as lines, each under its line number in dmesg.jsonl."""
    return Source(path=path, lines=tuple((record.line, record.text) for record in records))


def _tester(needle: Needle) -> Callable[[str], bool]:
    if isinstance(needle, str):
        return lambda line: needle in line
    if isinstance(needle, re.Pattern):
        return lambda line: needle.search(line) is not None
    return needle


def _short(text: str) -> str:
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"
