"""What mmap() promised in the scene `kinds` under each vm.overcommit_memory."""

from __future__ import annotations

import re

from labkit.grade.judging import Decided, broken, partial, require_scene, stdout
from labkit.model.evidence import Evidence
from labkit.model.verdict import Judgement

from .reading import quoted, require_played, said, words

STEP = "overcommit"
REQUESTS = ("ask", "pieces", "huge", "noreserve", "readonly")
MODES = (0, 1, 2)
_LINE = re.compile(r"([012]) ([a-z]+) (works|fails)")


def overcommit(evidence: Evidence) -> Judgement:
    """You said which requests for address space the kernel grants under overcommit_memory 0, 1 and 2."""
    real = _table(evidence)
    mine = said(evidence)
    right = [name for name, row in real.items() if words(mine.of(STEP, name)) == row]
    off = [name for name in real if name not in right]
    expected = "; ".join(f"{name}: {quoted(row)}" for name, row in real.items())
    actual = f"{len(right)} of {len(real)} rows right" + (f"; off: {', '.join(off)}" if off else "")
    where = mine.show([(STEP, name) for name in right], [(STEP, name) for name in off])
    return partial(len(right) / len(real), expected, actual, where)


def _table(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """What src/asker.c got, by request, in the order of the modes."""
    lines = stdout(require_played(require_scene(evidence, "kinds"), STEP)).text.splitlines()
    cells = {(match[2], int(match[1])): match[3] for line in lines if (match := _LINE.fullmatch(line))}
    if cells.keys() != {(name, mode) for name in REQUESTS for mode in MODES}:
        raise Decided(broken("labkit's asker asks for all of it", f"it told of {len(cells)} cells"))
    return {name: tuple(cells[name, mode] for mode in MODES) for name in REQUESTS}
