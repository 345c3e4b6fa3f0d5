"""Scene lists: what a free changes in buddyinfo, and what the lists of the CPUs keep for themselves."""

from __future__ import annotations

import json

from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    failed,
    passed,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .reading import at, deed_of

Rows = list[tuple[int, dict[str, object]]]

# Not 9: such a block goes to a CPU's list, too, but where that list may hold fewer than its 512 pages (6.1 in
# a guest as small as this) it comes out again at once, with all else.
ORDERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]


def quiet_orders(evidence: Evidence) -> Judgement:
    """You said which orders do not come to the free lists when they are freed."""
    source, rows = _rows(evidence, "orders")
    deeds = [deed_of(row, number) for number, row in rows]
    if [deed.order for deed in deeds] != ORDERS:
        return broken("one free of each order", f"{len(deeds)} of {len(ORDERS)}")
    quiet = [deed.order for deed in deeds if not any(deed.deltas)]
    said = answers(evidence, "predictions.toml")
    mine = said.values.get("quiet_orders")
    expected = f"orders {quiet} leave buddyinfo as it was"
    if not isinstance(mine, list) or any(type(order) is not int for order in mine):
        return failed(
            expected, f"{mine!r} is no list of whole numbers", said.show("quiet_orders", right=False)
        )
    shown = source.show(good=[deed.line for deed in deeds if deed.order in quiet])
    return (passed if sorted(set(mine)) == quiet else failed)(expected, f"predicted: {mine}", shown)


def unmoved(evidence: Evidence) -> Judgement:
    """You said how many of your single pages buddyinfo counts right after their free, and after a drain."""
    singles = evidence.request.parameters["singles"]
    assert isinstance(singles, int)
    source, rows = _rows(evidence, "singles")
    *frees, (_, lists) = _last_round(rows)
    deeds = [deed_of(row, number) for number, row in frees]
    if len(deeds) != singles or not isinstance(lists.get("zones"), list):
        return broken(f"{singles} frees and the zones", f"{len(deeds)} frees")
    at_once = sum(_pages(list(deed.deltas)) for deed in deeds)
    gained = _free_of(lists, frees[0][1]) - _pages(frees[0][1]["before"])
    if at_once or not singles // 2 <= gained:
        return broken("the pages wait in the CPU's list for the drain", f"{at_once} at once, {gained} then")
    said = answers(evidence, "predictions.toml")
    mine = said.integer("at_once"), said.integer("after_drain")
    expected = f"at_once = 0, after_drain = {singles}"
    shown = at(source.path, f"buddyinfo counts {at_once} pages more by the frees, {gained} by the drain")
    return (passed if mine == (0, singles) else failed)(
        expected, f"predicted: {mine[0]} and {mine[1]}", shown
    )


def _last_round(rows: Rows) -> Rows:
    """What was answered between the last two lists of zones: frees, and the zones in the end."""
    ends = [at for at, (_, row) in enumerate(rows) if "zones" in row]
    if not ends:
        raise Decided(broken("frees, and the zones after them", f"{len(rows)} answers, no zones"))
    return rows[ends[-2] + 1 if len(ends) > 1 else 0 : ends[-1] + 1]


def _rows(evidence: Evidence, name: str) -> tuple[Source, Rows]:
    """What labkit's module answered in a step, with the lines; the step is labkit's own."""
    step = require_step(require_completed(evidence, "lists"), name)
    source = stdout(step)
    rows = [(number, json.loads(text)) for number, text in source.lines]
    return source, rows if step.status == 0 else []


def _pages(counts: object) -> int:
    assert isinstance(counts, list)
    return sum(count << order for order, count in enumerate(counts))


def _free_of(lists: dict[str, object], like: dict[str, object]) -> int:
    """Free pages of the zone that another answer is about."""
    found = lists["zones"]
    assert isinstance(found, list)
    return sum(
        _pages(zone["nr_free"])
        for zone in found
        if (zone["node"], zone["zone"]) == (like["node"], like["zone"])
    )
