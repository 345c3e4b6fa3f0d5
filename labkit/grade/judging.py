"""The words in which a lab's checks.py speaks.

A check is a function of Evidence that returns passed(...), partial(...) or failed(...). The require_
functions end it early with Decided: *failed* where the student's guest is the reason, *broken* where labkit
is, so that no check makes a grade out of evidence that is not there. Any other exception is *broken* too.

    def the_hog_is_killed(evidence: Evidence) -> Judgement:
        scene = require_scene(evidence, "oom")
        events = require_file(scene, "/sys/fs/cgroup/lab/memory.events")
        kills = parse_key_values(events.text)["oom_kill"]
        where = events.show(good=[events.line_of("oom_kill ")])
        ...
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labkit.grade.source import Source, source_of_records, source_of_text
from labkit.model.evidence import AFTER, Evidence, SceneEnd, SceneEvidence, StepResult
from labkit.model.verdict import Judgement, Outcome, Where

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

GUEST_FELL = {
    SceneEnd.PANICKED: "the guest's kernel panicked",
    SceneEnd.OOPSED: "the guest's kernel oopsed",
    SceneEnd.HUNG: "the guest stopped answering",
    SceneEnd.LOST: "the guest was gone before its time",
}


class Decided(Exception):
    """The judgement is made already; grading takes it as if the check had returned it."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.actual)
        self.judgement = judgement


def passed(expected: str, actual: str, where: Where | None = None) -> Judgement:
    return Judgement(outcome=Outcome.PASS, expected=expected, actual=actual, where=where, fraction=1.0)


def failed(expected: str, actual: str, where: Where | None = None, hint: str = "") -> Judgement:
    """An empty hint leaves the check's own."""
    return Judgement(outcome=Outcome.FAIL, expected=expected, actual=actual, where=where, hint=hint)


def partial(
    fraction: float, expected: str, actual: str, where: Where | None = None, hint: str = ""
) -> Judgement:
    """A share of the points: 0 fails, 1 passes."""
    if fraction >= 1.0:
        return passed(expected, actual, where)
    if fraction <= 0.0:
        return failed(expected, actual, where, hint)
    return Judgement(
        outcome=Outcome.PARTIAL,
        expected=expected,
        actual=actual,
        where=where,
        fraction=fraction,
        hint=hint,
    )


def unsupported(expected: str, actual: str, where: Where | None = None) -> Judgement:
    """This host or kernel cannot; the run is then ungraded."""
    return Judgement(outcome=Outcome.UNSUPPORTED, expected=expected, actual=actual, where=where)


def broken(expected: str, actual: str, where: Where | None = None) -> Judgement:
    """labkit's fault or the lab author's, never the student's; the run is then ungraded."""
    return Judgement(outcome=Outcome.BROKEN, expected=expected, actual=actual, where=where)


def require_scene(evidence: Evidence, name: str) -> SceneEvidence:
    """The scene, which may have ended in a panic: that is evidence. Broken if labkit lost it."""
    expected = f"evidence of scene '{name}'"
    scene = evidence.scene(name)
    if scene is None:
        raise Decided(broken(expected, "the run folder has none"))
    if scene.end in (SceneEnd.BROKEN, SceneEnd.INTERRUPTED):
        raise Decided(broken(expected, f"the scene is {scene.end.value}: {scene.detail}"))
    return scene


def require_completed(evidence: Evidence, name: str) -> SceneEvidence:
    """The scene, lived through to its end. Failed if its guest panicked, hung or was lost."""
    scene = require_scene(evidence, name)
    if scene.end is not SceneEnd.COMPLETED:
        raise Decided(fell(scene, "a guest that lives to the end of the scene"))
    return scene


def require_file(
    scene: SceneEvidence, path: str, moment: str = AFTER, *, absent: Outcome = Outcome.FAIL
) -> Source:
    """A captured file.

    Recorded as not there in the guest: `absent` (FAIL: the student was to make it, or removed it; BROKEN for
    what every guest has). Never captured: failed if the guest fell before, else broken. Cut: broken.
    """
    expected = f"{path} ({moment})"
    captured = scene.file(path, moment)
    if captured is None:
        if scene.end is not SceneEnd.COMPLETED:
            raise Decided(fell(scene, expected))
        raise Decided(broken(expected, f"scene '{scene.name}' captured no such file"))
    where = Where(path=captured.where)
    if captured.text is None:
        gone = Judgement(
            outcome=absent, expected=f"{expected} exists", actual="the guest has no such file", where=where
        )
        raise Decided(gone)
    if captured.cut:
        raise Decided(broken(f"{expected}, whole", "it was cut at labkit's cap", where))
    return source_of_text(captured.where, captured.text)


