"""Scene choice: who is chosen when the whole machine runs out, and what the course says of it."""

from __future__ import annotations

from labkit.grade.judging import (
    Decided,
    answers,
    broken,
    ending,
    failed,
    partial,
    passed,
    require_completed,
    require_step,
)
from labkit.grade.parse.oom import OomKill
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement

from .herd import PLAN_BOUND, Member, key
from .reading import census, deaths, herd_of, members, oom_score

FIRST_ACT, SECOND_ACT, THE_END = map(after_step, ("first-act", "second-act", "plan-pressure"))
CANDIDATES = 4  # the presser's count in the first act
PLAN_KILLS = 3  # and in the second
# A prediction counts within 10 points: the kernels differ by 2 % of the total (1 point from the middle), a
# process has up to 1 MiB of program and page tables beside its memory (3 points); the course's formula is
# hundreds away, a root bonus of 3 % would be 20.
SCORE_TOLERANCE = 10
# Two readings of two equal processes: of their page counters 6.1 leaves up to 63 pages in the task
# (TASK_RSS_EVENTS_THRESH), 6.12 up to 31 on each CPU (percpu_counter_batch): half a point of 66,000 pages,
# and the result is rounded down.
TWIN_TOLERANCE = 1
# The formula against the kernel: rounding of the two divisions, the same batching, VmPTE in whole KiB.
FORMULA_TOLERANCE = 3


def scores(evidence: Evidence) -> Judgement:
    """You said which oom_score each of the seven processes shows before memory runs out."""
    real = _scores(require_reading(require_completed(evidence, "choice"), FIRST_ACT), members(evidence))
    said = answers(evidence, "predictions.toml")
    table = said.values.get("scores")
    if not isinstance(table, dict):
        return failed("a table [scores]", "there is none", said.source.show(missing=["[scores]"]))
    names = [member.name for member in members(evidence)]
    right: list[str] = []
    off: list[str] = []
    for name in names:
        guess = table.get(name)
        near = type(guess) is int and abs(guess - real[name]) <= SCORE_TOLERANCE
        (right if near else off).append(name)
    expected = ", ".join(f"{name} {real[name]}" for name in names) + f" (each ± {SCORE_TOLERANCE})"
    actual = ", ".join(f"{name} {table.get(name, 'missing')}" for name in off)
    actual = f"{len(right)} of {len(names)} right" + (f"; off: {actual}" if off else "")
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in off],
        missing=[f"{name} =" for name in off if name not in table],
    )
    return partial(len(right) / len(names), expected, actual, where)


def order(evidence: Evidence) -> Judgement:
    """You said in which order the kernel kills the first four."""
    scene = require_completed(evidence, "choice")
    rows = herd_of(require_reading(scene, FIRST_ACT))
    _presser_done(scene, "pressure")
    died = [kill.comm for kill in deaths(require_reading(scene, THE_END), rows)][:CANDIDATES]
    said = answers(evidence, "predictions.toml")
    predicted = said.words("order")
    agree = 0
    for mine, its in zip(predicted, died, strict=False):
        if mine != its:
            break
        agree += 1
    expected = "killed in this order: " + ", ".join(died)
    actual = "predicted: " + ", ".join(predicted)
    if agree < CANDIDATES:
        actual += f" (right up to number {agree})" if agree else " (wrong from the first on)"
    return partial(agree / CANDIDATES, expected, actual, said.show("order", right=agree == CANDIDATES))


def plan_first(evidence: Evidence) -> Judgement:
    """Under your plan the process that the handout names dies first."""
    scene, first, _, dead = _second_act(evidence)
    expected = f"the first to be killed is '{first}'"
    actual = "killed: " + ", ".join(kill.comm for kill in dead)
    log = require_reading(scene, THE_END).log_source()
    if dead[0].comm == first:
        return passed(expected, actual, log.show(good=[dead[0].line]))
    return failed(expected, actual, log.show(bad=[dead[0].line]))


def plan_lives(evidence: Evidence) -> Judgement:
    """Under your plan the process that the handout names outlives three kills."""
    scene, _, lives, dead = _second_act(evidence)
    expected = f"'{lives}' is not among the first {PLAN_KILLS} to be killed"
    actual = "killed: " + ", ".join(kill.comm for kill in dead)
    log = require_reading(scene, THE_END).log_source()
    fatal = [kill.line for kill in dead if kill.comm == lives]
    if not fatal:
        return passed(expected, actual, log.show(good=[kill.line for kill in dead]))
    return failed(expected, actual, log.show(bad=fatal))


