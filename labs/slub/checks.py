"""slub: what the kernel made of this student's caches, and what was left of them after the plans."""

from __future__ import annotations

import re

from labkit.grade import relate
from labkit.grade.drawn import number
from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    failed,
    partial,
    passed,
    require_completed,
    require_step,
    stdout,
)
from labkit.grade.source import source_of_text
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, after_step
from labkit.model.verdict import Judgement, Where
from labkit.model.witness import SlabView

from .layout import Layout, key

__all__ = ["key"]

ASKED = ("lab_plain", "lab_ctor", "lab_line", "lab_big")
CACHES = ("lab_plain", "lab_close", "lab_ctor", "lab_line", "lab_big", "lab_keep", "lab_empty")
# Measured: 105 and 106 calls for 100 slabs, a few where the CPU was lost in between. Who takes every call for
# slow is 16 times too high.
SLOW_WITHIN = 0.12
FREED = 0.9  # of the objects, and no slab goes: one object in 16 is enough to keep slabs of 16 and more
# A quarter of the objects in the order in which they were taken fills a quarter of the slabs; the last of
# these is not quite theirs.
QUARTER, FIFTH = 0.25, 0.20


def layout(evidence: Evidence) -> Judgement:
    """You said how objects lie in the slabs of four caches: stride, order, objects in a slab."""
    seen = _after(evidence, "create")
    said = answers(evidence, "predictions.toml")
    table = said.values.get("layout")
    if not isinstance(table, dict):
        return failed("a table [layout]", "there is none", said.source.show(missing=["[layout]"]))
    right: list[str] = []
    off: list[str] = []
    told: list[bool] = []
    for name in ASKED:
        cache = _cache(seen, name)
        real = Layout(stride=cache.stride_bytes, order=cache.order, objects=cache.objects_a_slab)
        guess = table.get(name)
        listed = list(guess) if isinstance(guess, list) and len(guess) == len(real) else [None] * len(real)
        agree = [type(mine) is int and mine == its for mine, its in zip(listed, real, strict=True)]
        (right if all(agree) else off).append(name)
        told += agree
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in off],
        missing=[f"{name} =" for name in off if name not in table],
    )
    actual = f"{sum(told)} of {len(told)} numbers right" + (f"; off: {', '.join(off)}" if off else "")
    return partial(sum(told) / len(told), "stride, order and objects of each as in your guest", actual, where)


def merged(evidence: Evidence) -> Judgement:
    """You said which of your caches the kernel did not make, but merged with another one."""
    names = {cache.name for cache in _after(evidence, "create").slabs}
    said = answers(evidence, "predictions.toml")
    guess = said.words("merged")
    real = [name for name in CACHES if name not in names]
    where = said.show("merged", right={*guess} == {*real})
    return relate.same_set("merged", real, guess, where=where)


def slow(evidence: Evidence) -> Judgement:
    """You said how often the slow path runs while all objects of a cache are taken."""
    step = _step(evidence, "fill")
    # Each cache has a line of its own; of the others at work meanwhile none takes as many.
    counts = [int(count) for count in re.findall(r"hitcount: +(\d+)", step)]
    if not counts:
        return broken("labkit counts calls of ___slab_alloc", "there is no count in the step's output")
    said = answers(evidence, "predictions.toml")
    guess, real = said.integer("slow"), max(counts)
    return relate.near(
        "slow",
        expected=real,
        actual=guess,
        share=SLOW_WITHIN,
        where=said.show("slow", right=abs(guess - real) <= SLOW_WITHIN * real),
        why=f"calls of ___slab_alloc for {number(evidence.request.parameters, 'count'):,} objects",
    )


