"""Scene kinds: memory runs out in four ways; what the kernel calls it, and whom it kills first."""

from __future__ import annotations

from labkit.grade.judging import Decided, broken, failed, partial, passed
from labkit.grade.parse.oom import OomKill
from labkit.grade.witnessed import Seen
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .reading import KINDS, event_kills, kinds_seen, lone_kills, lone_victims, said
from .stage import actors

HOG = "hog"  # of the events, by event.sh


def constraints(evidence: Evidence) -> Judgement:
    """You said which word the kernel has for each kind of shortage."""
    told = lone_victims(kinds_seen(evidence))
    missing = [kind for kind in KINDS if f"{kind}-0" not in told]
    if missing:
        raise Decided(broken(f"a report about the hog '{missing[0]}-0'", "the kernel's log has none"))
    return _table(evidence, "constraint", {kind: told[f"{kind}-0"].constraint for kind in KINDS})


def victims(evidence: Evidence) -> Judgement:
    """You said whom the kernel kills first in each kind of shortage."""
    seen = kinds_seen(evidence)
    return _table(evidence, "victim", {kind: _deaths(evidence, seen, kind)[0].comm for kind in KINDS})


def _table(evidence: Evidence, name: str, real: dict[str, str]) -> Judgement:
    """A share for each kind whose answer is what the kernel did."""
    mine = said(evidence)
    right = [kind for kind, word in real.items() if mine.of(kind, name) == word]
    off = [kind for kind in real if kind not in right]
    expected = ", ".join(f"{kind}: {word}" for kind, word in real.items())
    actual = f"{len(right)} of {len(real)} right"
    if off:
        actual += "; off: " + ", ".join(f"{kind}: {mine.of(kind, name) or 'nothing'}" for kind in off)
    where = mine.show([(kind, name) for kind in right], [(kind, name) for kind in off])
    return partial(len(right) / len(real), expected, actual, where)


def _deaths(evidence: Evidence, seen: Seen, kind: str) -> tuple[OomKill, ...]:
    """Who died in an event, the hog included; somebody did."""
    names = {actor.name for actor in actors(evidence.request.parameters)}
    found = event_kills(seen, kind)
    strangers = [kill.comm for kill in found if kill.comm not in names | {HOG}]
    if not found or strangers:
        what = f"killed a stranger: {strangers[0]}" if strangers else "killed nobody"
        raise Decided(broken(f"labkit's event '{kind}' kills among its own", what))
    return found


def strict(evidence: Evidence) -> Judgement:
    """You said whether strict accounting keeps the OOM killer away from a cgroup that is full."""
    seen = kinds_seen(evidence)
    killed = lone_kills(seen).get("strict-2")
    mine = said(evidence)
    word = mine.answers.values.get("strict_kills")
    where = mine.answers.show("strict_kills", right=word is (killed is not None))
    expected = f"strict_kills = {'true' if killed else 'false'}"
    actual = f"strict_kills is {word!r}; the hog was {'killed' if killed else 'not killed'} under mode 2"
    return (passed if word is (killed is not None) else failed)(expected, actual, where)


def bystanders(evidence: Evidence) -> Judgement:
    """Processes without a page on the node that ran out are killed for it, which helps nobody.

    All five have their memory on node 0. That the policy of some lets them go to node 1 is enough.
    """
    seen = kinds_seen(evidence)
    found = _deaths(evidence, seen, "mempolicy")
    actual = "killed when node 1 ran out: " + ", ".join(kill.comm for kill in found)
    where = seen.log_source().show(good=[kill.line for kill in found])
    expected = "several bystanders, and at last the hog itself"
    if len(found) > 1 and found[-1].comm == HOG:
        return passed(expected, actual, where)
    return failed(expected, actual, where)
