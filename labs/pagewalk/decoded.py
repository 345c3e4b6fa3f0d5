"""The student's decoder: a line of answers for each line of entries, held against what the host found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labkit.grade.judging import Decided, broken, failed, passed, require_completed, require_step, stdout
from labkit.grade.source import Source
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement
from labkit.model.witness import PAGE

from .walks import FIVE, FOUR, Spot, spots

NOTHING = "-"
Wanted = Callable[[Spot], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the decoder said of one address: words `key=value`, none of them twice."""

    spot: Spot
    number: int
    said: dict[str, str]

    def agrees(self, wanted: dict[str, str]) -> bool:
        return all(_same(key, self.said.get(key), value) for key, value in wanted.items())


def indices(evidence: Evidence) -> Judgement:
    """Your decoder takes each address apart: an index for every level, from the top down."""
    return _judged(evidence, FOUR, lambda _: True, _indices)


def leaf(evidence: Evidence) -> Judgement:
    """It says which entry leads to a page, a small one or a huge one, and where there is none."""
    return _judged(evidence, FOUR, lambda spot: not _hidden(spot), _leaf)


def frames(evidence: Evidence) -> Judgement:
    """It finds the frame of each small page: the one that the host found when it walked the tables itself."""
    return _judged(evidence, FOUR, _small, _frame)


def contents(evidence: Evidence) -> Judgement:
    """At the physical address that it gives the host finds what the program wrote."""
    return _judged(evidence, FOUR, lambda spot: _small(spot) and spot.place is not None, _content)


def flags(evidence: Evidence) -> Judgement:
    """It names the flags of each small page."""
    return _judged(evidence, FOUR, _small, _flags)


def huge(evidence: Evidence) -> Judgement:
    """It knows a huge page: the leaf is one level up, and the offset has 21 bits."""
    return _judged(
        evidence, FOUR, lambda spot: spot.huge, lambda spot: _frame(spot) | _content(spot) | _flags(spot)
    )


def protnone(evidence: Evidence) -> Judgement:
    """It finds the page that nobody may access: it is there, and its frame stands inverted in the entry."""
    return _judged(evidence, FOUR, _hidden, lambda spot: _frame(spot) | _content(spot))


def five_levels(evidence: Evidence) -> Judgement:
    """It does all of that on a processor with five levels, too."""

    def wanted(spot: Spot) -> dict[str, str]:
        if spot.leaf is None:
            return _indices(spot) | _leaf(spot)
        return _indices(spot) | _frame(spot) | (_flags(spot) if spot.present else {})

    return _judged(evidence, FIVE, lambda _: True, wanted)


def _small(spot: Spot) -> bool:
    return spot.present and not spot.huge


def _hidden(spot: Spot) -> bool:
    return spot.leaf is not None and not spot.present


def _indices(spot: Spot) -> dict[str, str]:
    return {"index": ",".join(map(str, spot.indices))}


def _leaf(spot: Spot) -> dict[str, str]:
    if spot.leaf is None:
        return {"leaf": "none", "pfn": NOTHING, "phys": NOTHING}
    return {"leaf": "pmd" if spot.huge else "pte"}


def _frame(spot: Spot) -> dict[str, str]:
    return _leaf(spot) | {"pfn": str(spot.frame)}


def _content(spot: Spot) -> dict[str, str]:
    if spot.place is None:
        raise Decided(broken(f"the tag of page '{spot.name}'", "the host did not find it in just one frame"))
    return {"phys": hex(spot.place * PAGE + spot.address % PAGE)}


def _flags(spot: Spot) -> dict[str, str]:
    return {"flags": ",".join(sorted(spot.flags))}


def _judged(evidence: Evidence, scene: str, chosen: Callable[[Spot], bool], wanted: Wanted) -> Judgement:
    """Each of the chosen lines is right in all that is wanted of it: who says the same of every entry, and is
    right of some, has decoded none.
    """
    lines, said = _decoded(evidence, scene)
    asked = [line for line in lines if chosen(line.spot)]
    if not asked:
        raise Decided(broken("entries of this kind", f"the guest '{scene}' had none"))
    right = [line for line in asked if line.agrees(wanted(line.spot))]
    off = [line for line in asked if line not in right]
    actual = f"{len(right)} of {len(asked)} lines right"
    shown = off[0] if off else asked[0]
    expected = f"line {shown.number}, {shown.spot.address:#x}: {_words(wanted(shown.spot))}"
    if off:
        known = {key: shown.said.get(key, "nothing") for key in wanted(shown.spot)}
        actual += f"; line {shown.number}: {_words(known)}"
        return failed(expected, actual, said.show(bad=_numbers(off[:3])))
    return passed(expected, actual, said.show(good=_numbers(right[:3])))


def _decoded(evidence: Evidence, scene: str) -> tuple[list[Line], Source]:
    """The decoder's lines, one for each of the addresses. Failed when it did not end well."""
    step = require_step(require_completed(evidence, scene), "decode")
    asked = spots(evidence, scene)
    said = stdout(step)
    if step.status != 0 or step.timed_out or len(said.lines) != len(asked):
        told = step.stderr.strip().splitlines()
        actual = f"{len(said.lines)} lines, status {step.status}" + (f": {told[-1]}" if told else "")
        raise Decided(failed(f"decode ends with 0 and prints {len(asked)} lines, one for each", actual))
    lines = [
        Line(spot=spot, number=number, said=_parsed(text))
        for spot, (number, text) in zip(asked, said.lines, strict=True)
    ]
    return lines, said


def _parsed(text: str) -> dict[str, str]:
    """What is said twice is not said: an answer is one."""
    pairs = [word.split("=", 1) for word in text.split() if "=" in word]
    keys = [pair[0] for pair in pairs]
    return {key: value for key, value in pairs if keys.count(key) == 1}


def _same(key: str, said: str | None, wanted: str) -> bool:
    if said is None:
        return False
    if key == "flags":
        return sorted(said.split(",")) == sorted(wanted.split(","))
    if key == "phys" and wanted != NOTHING:
        return said.lower() == wanted
    return said == wanted


def _words(pairs: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in pairs.items())


def _numbers(lines: Sequence[Line]) -> list[int]:
    return [line.number for line in lines]
