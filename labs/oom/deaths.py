"""Which shortage kills a process and which one the machine: the scenes that panic, and those that do not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labkit.grade.judging import Decided, broken, failed, partial, passed, require_scene
from labkit.grade.parse.oom import OomKill
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import Evidence, SceneEnd, after_step
from labkit.model.verdict import Judgement

from .reading import kinds_seen, lone_kills, quoted, said, words

KILL, PANIC = "kill", "panic"
KINDS = ("global", "mempolicy", "memcg")
MODES = (0, 1, 2)
# What the scene `kinds` lived through, one after another (src/cells.sh). Each other cell has its own guest.
LIVING = ("global-0", "mempolicy-0", "mempolicy-1", "memcg-0", "memcg-1")
PRESS = after_step("press")
# What a scene says of its panic (scene.detail), in the words of mm/oom_kill.c, check_panic_on_oom().
_PANIC = re.compile(
    r"(?P<where>console\.log:\d+): Kernel panic - not syncing: "
    r"Out of memory: (?P<word>system-wide|compulsory) panic_on_oom is enabled"
)


def panic(evidence: Evidence) -> Judgement:
    """You said under which vm.panic_on_oom each kind of shortage ends a process, under which the machine."""
    living = lone_kills(kinds_seen(evidence))
    ends = {f"{kind}-{mode}": _end(evidence, f"{kind}-{mode}", living) for kind in KINDS for mode in MODES}
    real = {kind: tuple(PANIC if ends[f"{kind}-{mode}"] else KILL for mode in MODES) for kind in KINDS}
    mine = said(evidence)
    right = [kind for kind, row in real.items() if words(mine.of(kind, "panic_on_oom")) == row]
    off = [kind for kind in KINDS if kind not in right]
    expected = "; ".join(f"{kind}: {quoted(row)}" for kind, row in real.items())
    actual = f"{len(right)} of {len(KINDS)} rows right" + (f"; off: {', '.join(off)}" if off else "")
    actual += "; panicked: " + ", ".join(told for told in ends.values() if told)
    where = mine.show([(kind, "panic_on_oom") for kind in right], [(kind, "panic_on_oom") for kind in off])
    return partial(len(right) / len(KINDS), expected, actual, where)


def _end(evidence: Evidence, cell: str, living: Mapping[str, OomKill]) -> str:
    """Where and how a cell's guest panicked, nothing if a process was killed. Broken if it was neither."""
    if cell in LIVING:
        kills = living
    else:
        scene = require_scene(evidence, cell)
        if scene.end is SceneEnd.PANICKED:
            told = _PANIC.fullmatch(scene.detail)
            if told is None:
                raise Decided(broken(f"guest '{cell}' panics because it is told to", scene.detail))
            return f"{cell}/{told['where']} ({told['word']})"
        kills = lone_kills(require_reading(scene, PRESS))
    if cell not in kills:
        raise Decided(broken(f"memory runs out for '{cell}'", "neither a kill nor a panic"))
    return ""


def sysrq(evidence: Evidence) -> Judgement:
    """You said whether an OOM kill that root asks for by hand panics where panic_on_oom is 2."""
    seen = kinds_seen(evidence)  # this guest lived on
    killed = lone_kills(seen).get("sysrq")
    if killed is None:
        return broken("sysrq f kills labkit's process 'sysrq'", "it killed nobody")
    mine = said(evidence).answers
    word = mine.values.get("sysrq_panics")
    actual = f"sysrq_panics is {word!r}; the kernel killed '{killed.comm}', and the guest went on"
    where = mine.show("sysrq_panics", right=word is False)
    return (passed if word is False else failed)("sysrq_panics = false", actual, where)
