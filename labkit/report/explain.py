"""Explained → a page: what the check asks, where its facts come from, and what became of it in a run."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.explained import Explained
from labkit.model.verdict import EvidenceClass, Finding, Outcome
from labkit.report.terminal import READ, WORD, place_of, render_excerpt
from labkit.report.text import block, count_of, oneline, points, tame_line

_WHO = {
    EvidenceClass.TESTIMONY: "whoever runs in the guest could have printed it",
    EvidenceClass.OBSERVER: "a program without root's rights cannot change what it reads",
    EvidenceClass.WITNESS: "no program in the guest, root's neither, can change what it reads",
    EvidenceClass.SEALED: "code in the kernel would be noticed if it changed the kernel or its books",
    EvidenceClass.PHYSICAL: "not even the kernel can say a page is where it is not",
}


def render_explained(what: Explained) -> RenderableType:
    """The page: what is asked, then the run, then the hint."""
    worth = "shown, worth no points" if not what.points else count_of(what.points, "point")
    head = Text.assemble((tame_line(what.id), "bold"), f" · {tame_line(what.lab)}, {tame_line(what.title)}")
    parts: list[RenderableType] = [head.append(f" · {worth}", "dim"), Text(), block(what.says, "bold")]
    parts += [block(text) for text in what.more]
    facts = _facts()
    if what.finding is not None:
        _run(facts, what.finding)
    for text in what.looks:
        facts.add_row("looks at", block(text))
    facts.add_row("evidence", block(f"{what.evidence.value}: {READ[what.evidence]}; {_WHO[what.evidence]}"))
    if what.needs:
        facts.add_row("after", block(f"{', '.join(what.needs)}: it is blocked until that passes"))
    if what.hint:
        facts.add_row("hint", block(what.hint, "italic"))
    _ideas(facts, what)
    parts += [Text(), Padding(facts, (0, 0, 0, 2), expand=False), Text(), _more(what)]
    return Group(*parts)


def _facts() -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    return facts


def _run(facts: Table, finding: Finding) -> None:
    word, style = WORD[finding.outcome]
    got = "" if finding.points is None or not finding.max_points else f", {points(finding.points)} points"
    facts.add_row("this run", Text.assemble((word, style), got))
    if finding.expected and finding.outcome is not Outcome.BLOCKED:
        facts.add_row("expected", block(finding.expected))
    if finding.actual:
        facts.add_row("actual", block(finding.actual))
    if finding.where is not None:
        facts.add_row("where", Text(place_of(finding)))
        if finding.where.excerpt:
            facts.add_row("", render_excerpt(finding.where.excerpt))


def _ideas(facts: Table, what: Explained) -> None:
    """Wrong ideas: which they are after a pass, before it only how many."""
    for at, idea in enumerate(what.wrongs):
        facts.add_row("" if at else "fails who", block(idea))
    if what.unsaid:
        known = count_of(what.unsaid, "wrong idea")
        verb = "is" if what.unsaid == 1 else "are"
        facts.add_row("wrong ideas", f"{known} {verb} known to fail it; you are told which when yours passes")


def _more(what: Explained) -> RenderableType:
    if what.run is None:
        run = shlex.join(["labkit", "run", what.lab])
        return oneline(f"no run to tell of: `{run}` in your working folder makes one", "dim")
    return oneline(f"the whole run: {shlex.join(['labkit', 'show', str(what.run)])}", "dim")
