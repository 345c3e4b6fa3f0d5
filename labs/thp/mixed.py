"""Scenes asked and given: the student's program under madvise and under always, at both of its stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.grade.judging import ending, partial, require_completed, require_step
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement
from labkit.model.witness import TaskView

from .key import HUGE_PAGES
from .reading import HUGE, Homes, counter, homes, leaves, look, told

SCENES = {"asked": "madvise", "given": "always"}
STUDENT = 1000
PROGRAM = "mix"
SPARSE = 0x10000  # the tag of the first sparse page, as the handout gives it


@dataclass(frozen=True)
class Stop:
    """The student's program at one of its stops; without a process nothing is anywhere."""

    seen: Seen
    task: TaskView | None
    found: Homes
    ending: str

    def area(self, at: int) -> list[int]:
        """The indices of an area's pages that are there."""
        return [index for index in range(at * HUGE_PAGES, (at + 1) * HUGE_PAGES) if index in self.found]

    def is_huge(self, at: int) -> bool:
        """All its pages are there, in one huge leaf."""
        homes = [self.found[index] for index in self.area(at)]
        return (
            len(homes) == HUGE_PAGES
            and all(home.huge for home in homes)
            and len({home.leaf.first for home in homes}) == 1
        )

    def is_small(self, at: int) -> bool:
        """All its pages are there, each in a leaf of its own."""
        homes = [self.found[index] for index in self.area(at)]
        return len(homes) == HUGE_PAGES and not any(home.huge for home in homes)


Judge = Callable[[Stop, Stop], str]  # what is wrong between two stops, empty for nothing


def mix(evidence: Evidence) -> Judgement:
    """At its first stop each area has the pages that the pattern wants, in both modes."""
    wanted = _pattern(evidence)

    def judge(first: Stop, _: Stop) -> str:
        odd = [at for at, huge in enumerate(wanted) if not (first.is_huge if huge else first.is_small)(at)]
        return f"not as wanted: areas {', '.join(map(str, odd))}" if odd else ""

    return _both(
        evidence, f"{sum(wanted)} areas huge, {len(wanted) - sum(wanted)} small, as in the pattern", judge
    )


def split(evidence: Evidence) -> Judgement:
    """At its second stop the areas that were huge are small, and every page lies where it lay."""
    areas = [at for at, huge in enumerate(_pattern(evidence)) if huge]

    def judge(first: Stop, last: Stop) -> str:
        whole = [at for at in areas if not last.is_small(at) or not first.is_huge(at)]
        moved = sum(
            last.found[index].frame != first.found[index].frame
            for at in areas
            for index in set(first.area(at)) & set(last.area(at))
        )
        if whole:
            return f"not split: areas {', '.join(map(str, whole))}"
        return f"{moved} pages lie in another frame" if moved else ""

    return _both(evidence, f"{len(areas)} areas split, no page moved", judge)


def collapse(evidence: Evidence) -> Judgement:
    """At its second stop the kernel has collapsed the areas that were small, with what was in them."""
    areas = [at for at, huge in enumerate(_pattern(evidence)) if not huge]

    def judge(first: Stop, last: Stop) -> str:
        odd = [at for at in areas if not last.is_huge(at) or not first.is_small(at)]
        if odd:
            return f"not collapsed: areas {', '.join(map(str, odd))}"
        # Who unmaps, maps anew and writes it all again has huge pages too, but the kernel collapsed nothing.
        count = counter(last.seen, "thp_collapse_alloc") - counter(first.seen, "thp_collapse_alloc")
        return f"the kernel collapsed {count}" if count < len(areas) else ""

    return _both(evidence, f"{len(areas)} areas collapsed by the kernel, every page with its tag", judge)


def thin(evidence: Evidence) -> Judgement:
    """The sparse pages are alone: none of their areas has a page that nobody wrote to."""
    wanted = range(SPARSE, SPARSE + number(evidence.request.parameters, "sparse"))

    def judge(first: Stop, last: Stop) -> str:
        for name, stop in (("first", first), ("second", last)):
            here = [stop.found[index].area for index in wanted if index in stop.found]
            if len(set(here)) < len(wanted):
                return f"{name} stop: sparse pages in {len(set(here))} different areas"
            extents = leaves(stop.seen, stop.task) if stop.task else ()
            pages = sum(each.size >> 12 for each in extents if each.first // HUGE in here)
            if pages > len(wanted):
                return f"{name} stop: {pages} pages resident in these areas"
        return ""

    return _both(evidence, f"{len(wanted)} areas of 2 MiB with one page each, at both stops", judge)


def _both(evidence: Evidence, expected: str, judge: Judge) -> Judgement:
    """Half of the points for each mode."""
    lines, right = [], 0
    seen = None
    for scene, mode in SCENES.items():
        first, last = _stop(evidence, scene, "first"), _stop(evidence, scene, "second")
        same = first.task is not None and (last.task is None or first.task.pid == last.task.pid)
        wrong = judge(first, last) if same else f"no process '{PROGRAM}' at its stop ({first.ending})"
        right += not wrong
        lines.append(f"{mode}: {wrong or 'yes'}")
        if seen is None or wrong:
            seen = last.seen
    assert seen is not None
    where = told(seen, *lines, good=right == len(SCENES))
    return partial(
        right / len(SCENES), f"{expected}; under madvise and under always", "; ".join(lines), where
    )


def _stop(evidence: Evidence, scene: str, step: str) -> Stop:
    seen = look(evidence, scene, step)
    task = next((task for task in seen.named(PROGRAM) if task.uid == STUDENT), None)
    result = require_step(require_completed(evidence, scene), step)
    return Stop(seen=seen, task=task, found=homes(seen, task) if task else {}, ending=ending(result))


def _pattern(evidence: Evidence) -> list[bool]:
    return [letter == "H" for letter in str(evidence.request.parameters["pattern"])]
