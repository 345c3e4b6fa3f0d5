from __future__ import annotations

import pytest
from grade_values import EVENTS, evidence, scene

from labkit.grade.judging import Decided
from labkit.grade.relations import judge_relation
from labkit.model.evidence import AFTER, Evidence, SceneEnd
from labkit.model.lab import FileRelation, Relation, Scalar
from labkit.model.verdict import Judgement, Mark, Outcome

TEXT = "low 0\nhigh 0\nmax 41\noom 1\noom_kill 1\n"
RUN = evidence(
    scene(
        (EVENTS, TEXT),
        ("/sys/fs/cgroup/lab/memory.max", "104857600\n"),
        ("/sys/fs/cgroup/lab/memory.high", "max\n"),
        ("/proc/meminfo", "MemTotal:         488812 kB\nHugePages_Total:       8\n"),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ("/proc/swaps", None),
    )
)


def judged(
    path: str, relation: Relation, *value: Scalar, key: str = "", run: Evidence = RUN, name: str = "oom"
) -> Judgement:
    fact = FileRelation(scene=name, moment=AFTER, path=path, key=key, relation=relation, value=value)
    try:
        return judge_relation(fact, run)
    except Decided as decided:
        return decided.judgement


@pytest.mark.parametrize(
    ("path", "key", "relation", "value", "outcome"),
    [
        (EVENTS, "oom_kill", Relation.EQ, (1,), Outcome.PASS),
        (EVENTS, "oom_kill", Relation.NE, (1,), Outcome.FAIL),
        (EVENTS, "max", Relation.GE, (41,), Outcome.PASS),
        (EVENTS, "max", Relation.GE, (42,), Outcome.FAIL),
        (EVENTS, "max", Relation.LE, (41,), Outcome.PASS),
        (EVENTS, "max", Relation.BETWEEN, (1, 40), Outcome.FAIL),
        (EVENTS, "max", Relation.BETWEEN, (1, 41), Outcome.PASS),
        ("/proc/meminfo", "MemTotal", Relation.EQ, (488812,), Outcome.PASS),
        ("/proc/meminfo", "HugePages_Total", Relation.EQ, (8,), Outcome.PASS),
        ("/sys/fs/cgroup/{name}/memory.max", "", Relation.EQ, ("{limit}",), Outcome.PASS),
        ("/sys/fs/cgroup/{name}/memory.max", "", Relation.LE, ("{limit}",), Outcome.PASS),
        ("/sys/fs/cgroup/{name}/memory.high", "", Relation.EQ, ("max",), Outcome.PASS),
        ("/sys/fs/cgroup/{name}/memory.high", "", Relation.LE, ("{limit}",), Outcome.FAIL),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "", Relation.CONTAINS, ("[madvise]",), Outcome.PASS),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "", Relation.NE, ("never",), Outcome.PASS),
        ("/sys/kernel/mm/transparent_hugepage/enabled", "", Relation.MATCHES, (r"\[a.{5}\]",), Outcome.FAIL),
        (EVENTS, "", Relation.MATCHES, (r"^oom_kill \d{1,2}$",), Outcome.PASS),
    ],
)
def test_relations_hold_or_fail(
    path: str, key: str, relation: Relation, value: tuple[Scalar, ...], outcome: Outcome
) -> None:
    assert judged(path, relation, *value, key=key).outcome is outcome


def test_a_failed_relation_says_what_was_expected_what_was_found_and_where() -> None:
    judgement = judged(EVENTS, Relation.GE, 2, key="oom")
    assert judgement.expected == f"oom in {EVENTS} is at least 2"
    assert judgement.actual == "1"
    assert judgement.where is not None
    assert judgement.where.line == 4
    assert [(line.number, line.mark) for line in judgement.where.excerpt] == [
        (2, Mark.CONTEXT),
        (3, Mark.CONTEXT),
        (4, Mark.BAD),
        (5, Mark.CONTEXT),
    ]


def test_what_cannot_be_related_is_broken() -> None:
    assert judged(EVENTS, Relation.EQ, 1, key="oom_group_kill").outcome is Outcome.BROKEN
    assert judged("/proc/nothing", Relation.EQ, 1).outcome is Outcome.BROKEN
    assert judged(EVENTS, Relation.LE, "{unknown}", key="oom").outcome is Outcome.BROKEN
    assert judged(EVENTS, Relation.EQ, 1, key="oom", name="swap").outcome is Outcome.BROKEN
    thp = "/sys/kernel/mm/transparent_hugepage/enabled"
    assert judged(thp, Relation.GE, 1).outcome is Outcome.BROKEN


def test_a_file_recorded_as_absent_fails() -> None:
    assert judged("/proc/swaps", Relation.CONTAINS, "vdc").outcome is Outcome.FAIL


def test_a_file_that_a_panic_kept_from_being_captured_fails() -> None:
    run = evidence(scene(end=SceneEnd.PANICKED))
    assert judged(EVENTS, Relation.EQ, 1, key="oom", run=run).outcome is Outcome.FAIL
