"""Scene play: what a seed's moves cost after a fork, and whose the frames were, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.grade.drawn import number
from labkit.grade.judging import Answers, Decided, answers, broken, failed, partial, passed
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement
from labkit.model.witness import TaskView

from .moves import CHILD, PARENT, Move, moves
from .reading import NODE_OF_CHILD, Pages, frames, own_program, pages_of, told

# A move takes up to 3 faults of the program's own (its stack, a page of libc), and a page more or less in
# counting "every third" is not what is asked. The nearest other idea of a move is 24 faults away.
FAULT_TOLERANCE = 5


@dataclass(frozen=True)
class Moment:
    """The family before the fork, after it, or after a move."""

    seen: Seen
    tasks: dict[str, TaskView]
    pages: dict[str, Pages]


def faults(evidence: Evidence) -> Judgement:
    """You said how many minor faults each move takes."""
    played, story = moves(evidence.request.parameters), _story(evidence)  # type: ignore[arg-type]
    real = {
        at: story[at + 1].tasks[move.who].minor_faults - story[at].tasks[move.who].minor_faults
        for at, move in enumerate(played, start=1)
        if move.does != "x"
    }
    return _compared(answers(evidence, "predictions.toml"), "faults", real, FAULT_TOLERANCE, "faults")


def shared(evidence: Evidence) -> Judgement:
    """You said how many pages the two still share after each move, while both live."""
    story = _story(evidence)
    real = {at: _shared(moment) for at, moment in enumerate(story[2:], start=1) if CHILD in moment.tasks}
    return _compared(answers(evidence, "predictions.toml"), "shared", real, 0, "shared pages")


def moved(evidence: Evidence) -> Judgement:
    """You said how many of the parent's pages end in another frame than before the fork."""
    story = _story(evidence)
    first, last = story[0].pages[PARENT], story[-1].pages[PARENT]
    real = sum(frames(first, [index]) != frames(last, [index]) for index in first)
    return _single(evidence, "moved", real, f"{len(first) - real} of {len(first)} lie where they lay")


def far(evidence: Evidence) -> Judgement:
    """You said how many of the child's pages lie on its own node just before it ends."""
    moment = [moment for moment in _story(evidence) if CHILD in moment.tasks][-1]
    places = [place for found in moment.pages[CHILD].values() for place in found]
    real = sum(place.node == NODE_OF_CHILD for place in places)
    return _single(evidence, "far", real, f"of its {len(places)} pages; the parent filled them on node 0")


def fork_shares(evidence: Evidence) -> Judgement:
    """fork() copied page tables, and not one page of the region."""
    before, after = _story(evidence)[:2]
    pages = number(evidence.request.parameters, "pages")
    same = frames(before.pages[PARENT], range(pages)) == frames(after.pages[CHILD], range(pages))
    parent, child = (after.tasks[name] for name in (PARENT, CHILD))
    expected = f"all {pages} pages in one frame for both, and a child with page tables of its own"
    actual = (
        f"{_shared(after)} shared; page tables: {parent.page_tables >> 10} KiB of the parent's, "
        f"{child.page_tables >> 10} KiB of the child's; the child took {child.minor_faults} faults to begin"
    )
    where = after.seen.show(good=[parent, child])
    holds = same and _shared(after) == pages and child.page_tables > 0
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def read_only_lives(evidence: Evidence) -> Judgement:
    """Writing to a page that the page table said was read-only was no invalid access."""
    story = _story(evidence)
    places = [place for who in (PARENT, CHILD) for found in story[1].pages[who].values() for place in found]
    guarded = sum(not place.writable for place in places)
    last = story[-1].pages[PARENT].values()
    free = sum(place.writable for found in last for place in found)
    expected = (
        "after the fork every entry is read-only in both; the writers live, and the parent writes to all"
    )
    actual = (
        f"{guarded} of {len(places)} entries were read-only; at the end {free} of the parent's are writable"
    )
    where = told(story[1].seen, actual, good=guarded == len(places))
    holds = guarded == len(places) and free == len(last)
    return passed(expected, actual, where) if holds else failed(expected, actual, where)


def faults_without_copies(evidence: Evidence) -> Judgement:
    """The last move's faults copied nothing: the parent was alone with its pages, and kept their frames."""
    before, after = _story(evidence)[-2:]
    count = after.tasks[PARENT].minor_faults - before.tasks[PARENT].minor_faults
    old, new = before.pages[PARENT], after.pages[PARENT]
    copies = sum(frames(old, [index]) != frames(new, [index]) for index in old)
    expected = "faults, and no page in another frame"
    actual = f"{count} faults, {copies} pages in another frame"
    where = after.seen.show(good=[after.tasks[PARENT]])
    return passed(expected, actual, where) if count and not copies else failed(expected, actual, where)


def _story(evidence: Evidence) -> tuple[Moment, ...]:
    """Before the fork, after it, and after each move. Broken where labkit's own program went wrong."""
    pages = number(evidence.request.parameters, "pages")
    played: tuple[Move, ...] = moves(evidence.request.parameters)  # type: ignore[arg-type]
    steps = ["fill", "fork", *(f"move-{at}" for at in range(1, len(played) + 1))]
    story, ended = [], False
    for step, move in zip(steps, (None, None, *played), strict=True):
        ended |= move is not None and move.does == "x"
        seen = own_program(evidence, "play", step)
        tasks = {who: task for who in (PARENT, CHILD) for task in seen.named(who)}
        here = {who: pages_of(seen, task) for who, task in tasks.items()}
        wanted = {PARENT} if step == "fill" or ended else {PARENT, CHILD}
        if tasks.keys() != wanted or any(len(each) != pages for each in here.values()):
            found = ", ".join(f"{who} with {len(each)} tagged pages" for who, each in here.items())
            raise Decided(
                broken(f"{' and '.join(sorted(wanted))} with {pages} pages each", found or "nobody")
            )
        story.append(Moment(seen=seen, tasks=tasks, pages=here))
    return tuple(story)


def _shared(moment: Moment) -> int:
    parent, child = moment.pages[PARENT], moment.pages[CHILD]
    return len(frames(parent, parent) & frames(child, child))


def _compared(said: Answers, name: str, real: dict[int, int], within: int, unit: str) -> Judgement:
    """A list of numbers, one for each move in `real`, each worth the same."""
    guesses = said.values.get(name)
    margin = f" (each ± {within})" if within else ""
    expected = ", ".join(f"move {at}: {count}" for at, count in real.items()) + f" {unit}{margin}"
    if not isinstance(guesses, list) or len(guesses) != len(real):
        return failed(f"{name} = a list of {len(real)} numbers", f"{guesses!r}", said.show(name, right=False))
    right = [
        type(guess) is int and abs(guess - count) <= within
        for guess, count in zip(guesses, real.values(), strict=True)
    ]
    off = [f"move {at}: {guess}" for at, guess, fits in zip(real, guesses, right, strict=True) if not fits]
    actual = f"{sum(right)} of {len(right)} right" + (f"; off: {', '.join(off)}" if off else "")
    return partial(sum(right) / len(right), expected, actual, said.show(name, right=all(right)))


def _single(evidence: Evidence, name: str, real: int, note: str) -> Judgement:
    """One number, to be exact: page tables are counted, not estimated."""
    said = answers(evidence, "predictions.toml")
    guess = said.integer(name)
    outcome = passed if guess == real else failed
    return outcome(f"{name} = {real} ({note})", f"{name} = {guess}", said.show(name, right=guess == real))
