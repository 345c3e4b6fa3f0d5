"""`hist` files of tracefs: the tables that hist triggers keep (Documentation/trace/histogram.rst).

# trigger info: hist:keys=common_pid.execname,order:vals=hitcount:sort=hitcount:size=2048 [active]
{ common_pid: python3         [       390], order:          2 } hitcount:        267
Totals:
    Hits: 123413
    Entries: 33
    Dropped: 0

Linux kernel/trace/trace_events_hist.c hist_trigger_print_key(), hist_trigger_entry_print(). A row is read
by the modifiers of its trigger's keys, so that what a process is called cannot be taken for anything else.
`Dropped` counts hits that found the table full; Hits is without them.

`.execname` names a process as it was called at its first hit: one that forked from a shell and executed
something else stays `sh`. To count a program's own, go by its pid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError

_START = "# event histogram\n#\n# trigger info: "
_INFO = re.compile(r"(hist:keys=([\w.,=-]+):.*) \[(active|paused)\]\n#\n\n")
_TOTALS = re.compile(r"\nTotals:\n    Hits: (\d+)\n    Entries: (\d+)\n    Dropped: (\d+)\n\n*")
_VALUES = r" \}(?P<values>(?: +\w+: +\d+)+)\n"
# What a key looks like, by its modifier: widths are the kernel's own, (?P<n>) is a number and (?P<t>) a text.
_FORMS = {
    "hex": r"(?P<n>[0-9a-f]+)",
    "sym": r"\[(?P<n>[0-9a-f]+)\] (?P<t>.{45,}?)",
    "sym-offset": r"\[(?P<n>[0-9a-f]+)\] (?P<t>.{55,}?)",
    "execname": r"(?P<t>[\s\S]{16})\[ *(?P<n>\d+)\]",
    "syscall": r"(?P<t>.{30,}?)\[ *(?P<n>\d+)\]",
    "log2": r"(?P<t>~ 2\^(?P<n>\d+)) *",
    "buckets": r"(?P<t>~ (?P<n>\d+)-\d+)",
    "stacktrace": r"\n(?P<t>(?: {9}.*\n)*)",
    "": r" *(?P<n>-?\d+)|(?P<t>.{50,}?)",
}
_BASE = {"hex": 16, "sym": 16, "sym-offset": 16}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistKey:
    """One key of a row. `number` is a pid, an address, a bucket's lower end (log2: power); None for text.

    `text` is the name of the process, function or system call, of a stack its lines; a plain number as it
    stands.
    """

    number: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistRow:
    """`keys` by the names that the trigger gave them without a modifier, `values` by theirs."""

    keys: Mapping[str, HistKey]
    values: Mapping[str, int]

    @property
    def hits(self) -> int:
        return self.values["hitcount"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """The table of one trigger. `hits` are those counted, `dropped` those that found no room in it."""

    trigger: str
    active: bool
    rows: tuple[HistRow, ...]
    hits: int
    dropped: int


def parse_hist(text: str) -> tuple[Histogram, ...]:
    """One histogram a trigger, in the order of the file. Values other than whole numbers are refused."""
    found: list[Histogram] = []
    at = 0
    while at < len(text):
        histogram, at = _histogram(text, at)
        found.append(histogram)
    return tuple(found)


def _histogram(text: str, at: int) -> tuple[Histogram, int]:
    info = _INFO.match(text, at + len(_START)) if text.startswith(_START, at) else None
    if info is None:
        raise _complaint(text, at)
    rows, at = _rows(text, info.end(), info[2].split(","))
    totals = _TOTALS.match(text, at)
    if totals is None or int(totals[2]) != len(rows):
        raise _complaint(text, at)
    made = Histogram(
        trigger=info[1],
        active=info[3] == "active",
        rows=rows,
        hits=int(totals[1]),
        dropped=int(totals[3]),
    )
    return made, totals.end()


def _rows(text: str, at: int, keys: list[str]) -> tuple[tuple[HistRow, ...], int]:
    form = _row_form(keys)
    rows: list[HistRow] = []
    while (found := form.match(text, at)) is not None:
        values = dict(pair.split(": ") for pair in re.findall(r"\w+: +\d+", found["values"]))
        rows.append(
            HistRow(
                keys=dict(_keys(keys, found)), values={name: int(count) for name, count in values.items()}
            )
        )
        at = found.end()
    return tuple(rows), at


def _row_form(keys: list[str]) -> re.Pattern[str]:
    """The row of a trigger with these keys; groups n0, t0, n1, …"""
    forms = []
    for at, key in enumerate(keys):
        name, modifier = _halves(key)
        form = _FORMS.get(modifier, _FORMS[""]).replace("?P<n>", f"?P<n{at}>").replace("?P<t>", f"?P<t{at}>")
        blank = "" if modifier == "stacktrace" else " "
        shown = "(?:common_)?cpu" if name == "common_cpu" else name  # a row says just cpu
        forms.append(rf"{shown}:{blank}(?:{form})")
    multiline = any(_halves(key)[1] == "stacktrace" for key in keys)
    values = _VALUES.removeprefix(" ") if multiline else _VALUES
    return re.compile(r"\{ " + ", ".join(forms) + values)


def _keys(keys: list[str], found: re.Match[str]) -> Iterator[tuple[str, HistKey]]:
    groups = found.groupdict()
    for at, key in enumerate(keys):
        name, modifier = _halves(key)
        number, text = groups.get(f"n{at}"), groups.get(f"t{at}")
        shown = number if text is None else _lines(text) if modifier == "stacktrace" else text.strip(" ")
        value = None if number is None else int(number, _BASE.get(modifier, 10))
        yield name, HistKey(number=value, text=shown or "")


def _halves(key: str) -> tuple[str, str]:
    """A key's name and modifier: of a stack v6.1 says `stacktrace`, v6.12 `common_stacktrace`."""
    if key in ("stacktrace", "common_stacktrace"):
        return key, "stacktrace"
    name, _, modifier = key.partition(".")
    return name, modifier.partition("=")[0]


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def _complaint(text: str, at: int) -> ParseError:
    return ParseError("hist", text.count("\n", 0, at) + 1, text[at:].split("\n", 1)[0])
