"""Scene functions: a thousand questions of this seed, whose right answers never enter the guest.

A program's output is judged here, because it is the exercise: whoever prints these numbers has computed them.
"""

from __future__ import annotations

from labkit.grade.judging import partial
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .reading import questions
from .rules import answer


def buddies(evidence: Evidence) -> Judgement:
    """buddy() finds the one block with which another can merge."""
    return _answered(evidence, "buddy")


def splits(evidence: Evidence) -> Judgement:
    """split() says what goes back to the free lists, and in which order, when a larger block is halved."""
    return _answered(evidence, "split")


def merges(evidence: Evidence) -> Judgement:
    """merge() says what a freed block becomes, buddies free or not."""
    return _answered(evidence, "merge")


def _answered(evidence: Evidence, kind: str) -> Judgement:
    """All right earns all, three quarters right half: what gives back its input is right now and then."""
    source, asked, given = questions(evidence)
    ours = [number for number, question in enumerate(asked) if question.startswith(f"{kind} ")]
    wrong = [number for number in ours if given[number].split() != answer(asked[number]).split()]
    expected = f"{len(ours)} right answers"
    actual = f"{len(ours) - len(wrong)} of {len(ours)} are right"
    if wrong:
        first = wrong[0]
        actual += f"; '{asked[first]}' was answered '{given[first][:60]}', it is '{answer(asked[first])}'"
    share = (len(ours) - len(wrong)) / len(ours)
    where = source.show(bad=[number + 1 for number in wrong[:3]])
    return partial(1.0 if not wrong else 0.5 if share >= 0.75 else 0.0, expected, actual, where)
