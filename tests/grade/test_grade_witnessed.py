"""Checks over the host's readings: they fail closed, and point at the row that decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from grade_values import scene
from readings import contents, memcg, record, task, witnessed

from labkit.grade.judging import Decided
from labkit.grade.witnessed import Seen, describe, require_reading, require_sealed
from labkit.model.evidence import AFTER, BEFORE, SceneEnd, SceneEvidence, Witnessed
from labkit.model.kernel_text import KernelText
from labkit.model.verdict import Mark, Outcome
from labkit.model.witness import Incoherent, Probe

TEXT = KernelText(text_sha256="a", rodata_sha256="b", sites=9, sites_sha256="c", strange=())


def looked_at(*seen: Witnessed, end: SceneEnd = SceneEnd.COMPLETED) -> SceneEvidence:
    return replace(scene(end=end), witnessed=seen)


def decided(work: Callable[[], object]) -> tuple[Outcome, str]:
    with pytest.raises(Decided) as caught:
        work()
    return caught.value.judgement.outcome, caught.value.judgement.actual


def test_a_reading_that_is_there_is_taken() -> None:
    seen = require_reading(looked_at(witnessed(AFTER, tasks=(task(),))))
    assert [each.comm for each in seen.tasks] == ["hog"]


def test_no_reading_of_a_scene_that_lived_is_labkits_fault() -> None:
    assert decided(lambda: require_reading(looked_at())) == (
        Outcome.BROKEN,
        "there is none in the run directory",
    )


def test_no_reading_of_a_guest_that_fell_is_the_guests() -> None:
    outcome, actual = decided(lambda: require_reading(looked_at(end=SceneEnd.PANICKED)))
    assert outcome is Outcome.FAIL
    assert "panicked" in actual


def test_a_reading_that_makes_no_sense_is_never_judged() -> None:
    odd = witnessed(AFTER, tasks=(), incoherent=(Incoherent(probe=Probe.TASKS, found="no end"),))
    assert decided(lambda: require_reading(looked_at(odd))) == (Outcome.BROKEN, "tasks: no end")


@pytest.mark.parametrize("what", ["tasks", "memcgs", "kernel_log", "totals"])
def test_what_the_lab_did_not_ask_for_is_broken_not_empty(what: str) -> None:
    seen = require_reading(looked_at(witnessed(AFTER)))
    outcome, actual = decided(lambda: getattr(seen, what))
    assert outcome is Outcome.BROKEN
    assert actual == "the lab did not ask for them"


def test_what_a_program_wrote_is_not_the_kernels_log() -> None:
    log = (record("Killed by me", facility=1), record("true", line=2))
    seen = require_reading(looked_at(witnessed(AFTER, dmesg=log)))
    assert [each.text for each in seen.kernel_log] == ["true"]


def test_a_process_on_its_way_out_is_not_living() -> None:
    both = (task(pid=1, dying=True), task(pid=2))
    seen = require_reading(looked_at(witnessed(AFTER, tasks=both)))
    assert [each.pid for each in seen.named("hog")] == [2]


def test_a_row_is_shown_under_its_line_in_the_file() -> None:
    groups = (memcg("/"), memcg("/bakery"))
    seen = require_reading(looked_at(witnessed(AFTER, tasks=(task(),), memcgs=groups)))
    where = seen.show(bad=[groups[1]], missing=["cgroup /x"])
    assert (where.path, where.line) == ("oom/witness/after.json", 202)
    assert [(line.number, line.mark) for line in where.excerpt] == [(202, Mark.BAD), (None, Mark.MISSING)]
    assert where.excerpt[0].text == (
        "/bakery: max 104857600, swap.max 0, oom.group 0, events: max 3, oom 1, oom_kill 1"
    )


def test_every_kind_of_row_has_its_few_words() -> None:
    assert describe(task(cgroup="/x")) == (
        "pid 7 hog: uid 0, oom_score_adj 0, rss 48 KiB, swap 0 KiB, cgroup /x"
    )
    assert describe(contents(filled=4)) == "pid 7 hog: 49,152 KiB mapped, 4,096 KiB hold data"
    assert describe(record("one\ntwo")) == "one"


def sealed(text: KernelText = TEXT, odd: tuple[Incoherent, ...] = ()) -> SceneEvidence:
    last = witnessed(AFTER, text=text, tasks=(), zones=(), modules=(), incoherent=odd)
    return looked_at(witnessed(BEFORE, text=TEXT), last)


def test_a_kernel_that_is_whole_is_sealed() -> None:
    assert isinstance(require_sealed(sealed()), Seen)


def test_a_kernel_whose_code_changed_fails() -> None:
    changed = replace(TEXT, text_sha256="x")
    assert decided(lambda: require_sealed(sealed(text=changed))) == (
        Outcome.FAIL,
        "the kernel's text changed",
    )


def test_a_kernel_that_makes_no_sense_fails_where_a_student_could_make_it_so() -> None:
    odd = (Incoherent(probe=Probe.TASKS, found="no end"),)
    assert decided(lambda: require_sealed(sealed(odd=odd))) == (Outcome.FAIL, "tasks: no end")


@pytest.mark.parametrize("missing", ["zones", "tasks", "modules"])
def test_a_seal_without_what_it_holds_by_is_none(missing: str) -> None:
    whole = sealed()
    first, last = whole.witnessed
    less: dict[str, Any] = {missing: None}
    reading = replace(last.reading, **less)
    scene = looked_at(first, replace(last, reading=reading))
    outcome, actual = decided(lambda: require_sealed(scene))
    assert outcome is Outcome.BROKEN
    assert "did not ask" in actual


def test_a_kernel_that_was_not_looked_at_twice_is_not_sealed() -> None:
    assert decided(lambda: require_sealed(looked_at(witnessed(AFTER, text=TEXT))))[0] is Outcome.BROKEN