def require_step(scene: SceneEvidence, name: str) -> StepResult:
    """A step's result. A step that never began: failed if the guest fell, else broken."""
    step = scene.step(name)
    if step is not None:
        return step
    if scene.end is not SceneEnd.COMPLETED:
        raise Decided(fell(scene, f"step '{name}' runs"))
    raise Decided(broken(f"step '{name}' runs", f"scene '{scene.name}' recorded no such step"))


def ending(step: StepResult) -> str:
    """How a step ended, with the last thing it complained of."""
    if step.timed_out:
        return f"step '{step.name}' had not ended after {step.seconds:.0f} s"
    told = step.stderr.strip().splitlines()
    return f"step '{step.name}' ended with status {step.status}" + (f": {told[-1]}" if told else "")


def fell(scene: SceneEvidence, expected: str) -> Judgement:
    """Failed, because the guest panicked, hung or was lost; points at the end of its console."""
    tail = source_of_text(f"{scene.name}/console-tail.txt", scene.console_tail)
    last = tail.lines[-1][0] if tail.lines else None
    at = tail.line_of("Kernel panic - not syncing") or last
    actual = GUEST_FELL.get(scene.end, scene.end.value)
    return failed(expected, f"{actual} ({scene.detail})" if scene.detail else actual, tail.show(bad=[at]))


def kernel_log(scene: SceneEvidence) -> Source:
    """What the kernel itself logged; lines that a program wrote to /dev/kmsg are not in it."""
    return source_of_records(f"{scene.name}/dmesg.jsonl", scene.kernel_log)


def stdout(step: StepResult) -> Source:
    """A step's output. Testimony: a program can print anything."""
    return source_of_text(f"{step.where}/stdout", step.stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A submitted TOML file of answers. What is missing or of another kind fails the check, at its line."""

    source: Source
    values: dict[str, object]

    def integer(self, key: str) -> int:
        value = self.values.get(key)
        if type(value) is not int:
            raise Decided(self._wrong(key, "a whole number"))
        return value

    def word(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str):
            raise Decided(self._wrong(key, "a text in quotes"))
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Decided(self._wrong(key, "a list of texts, such as ['a', 'b']"))
        return tuple(value)

    def line_of(self, key: str) -> int | None:
        """The line that begins with `key =`."""
        return self.source.line_of(lambda line: line.split("=")[0].strip() == key)

    def show(self, key: str, *, right: bool) -> Where:
        """Point at an answer."""
        line = self.line_of(key)
        return self.source.show(good=[line]) if right else self.source.show(bad=[line])

    def _wrong(self, key: str, kind: str) -> Judgement:
        expected = f"{key} = {kind}"
        if key not in self.values:
            return failed(expected, "no such answer", self.source.show(missing=[f"{key} ="]))
        return failed(expected, f"{self.values[key]!r}", self.show(key, right=False))


def predicted(
    said: Answers, truth: Mapping[str, object], same: Callable[[object, object], bool], note: str = ""
) -> Judgement:
    """A share of the points for each answer that is the `same` as what came true, pointed at line by line."""
    right = [name for name, real in truth.items() if same(said.values.get(name), real)]
    off = [name for name in truth if name not in right]
    expected = ", ".join(f"{name} = {_plain(real)}" for name, real in truth.items()) + note
    actual = f"{len(right)} of {len(truth)} right"
    if off:
        actual += "; off: " + ", ".join(f"{name} {said.values.get(name, 'missing')}" for name in off)
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in off],
        missing=[f"{name} =" for name in off if name not in said.values],
    )
    return partial(len(right) / len(truth), expected, actual, where)


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def answers(evidence: Evidence, name: str) -> Answers:
    """The submission's answers file. Failed if it was not handed in or is no TOML."""
    text = evidence.request.submission.get(name)
    path = f"submission/{name}"
    if text is None:
        raise Decided(failed(f"{name} is handed in", "it is not in the submission"))
    source = source_of_text(path, text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Decided(failed(f"{name} is TOML", str(error), Where(path=path))) from error
    return Answers(source=source, values=values)