def keep_pages(evidence: Evidence) -> Judgement:
    """keep.txt frees nine objects of ten, and not one slab goes back."""
    before, after = _cache(_after(evidence, "fill"), "lab_keep"), _planned(evidence, "keep", "lab_keep")
    count = number(evidence.request.parameters, "count")
    freed, least = count - after.active, int(FREED * count)
    # The slab that was begun last has few objects: none of them may be one that stays.
    bound = before.slabs - 1
    holds = freed >= least and after.slabs >= bound
    expected = f"at least {least:,} of {count:,} objects freed, and {bound} of {before.slabs} slabs left"
    where = _shown(_after(evidence, "keep"), after, good=holds)
    return (passed if holds else failed)(expected, f"{freed:,} freed, {after.slabs} slabs", where)


def give_pages(evidence: Evidence) -> Judgement:
    """empty.txt frees a quarter of the objects at most, and a fifth of the slabs go back."""
    before, after = _cache(_after(evidence, "more"), "lab_empty"), _planned(evidence, "empty", "lab_empty")
    count = number(evidence.request.parameters, "count")
    freed, gone = count - after.active, before.slabs - after.slabs
    bound = int(FIFTH * before.slabs)
    most = int(QUARTER * count)
    expected = f"at most {most:,} objects freed, at least {bound} of {before.slabs} slabs gone"
    holds = freed <= most and gone >= bound
    where = _shown(_after(evidence, "empty"), after, good=holds)
    return (passed if holds else failed)(expected, f"{freed:,} freed, {gone} slabs gone", where)


def on_demand(evidence: Evidence) -> Judgement:
    """A cache without objects has no slabs: nothing is allocated beforehand."""
    seen = _after(evidence, "create")
    cache = _cache(seen, "lab_keep")
    return relate.equal("slabs of a new cache", expected=0, actual=cache.slabs, where=seen.show(good=[cache]))


def active_lies(evidence: Evidence) -> Judgement:
    """All objects are freed and the cache is not shrunk yet: slabs are still there, and count as in use."""
    seen, end = _after(evidence, "all"), _after(evidence, "shrink")
    cache, last = _cache(seen, "lab_empty"), _cache(end, "lab_empty")
    expected = "slabs that nobody has an object in, and none after `shrink`"
    actual = f"{cache.slabs} slabs, {cache.active} objects 'active'; after shrink {last.slabs} slabs"
    holds = cache.slabs > 0 and last.slabs == 0
    return (passed if holds else failed)(expected, actual, seen.show(good=[cache]))


def task_struct(evidence: Evidence) -> Judgement:
    """A task_struct is more than twice as big as the course says, 2.6 KB."""
    seen = _after(evidence, "create")
    cache = _cache(seen, "task_struct")
    return relate.at_least(
        "bytes of a task_struct", bound=2 * 2600, actual=cache.object_bytes, where=seen.show(good=[cache])
    )


def _after(evidence: Evidence, step: str) -> Seen:
    return require_reading(require_completed(evidence, "caches"), after_step(step))


def _cache(seen: Seen, name: str) -> SlabView:
    for cache in seen.slabs:
        if cache.name == name:
            return cache
    raise Decided(broken(f"a cache {name} of the guest's", "there is none", seen.show(missing=[name])))


def _shown(seen: Seen, cache: SlabView, *, good: bool) -> Where:
    return seen.show(good=[cache]) if good else seen.show(bad=[cache])


def _planned(evidence: Evidence, step: str, cache: str) -> SlabView:
    """A cache after a plan. Failed where the plan is none."""
    done = require_step(require_completed(evidence, "caches"), step)
    if done.status != 0:
        file = f"{step}.txt"
        told = done.stderr.strip().splitlines() or done.stdout.strip().splitlines()
        source = source_of_text(f"submission/{file}", evidence.request.submission.get(file, ""))
        actual = told[-1].lstrip("# ") if told else f"status {done.status}"
        raise Decided(
            failed(f"{file} is a plan: lines of `every K` or a number", actual, source.show(bad=[1]))
        )
    return _cache(_after(evidence, step), cache)


def _step(evidence: Evidence, name: str) -> str:
    step = require_step(require_completed(evidence, "caches"), name)
    if step.status != 0:
        raise Decided(broken(f"labkit's step '{name}'", step.stderr.strip() or stdout(step).text[-200:]))
    return step.stdout
