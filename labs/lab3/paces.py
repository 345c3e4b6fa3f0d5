"""The predictions: what labkit's `paces` did in this guest, before any program of a student's ran in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.grade import relate
from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    partial,
    predicted,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.lab import Parameters
from labkit.model.verdict import Judgement

SCENE = "faults"
# The kernel's counts are exact. Who counts one more for what the program itself may touch is not wrong.
TOLERANCE = 2
# 100 MiB are 25,600 pages, of which malloc's own header touches one; the program's own pages are some dozen.
COURSE_PAGES = 25600
COURSE_OWN = 100
# malloc touches the page of its header, stdio its buffer: 3 with a static glibc, 11 with a shared one.
COURSE_MALLOC = 20
# 49 or 50 huge pages lie whole in 100 MiB and a page; what is left at both ends, up to 1,022 pages, is small.
COURSE_HUGE = (49, 1100)

Acts = Mapping[str, "Act"]


@dataclass(frozen=True, kw_only=True)
class Act:
    """A line of `paces`: faults that the act took, pages and huge pages that the mapping had afterwards."""

    faults: int
    pages: int
    huge: int
    line: int


def small_faults(evidence: Evidence) -> Judgement:
    """You said how many faults each act on the small mapping takes."""
    acts, _ = acts_of(evidence)
    names = ("small_read", "small_write", "small_again", "small_refill", "small_populate")
    return _predicted(evidence, {name: acts[name].faults for name in names}, "faults")


def small_memory(evidence: Evidence) -> Judgement:
    """You said how many pages of memory the small mapping has when it was only read."""
    acts, _ = acts_of(evidence)
    return _predicted(evidence, {"small_read_pages": acts["small_read"].pages}, "pages")


def huge_faults(evidence: Evidence) -> Judgement:
    """You said how many faults each act takes where huge pages are allowed."""
    acts, _ = acts_of(evidence)
    names = ("huge_write", "huge_read", "huge_read_write")
    return _predicted(evidence, {name: acts[name].faults for name in names}, "faults")


def huge_memory(evidence: Evidence) -> Judgement:
    """You said how many huge pages a mapping has that was written to, and one that was read first."""
    acts, _ = acts_of(evidence)
    truth = {
        "huge_write_pages": acts["huge_write"].huge,
        "huge_read_write_pages": acts["huge_read_write"].huge,
    }
    return _predicted(evidence, truth, "huge pages", tolerance=0)


def no_faults_yet(evidence: Evidence) -> Judgement:
    """The course says of malloc "no faults yet": it means none for the pages, and there are a few."""
    counts, said = course(evidence)
    where = said.show(good=[said.line_of("After malloc")])
    return relate.between(
        "faults of malloc and of printing",
        low=1,
        high=COURSE_MALLOC,
        actual=counts[1] - counts[0],
        where=where,
    )


def touch_every_page(evidence: Evidence) -> Judgement:
    """The course says "touch every page (causes faults)": with huge pages one touch in 512 does."""
    counts, said = course(evidence)
    never, always = counts[2] - counts[1], counts[5] - counts[4]
    lines = said.lines_of("After touching pages")
    low, high = COURSE_HUGE
    fine = abs(never - COURSE_PAGES) <= COURSE_OWN and low <= always <= high
    expected = f"{COURSE_PAGES:,} ± {COURSE_OWN} faults with THP never, {low} to {high:,} with THP always"
    return partial(float(fine), expected, f"{never:,} and {always:,}", said.show(good=lines))


def acts_of(evidence: Evidence) -> tuple[Acts, Source]:
    """What labkit's own program printed. Broken where it did not come to its end."""
    step = require_step(require_completed(evidence, SCENE), "paces")
    said = stdout(step)
    rows = [(number, re.fullmatch(r"(\w+) (\d+) (\d+) (\d+)", text)) for number, text in said.lines]
    acts = {
        row[1]: Act(faults=int(row[2]), pages=int(row[3]), huge=int(row[4]), line=number)
        for number, row in rows
        if row
    }
    if step.status != 0 or "huge_read_write" not in acts:
        raise Decided(broken("labkit's own `paces` runs", step.stderr.strip() or f"status {step.status}"))
    return acts, said


def course(evidence: Evidence) -> tuple[list[int], Source]:
    """The minor faults that the course's program printed: three times with THP never, three times always."""
    said = stdout(require_step(require_completed(evidence, SCENE), "course"))
    counts = [int(found) for found in re.findall(r" - Minor: (\d+), Major: \d+$", said.text, re.MULTILINE)]
    if len(counts) != 6:
        raise Decided(broken("the course's program runs twice", f"{len(counts)} of 6 lines"))
    return counts, said


def _predicted(
    evidence: Evidence, truth: Mapping[str, int], unit: str, *, tolerance: int = TOLERANCE
) -> Judgement:
    """A share of the points for each answer that is right."""
    margin = f" (each ± {tolerance})" if tolerance else ""
    said = answers(evidence, "predictions.toml")
    return predicted(said, truth, lambda answer, real: _holds(answer, real, tolerance), f" {unit}{margin}")


def _holds(answer: object, real: object, tolerance: int) -> bool:
    """The starter's -1 is no answer, however near it is."""
    assert isinstance(real, int)
    return type(answer) is int and answer >= 0 and abs(answer - real) <= tolerance


def key(parameters: Parameters) -> Mapping[str, object]:
    """What the handout tells of the huge mapping, and the answers that the solution's template fills in."""
    pages, before, huge, after = (
        int(str(parameters[name])) for name in ("small_pages", "before", "huge", "after")
    )
    whole = before + 512 * huge + after
    return {
        "exact_faults": int(str(parameters["exact_pages"])) + int(str(parameters["exact_more"])),
        "pages": pages,
        "whole": whole,
        "huge_faults": before + huge + after,
        "huge": huge,
    }
