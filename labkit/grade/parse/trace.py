"""The `trace` file of tracefs: events in the order of their time, and how many of them were lost.

# entries-in-buffer/entries-written: 507967/974029   #P:2
         python3-390     [001] .....   132.269959: mm_page_alloc: page=000000001f93a97b pfn=0x68da order=0 …
         python3-390     [001] d....   132.270249: page_fault_user: address=0x7f5e78ff6010 ip=0x5ca4b9 …

Linux kernel/trace/trace_output.c trace_print_context(), trace.c print_event_info(). Events of the kmem,
vmscan, exceptions, oom, compaction and migrate groups say `key=value`; a value may hold blanks and end in a
comma. A few say what they like (mm_shrink_slab_start, tlb_flush): Event.text has it. What a tracer
(function, function_graph) prints is no event and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labkit.grade.parse.error import ParseError
from labkit.grade.parse.lines import kernel_lines

# The name is padded to 16 and is at most 15 long, so it cannot move what follows: a name that looks like
# the rest of a line stays a name. One with a newline breaks its line, and is refused.
_EVENT = re.compile(
    r"(?P<comm>.{16})-(?P<pid>\d+) +(?:\( *(?:\d+|-+)\) )?\[(?P<cpu>\d{3,})\] (?P<flags>\S{4,5}) +"
    r"(?P<seconds>\d+)\.(?P<micros>\d{6}): (?P<name>\w+): (?P<text>.*)"
)
_WRITTEN = re.compile(r"# entries-in-buffer/entries-written: (\d+)/(\d+) +#P:(\d+)")
_STARTED = re.compile(r"##### CPU \d+ buffer (?:started|disabled) ####")
_LOST = re.compile(r"CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]")
_PAIR = re.compile(r"([A-Za-z_]\w*)=(.*?)(?=,? +[A-Za-z_]\w*=|,? *$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """One event. `comm` and `pid` are of the thread that ran, `us` the trace's clock, `flags` the context.

    `comm` is what the thread was called when the line was printed: a fork that had not yet executed
    anything goes by its later name, or as `<...>` when the kernel has forgotten it.
    """

    comm: str
    pid: int
    cpu: int
    flags: str
    us: int
    name: str
    text: str
    line: int

    @property
    def fields(self) -> dict[str, str]:
        """Every `key=value` of the text.

        >>> event.fields["gfp_flags"]
        'GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP'
        """
        return {pair[1]: pair[2] for pair in _PAIR.finditer(self.text)}

    def integer(self, key: str) -> int:
        """A field that is a number, decimal or 0x…. ParseError if it is not, or not there."""
        value = self.fields.get(key, "")
        if re.fullmatch(r"-?(?:\d+|0x[0-9a-f]+)", value) is None:
            raise ParseError(self.name, self.line, f"{key}={value}" if value else f"no {key}")
        return int(value, 16 if "0x" in value else 10)

    def words(self, key: str) -> frozenset[str]:
        """A field of names joined by `|`, such as gfp_flags. ParseError if it is not there."""
        value = self.fields.get(key)
        if value is None:
            raise ParseError(self.name, self.line, f"no {key}")
        return frozenset(word for word in value.split("|") if word not in ("", "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """`written` counts all events since the buffer was cleared; `cpus` have a buffer each."""

    events: tuple[TraceEvent, ...]
    in_buffer: int
    written: int
    cpus: int

    @property
    def lost(self) -> int:
        """Events that later ones overwrote. A count of events means something only if this is 0."""
        return self.written - self.in_buffer

    def named(self, name: str) -> tuple[TraceEvent, ...]:
        return tuple(event for event in self.events if event.name == name)


def parse_trace(text: str) -> Trace:
    """The whole file. The header must be there: without it nobody knows what was lost."""
    lines = kernel_lines(text)
    head = next((found for line in lines if (found := _WRITTEN.fullmatch(line)) is not None), None)
    if head is None or lines[0] != "# tracer: nop":
        raise ParseError("trace", 1, text[:80])
    in_buffer, written, cpus = map(int, head.groups())
    return Trace(events=tuple(_events(lines)), in_buffer=in_buffer, written=written, cpus=cpus)


def _events(lines: list[str]) -> Iterator[TraceEvent]:
    for number, line in enumerate(lines, start=1):
        if line.startswith("#") or not line or _LOST.fullmatch(line):
            continue
        yield parse_event(line, number)


def parse_event(line: str, number: int = 1) -> TraceEvent:
    """One line of `trace` or `trace_pipe`."""
    found = _EVENT.fullmatch(line)
    if found is None:
        raise ParseError("trace", number, line)
    return TraceEvent(
        comm=found["comm"].lstrip(" "),
        pid=int(found["pid"]),
        cpu=int(found["cpu"]),
        flags=found["flags"],
        us=int(found["seconds"]) * 1_000_000 + int(found["micros"]),
        name=found["name"],
        text=found["text"],
        line=number,
    )
