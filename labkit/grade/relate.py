"""The relations in which checks speak of numbers: what must be equal, how nearly, growing, in order.

Each returns a Judgement and takes where it was read, so that a check is one call:

    return relate.equal("blocks of order 5", expected=before - 1, actual=after, where=seen.where)

`why` says in a few words why the bound is where it is; a student reads it behind the expectation. Absolute
values are compared only where a parameter or another reading makes them; everything else is a difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from labkit.grade.judging import Decided, broken, failed, passed
from labkit.model.verdict import Judgement, Where

Number = int | float


def equal(
    what: str,
    *,
    expected: Number,
    actual: Number,
    within: Number = 0,
    where: Where | None = None,
    why: str = "",
) -> Judgement:
    """`actual` is `expected`, give or take `within` (of the same unit)."""
    said = f"{what} is {_show(expected)}" + (f" ± {_show(within)}" if within else "")
    return _judged(abs(actual - expected) <= within, said, actual, where, why)


def near(
    what: str, *, expected: Number, actual: Number, share: float, where: Where | None = None, why: str = ""
) -> Judgement:
    """`actual` is `expected`, give or take a share of it: 0.02 is two hundredths."""
    said = f"{what} is {_show(expected)} ± {share:.1%}"
    return _judged(abs(actual - expected) <= abs(expected) * share, said, actual, where, why)


def at_least(
    what: str, *, bound: Number, actual: Number, where: Where | None = None, why: str = ""
) -> Judgement:
    return _judged(actual >= bound, f"{what} is at least {_show(bound)}", actual, where, why)


def at_most(
    what: str, *, bound: Number, actual: Number, where: Where | None = None, why: str = ""
) -> Judgement:
    return _judged(actual <= bound, f"{what} is at most {_show(bound)}", actual, where, why)


def between(
    what: str, *, low: Number, high: Number, actual: Number, where: Where | None = None, why: str = ""
) -> Judgement:
    """Both bounds belong to it."""
    said = f"{what} is between {_show(low)} and {_show(high)}"
    return _judged(low <= actual <= high, said, actual, where, why)


def ratio(
    what: str,
    *,
    part: Number,
    whole: Number,
    low: float,
    high: float,
    where: Where | None = None,
    why: str = "",
) -> Judgement:
    """`part / whole` lies between two bounds. A whole of 0 fails: nothing happened that could be shared."""
    said = f"{what} is between {low:g} and {high:g}"
    if whole == 0:
        return failed(_because(said, why), f"{_show(part)} of nothing", where)
    found = part / whole
    actual = f"{found:.3f} ({_show(part)} of {_show(whole)})"
    return _told(low <= found <= high, said, actual, where, why)


def growing(
    what: str, values: Sequence[Number], *, strictly: bool = False, where: Where | None = None, why: str = ""
) -> Judgement:
    """No value is below the one before it; `strictly`: each is above. Fewer than two are broken."""
    said = f"{what} {'grows at every step' if strictly else 'never falls'}"
    if len(values) < 2:
        raise Decided(broken(said, f"{len(values)} values: nothing to compare"))
    holds = all(low < high or (low == high and not strictly) for low, high in itertools.pairwise(values))
    return _told(holds, said, ", ".join(map(_show, values)), where, why)


def in_order(
    what: str, expected: Sequence[str], actual: Sequence[str], *, where: Where | None = None, why: str = ""
) -> Judgement:
    """`actual` begins with `expected`: what came afterwards was not asked."""
    said = f"{what}: {', '.join(expected)}"
    holds = tuple(actual[: len(expected)]) == tuple(expected)
    return _told(holds, said, ", ".join(actual) or "nothing", where, why)


def same_set(
    what: str,
    expected: Collection[str],
    actual: Collection[str],
    *,
    where: Where | None = None,
    why: str = "",
) -> Judgement:
    """The same words, in whatever order and however often."""
    lacking, extra = sorted({*expected} - {*actual}), sorted({*actual} - {*expected})
    said = f"{what}: {', '.join(sorted({*expected}))}"
    found = [f"without {', '.join(lacking)}"] if lacking else []
    found += [f"and also {', '.join(extra)}"] if extra else []
    return _told(not found, said, "; ".join(found) or "just these", where, why)


def identity(
    what: str,
    *,
    parts: Mapping[str, Number],
    whole: Number,
    within: Number = 0,
    where: Where | None = None,
    why: str = "",
) -> Judgement:
    """The parts add up to the whole, give or take `within`."""
    total = sum(parts.values())
    said = f"{what}: {' + '.join(parts)} is {_show(whole)}" + (f" ± {_show(within)}" if within else "")
    told = f"{' + '.join(map(_show, parts.values()))} = {_show(total)}"
    return _told(abs(total - whole) <= within, said, told, where, why)


def delta(before: Mapping[str, int], after: Mapping[str, int], name: str) -> int:
    """How far a counter went between two readings; Decided as broken where one has no such counter."""
    for reading, moment in ((before, "before"), (after, "after")):
        if name not in reading:
            raise Decided(broken(f"a counter '{name}'", f"the reading {moment} has none"))
    return after[name] - before[name]


def _judged(holds: bool, said: str, actual: Number, where: Where | None, why: str) -> Judgement:
    return _told(holds, said, _show(actual), where, why)


def _told(holds: bool, said: str, actual: str, where: Where | None, why: str) -> Judgement:
    return (passed if holds else failed)(_because(said, why), actual, where)


def _because(said: str, why: str) -> str:
    return f"{said} ({why})" if why else said


def _show(number: Number) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.3f}"
