"""When a scene's steps ran and what the kernel said meanwhile, on the guest's own clock.

labkit writes `step NAME begins` into the guest's log when one does: by that mark steps, kernel messages and
the readings after each step get onto one axis. A student who is root can write such a mark as well; nothing
is graded by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labkit.grade.exhibit.reclaim import reclaims
from labkit.model.evidence import AFTER, BEFORE, SceneEvidence, StepResult, after_step
from labkit.model.exhibit import Curve, Event, Span, Timeline
from labkit.model.kernel_log import LogRecord, notable
from labkit.model.units import Size

PAGE = 4096
SECOND = 1_000_000  # µs
_MARK = re.compile(r"labkit: step (\S+) begins")
_MEM_FREE = re.compile(r"^MemFree: +(\d+) kB", re.MULTILINE)
MAX_EVENTS = 60
MAX_CURVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Seconds of a scene: `zero` is the guest's time (µs since its boot) when the first step began."""

    zero: int
    begins: Mapping[str, float]

    def at(self, record: LogRecord) -> float:
        return (record.time_us - self.zero) / SECOND


def clock_of(scene: SceneEvidence) -> Clock | None:
    """None where the log has no mark of a step: a guest that was lost took its log along."""
    marks: dict[str, int] = {}
    for record in scene.dmesg:
        if not record.from_kernel and (mark := _MARK.fullmatch(record.text)):
            marks.setdefault(mark[1], record.time_us)
    ran = [marks[step.name] for step in scene.steps if step.name in marks and not step.once]
    if not ran:
        return None
    zero = min(ran)
    return Clock(zero=zero, begins={name: (at - zero) / SECOND for name, at in marks.items()})


def timeline(scene: SceneEvidence, clock: Clock | None) -> Timeline | None:
    """None where nobody knows when anything was."""
    if clock is None:
        return None
    spans = tuple(_span(step, clock) for step in scene.steps if step.name in clock.begins and not step.once)
    events = tuple(_events(scene, clock))[:MAX_EVENTS]
    last = max(span.start + span.seconds for span in spans)
    moments = _moments(spans)
    return Timeline(
        seconds=max(last, *(event.at for event in events), 0.001) if events else max(last, 0.001),
        spans=spans,
        events=events,
        curves=_curves(scene, moments),
        reclaims=reclaims(scene, moments),
    )


def _span(step: StepResult, clock: Clock) -> Span:
    ending = "had not ended" if step.timed_out else f"status {step.status}"
    return Span(
        name=step.name,
        start=clock.begins[step.name],
        seconds=step.seconds,
        ending=ending,
        good=step.status == 0 and not step.timed_out,
        once=step.once,
    )


def _events(scene: SceneEvidence, clock: Clock) -> Iterator[Event]:
    """What the kernel logged of interest since the first step began."""
    for record in scene.kernel_log:
        if record.time_us < clock.zero:
            continue
        if told := notable(record.text):
            yield Event(at=clock.at(record), kind=told[0], text=told[1], line=record.line)


def _moments(spans: tuple[Span, ...]) -> dict[str, float]:
    """Where on the axis each moment lies at which somebody looked."""
    ends = {after_step(span.name): span.start + span.seconds for span in spans}
    return {BEFORE: 0.0, **ends, AFTER: max(ends.values())}


def _curves(scene: SceneEvidence, moments: Mapping[str, float]) -> tuple[Curve, ...]:
    """Free memory, and what the largest tasks and cgroups hold, wherever there are two points at least."""
    free = dict(_free(scene, moments))
    drawn = [Curve(name="free", points=tuple(sorted(free.items())))] if len(free) > 1 else []
    held: dict[str, dict[float, Size]] = {}
    for at, name, size in _held(scene, moments):
        held.setdefault(name, {})[at] = size
    ranked = sorted(held.items(), key=lambda item: -max(item[1].values()))
    drawn += [Curve(name=name, points=tuple(sorted(at.items()))) for name, at in ranked if len(at) > 1]
    return tuple(drawn[:MAX_CURVES])


def _free(scene: SceneEvidence, moments: Mapping[str, float]) -> Iterator[tuple[float, Size]]:
    """Free bytes by moment, as the host read them; else as /proc/meminfo had them."""
    for captured in scene.files:
        if captured.path != "/proc/meminfo" or captured.moment not in moments:
            continue
        if found := _MEM_FREE.search(captured.text or ""):
            yield moments[captured.moment], Size.kib(int(found[1]))
    for seen in scene.witnessed:
        if seen.reading.zones and seen.moment in moments:
            pages = sum(zone.counter_pages for zone in seen.reading.zones)
            yield moments[seen.moment], Size(pages * PAGE)


def _held(scene: SceneEvidence, moments: Mapping[str, float]) -> Iterator[tuple[float, str, Size]]:
    for seen in scene.witnessed:
        if seen.moment not in moments:
            continue
        for group in seen.reading.memcgs or ():
            if group.path != "/" and group.usage:
                yield moments[seen.moment], f"cgroup {group.path}", group.usage
        for task in seen.reading.tasks or ():
            if not task.kernel_thread and task.rss_anon >= Size.mib(4):
                yield moments[seen.moment], f"{task.comm} ({task.pid})", task.rss_anon
