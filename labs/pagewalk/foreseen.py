"""The predictions: where walks end, what bits say, how many tables it takes; and what a run shows besides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labkit.grade.judging import (
    Answers,
    Decided,
    answers,
    broken,
    failed,
    passed,
    predicted,
    require_completed,
    require_step,
    stdout,
)
from labkit.model.evidence import Evidence
from labkit.model.lab import Parameters
from labkit.model.verdict import Judgement

from .walks import FIVE, FOUR, spot, spots

ENTRIES = 512
# Without RW, DIRTY means a shadow stack to newer processors, so the kernel keeps it elsewhere meanwhile:
# Linux commit "x86/mm: Introduce _PAGE_SAVED_DIRTY" (in v6.6).
SAVED_DIRTY = 58
# The places of src/subject.c in the order of the names, and the table in which each is missing.
PLACES = ("next", "back", "block", "gib", "far")
ENDS = {"next": "pmd", "back": "pte", "block": "pmd", "gib": "pud", "far": "pgd"}
ROWS = {"fine_tables": "fine", "block_tables": "blocks", "gib_tables": "gibs"}
FLAGS_OF = {
    "read_flags": "read",
    "written_flags": "written",
    "huge_flags": "huge",
}


def stops(evidence: Evidence) -> Judgement:
    """You said in which table the walk ends for each of the five pages that nobody has touched."""
    truth = {name: spot(evidence, FOUR, name).stop for name in _trees(evidence.request.parameters)}
    return predicted(_said(evidence), truth, _same_word)


def stops_five(evidence: Evidence) -> Judgement:
    """You said where it ends with five levels, for a page 512 GiB away and for one beyond 128 TiB."""
    far = _trees(evidence.request.parameters)[PLACES.index("far")]
    truth = {"five_far": spot(evidence, FIVE, far).stop, "five_high": spot(evidence, FIVE, "high").stop}
    return predicted(_said(evidence), truth, _same_word)


def bits(evidence: Evidence) -> Judgement:
    """You said which flags an entry has after a read, after a write, and when it maps a huge page."""
    truth = {key: ", ".join(sorted(spot(evidence, FOUR, name).flags)) for key, name in FLAGS_OF.items()}
    return predicted(_said(evidence), truth, _same_flags)


def tables(evidence: Evidence) -> Judgement:
    """You said how many page tables it takes to read a row of pages, 4 KiB, 2 MiB and 1 GiB apart."""
    rows = _rows(evidence)
    return predicted(_said(evidence), {key: rows[row] for key, row in ROWS.items()}, _same_number)


def zero_page_shared(evidence: Evidence) -> Judgement:
    """Two pages of two mappings that were only read are one and the same frame, read-only."""
    one, two = spot(evidence, FOUR, "read"), spot(evidence, FOUR, "also-read")
    actual = f"frames {one.frame:#x} and {two.frame:#x}, flags {', '.join(sorted(one.flags))}"
    if one.frame == two.frame and "RW" not in one.flags:
        return passed("the same frame, without RW", actual, one.where())
    return failed("the same frame, without RW", actual, one.where())


def split_stays(evidence: Evidence) -> Judgement:
    """mprotect of one small page splits the huge one: 512 entries instead of one, and no page moves."""
    whole, part = spot(evidence, FOUR, "huge"), spot(evidence, FOUR, "split")
    assert whole.leaf is not None
    wanted = whole.frame + (part.address - whole.leaf.first) // 4096
    expected = f"a leaf of 4 KiB with frame {wanted:#x}, as it was part of the huge page"
    actual = f"leaf {'pmd' if part.huge else 'pte'}, frame {part.frame:#x}"
    if part.frame == wanted and not part.huge:
        return passed(expected, actual, part.where())
    return failed(expected, actual, part.where())


def dirty_moves(evidence: Evidence) -> Judgement:
    """A page was written to and is read-only now: DIRTY has stayed, or moved to a bit of the kernel's own."""
    page = spot(evidence, FOUR, "readonly")
    dirty, saved = "DIRTY" in page.flags, bool(page.raw >> SAVED_DIRTY & 1)
    expected = "no RW, and either DIRTY (before Linux 6.6) or bit 58, SAVED_DIRTY (since)"
    actual = f"entry {page.raw:#x}: DIRTY {int(dirty)}, bit 58 {int(saved)}"
    if dirty != saved and "RW" not in page.flags:
        return passed(expected, actual, page.where())
    return failed(expected, actual, page.where())


def levels(evidence: Evidence) -> Judgement:
    """The course's "4-level page tables" are what one processor has: the same kernel uses five on another."""
    four, five = spots(evidence, FOUR)[0], spots(evidence, FIVE)[0]
    actual = f"{four.levels} and {five.levels}"
    if (four.levels, five.levels) == (4, 5):
        return passed("4 and 5 levels", actual, five.where())
    return failed("4 and 5 levels", actual, five.where())


def _rows(evidence: Evidence) -> dict[str, int]:
    """Tables by row, as labkit's own program read them of itself."""
    step = require_step(require_completed(evidence, FOUR), "strides")
    said = stdout(step)
    found = {row[1]: int(row[2]) for row in re.finditer(r"^(\w+) (\d+) \d+$", said.text, re.MULTILINE)}
    if step.status != 0 or set(found) != set(ROWS.values()):
        raise Decided(broken("labkit's own `strides` runs", step.stderr.strip() or f"status {step.status}"))
    return found


def _said(evidence: Evidence) -> Answers:
    return answers(evidence, "predictions.toml")


def _same_word(answer: object, real: object) -> bool:
    return answer == real


def _same_number(answer: object, real: object) -> bool:
    return type(answer) is int and answer == real


def _same_flags(answer: object, real: object) -> bool:
    return isinstance(answer, list) and ", ".join(sorted(map(str, answer))) == real


def _trees(parameters: Mapping[str, object]) -> tuple[str, ...]:
    trees = parameters["trees"]
    assert isinstance(trees, tuple)
    return tuple(map(str, trees))


def key(parameters: Parameters) -> Mapping[str, object]:
    """Where the pages lie, for the handout, and the answers that the solution's template fills in."""
    number = {name: value for name, value in parameters.items() if isinstance(value, int)}
    trees = dict(zip(PLACES, _trees(parameters), strict=True))
    anchor = (number["gib"] << 30) + ((number["mib2"] + 1) << 21) - 4096
    offsets = {
        "next": anchor + 4096,
        "back": anchor - (number["back"] << 12),
        "block": anchor - (number["blocks"] << 21),
        "gib": anchor + (number["gibs"] << 30),
        "far": anchor + (512 << 30),
    }
    pages = [
        {"name": trees[place], "offset": f"{offsets[place]:#x}", "ends": ENDS[place]} for place in PLACES
    ]
    return {
        "anchor": f"{anchor:#x}",
        "pages": sorted(pages, key=lambda page: page["name"]),
        "far": trees["far"],
        "next": trees["next"],
        "fine": _tables_for(number["row_pages"], 1),
        "blocks": _tables_for(number["row_blocks"], 2),
        "gibs": _tables_for(number["row_gibs"], 3),
    }


def _tables_for(pages: int, level: int) -> int:
    """Tables for pages that each take an entry of their own in a table of this level (1: the lowest).

    Below it each has a table for itself alone; above it they share, 512 to a table, up to the third level.
    """
    alone = (level - 1) * pages
    shared = 0
    for _ in range(level, 4):
        pages = -(-pages // ENTRIES)
        shared += pages
    return alone + shared
