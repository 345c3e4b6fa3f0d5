"""Evidence of a trial → its metrics, and whether they may be believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from labkit.design.knobs import complaint, effective
from labkit.model.experiment import Experiment, Kind, Metric, Place, Source
from labkit.model.formula import Value
from labkit.model.trial import End, Row, Trial

_OUTPUT = re.compile(r"^([a-z][a-z0-9_]*)=(-?\d+(?:\.\d+)?)$", re.MULTILINE)
_SETS = (
    End.COMPLETED,
    End.OUT_OF_MEMORY,
    End.ENOMEM,
    End.FAILED,
    End.TIMED_OUT,
)  # ends whose guest could still be read


def analyse(experiment: Experiment, trial: Trial) -> Row:
    """A trial's metrics. One whose knobs did not take, or in which an invariant does not hold, is INVALID."""
    values = measure(experiment, trial) if trial.end in _SETS else dict.fromkeys(_names(experiment))
    end, why = trial.end, trial.detail
    if problem := _why_invalid(experiment, trial, values):
        end, why = End.INVALID, problem
    found = {reading.name: effective(reading) for reading in trial.readings}
    return Row(trial=trial, end=end, why=why, values=values, effective=found)


def measure(experiment: Experiment, trial: Trial) -> dict[str, float | None]:
    """Each metric's number; None where the guest did not tell it."""
    said = {word: float(number) for word, number in _OUTPUT.findall(trial.stdout)}
    found: dict[str, float | None] = {}
    for metric in experiment.metrics:
        known: dict[str, Value] = {**trial.levels, **found}
        found[metric.name] = _value(metric, trial, said, known)
    return found


def _value(
    metric: Metric, trial: Trial, said: Mapping[str, float], known: Mapping[str, Value]
) -> float | None:
    if metric.source is Source.OUTPUT:
        return said.get(metric.word)
    if metric.source is Source.FORMULA:
        assert metric.formula is not None
        return metric.formula.value(known)
    assert metric.place is not None
    after = number_at(trial.after, metric.place)
    if metric.source is Source.GAUGE or after is None:
        return after
    before = number_at(trial.before, metric.place)
    return None if before is None else after - before


def _why_invalid(experiment: Experiment, trial: Trial, values: Mapping[str, Value]) -> str:
    knobs = {knob.name: knob for knob in experiment.knobs}
    for reading in trial.readings:
        if problem := complaint(knobs[reading.name], reading):
            return problem
    for factor in experiment.factors:
        word = factor.target.replace("{}", str(trial.levels.get(factor.name, "")))
        if factor.kind is Kind.CMDLINE and trial.cmdline and word not in trial.cmdline.split():
            return f"{factor.name}: the guest was not booted with {word}"
    if trial.end is not End.COMPLETED:
        return ""
    for invariant in experiment.invariants:
        if not invariant.holds.holds({**trial.levels, **values}):
            return f"{invariant.says}: {invariant.holds.text} does not hold"
    return ""


def number_at(files: Mapping[str, str], place: Place) -> float | None:
    """The number of a place in files by path; one in kB is told in bytes."""
    text = files.get(place.path)
    if text is None:
        return None
    if not place.key:
        words = text.split()
        return float(words[0]) * place.scale if words and re.fullmatch(r"-?\d+", words[0]) else None
    match = _pattern(place.key).search(text)
    return None if match is None else float(match[1]) * (1024 if match[2] else 1) * place.scale


@lru_cache(maxsize=1000)
def _pattern(key: str) -> re.Pattern[str]:
    """A key, by itself or behind a node's name, before its number: 'pgfault 12', 'Node 0 MemFree: 12 kB'."""
    return re.compile(
        rf"^(?:Node\s+\d+[\s,]+)?{re.escape(key)}[:=]?\s*(-?\d+(?:\.\d+)?)(\s+kB)?\b", re.MULTILINE
    )


def _names(experiment: Experiment) -> list[str]:
    return [metric.name for metric in experiment.metrics]