def _second_act(evidence: Evidence) -> tuple[SceneEvidence, str, str, tuple[OomKill, ...]]:
    """The scene, who must die first, who must live, and the kills under a plan that keeps the rules."""
    facts = key(evidence.request.parameters)  # type: ignore[arg-type]
    first, lives = str(facts["plan_first"]), str(facts["plan_lives"])
    plan = _lawful_plan(evidence, first, lives)
    scene = require_completed(evidence, "choice")
    rows = herd_of(require_reading(scene, SECOND_ACT))
    applied = {name: rows[name].oom_score_adj for name in plan if name in rows}
    if applied != plan:
        raise Decided(broken(f"labkit applies the plan {plan}", f"it applied {applied}"))
    _presser_done(scene, "plan-pressure")
    return scene, first, lives, deaths(require_reading(scene, THE_END), rows)[:PLAN_KILLS]


def _lawful_plan(evidence: Evidence, first: str, lives: str) -> dict[str, int]:
    said = answers(evidence, "plan.toml")
    rule = f"[adj] sets '{first}' and '{lives}' only, each from {-PLAN_BOUND} to {PLAN_BOUND}"
    table = said.values.get("adj")
    if not isinstance(table, dict):
        raise Decided(failed(rule, "there is no table [adj]", said.source.show(missing=["[adj]"])))
    for name, value in table.items():
        lawful = name in (first, lives) and type(value) is int and abs(value) <= PLAN_BOUND
        if not lawful:
            where = said.source.show(bad=[said.line_of(name)])
            raise Decided(
                failed(rule, f"{name} = {value}", where, hint="The handout states what a plan may do.")
            )
    return table


def _presser_done(scene: SceneEvidence, step: str) -> None:
    """labkit's own pressure counted its kills; else nothing can be said about an order."""
    result = require_step(scene, step)
    if result.status != 0:
        raise Decided(broken("labkit's presser counts its kills and stops", ending(result)))


def twins_equal(evidence: Evidence) -> Judgement:
    """Neither root nor age counts: root's old process and nobody's young one of one size score the same."""
    source, rows = census(require_completed(evidence, "choice"), "first-act")
    first, *_, last = members(evidence)
    elder, junior = rows[first.name], rows[last.name]
    expected = f"|{elder.name} - {junior.name}| ≤ {TWIN_TOLERANCE}"
    actual = (
        f"{elder.name} (uid {elder.uid}, started at tick {elder.start}): {elder.score}; "
        f"{junior.name} (uid {junior.uid}, tick {junior.start}): {junior.score}"
    )
    if abs(elder.score - junior.score) <= TWIN_TOLERANCE:
        return passed(expected, actual, source.show(good=[elder.line, junior.line]))
    return failed(expected, actual, source.show(bad=[elder.line, junior.line]))


def biggest_lives(evidence: Evidence) -> Judgement:
    """The biggest process outlives four kills: policy goes before size."""
    scene = require_completed(evidence, "choice")
    before = herd_of(require_reading(scene, FIRST_ACT))
    seen = require_reading(scene, SECOND_ACT)
    biggest = max((before[member.name] for member in members(evidence)), key=lambda task: task.rss)
    expected = f"'{biggest.comm}' ({biggest.rss >> 20} MiB, oom_score_adj {biggest.oom_score_adj}) lives"
    alive = [task for task in seen.named(biggest.comm) if task.pid == biggest.pid]
    return passed(expected, "it lives", seen.show(good=alive)) if alive else failed(expected, "it is gone")


def formula_holds(evidence: Evidence) -> Judgement:
    """Every score is (1000 + 1000 × (rss + page tables + swap) / (RAM + swap) + oom_score_adj) × 2/3.

    The guest's own /proc says the score, the host reads what the formula is made of.
    """
    scene = require_completed(evidence, "choice")
    source, rows = census(scene, "first-act")
    real = _scores(require_reading(scene, FIRST_ACT), members(evidence))
    shown = [rows[name] for name in real]
    off = [row for row in shown if abs(row.score - real[row.name]) > FORMULA_TOLERANCE]
    expected = ", ".join(f"{name} {score}" for name, score in real.items())
    actual = ", ".join(f"{row.name} {row.score}" for row in shown)
    if off:
        return failed(expected, actual, source.show(bad=[row.line for row in off]))
    return passed(expected, actual, source.show(good=[row.line for row in shown]))


def _scores(seen: Seen, wanted: tuple[Member, ...]) -> dict[str, int]:
    """What the kernel would show of each, by name. Broken where labkit's herd is not whole."""
    rows = herd_of(seen)
    missing = [member.name for member in wanted if member.name not in rows]
    if missing:
        raise Decided(broken("labkit's seven processes", f"'{missing[0]}' is not there"))
    return {member.name: oom_score(rows[member.name], seen.totals) for member in wanted}
