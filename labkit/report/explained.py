"""What a check asks and how it stands with it, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.rows import Explained
from labkit.model.verdict import EvidenceClass, Outcome
from labkit.report.terminal import READ, render_finding
from labkit.report.text import block, count_of, tame_line

_HOLDS = {
    EvidenceClass.TESTIMONY: "a program can print anything: believed only where printing it is the exercise",
    EvidenceClass.OBSERVER: "a student who is not root in the guest cannot change what is read there",
    EvidenceClass.WITNESS: "nothing in the guest has a say in what is read, not even root",
    EvidenceClass.SEALED: "not even a kernel module of the student's can make it up unseen",
    EvidenceClass.PHYSICAL: "the bytes themselves: what is there is there",
}


def render_explained(what: Explained) -> RenderableType:
    """The check, why its evidence is believed, its hint, and the last run's word on it."""
    worth = f"{count_of(what.points, 'point')} of {what.max_score}" if what.points else "shown, no points"
    head = Text.assemble((f"{tame_line(what.lab)} · {tame_line(what.check)}", "bold"), (f"  {worth}", "dim"))
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("asks", block(what.says))
    facts.add_row("evidence", block(f"{what.evidence.value}: {READ[what.evidence]}"))
    facts.add_row("", block(_HOLDS[what.evidence], "dim"))
    if what.reads:
        facts.add_row("looks at", block(what.reads))
    for sentence in what.needs:
        facts.add_row("first", block(sentence))
    if what.hint:
        facts.add_row("hint", block(what.hint, "italic"))
    parts: list[RenderableType] = [head, Padding(facts, (0, 0, 0, 2), expand=False), Text()]
    return Group(*parts, *_last(what))


def _last(what: Explained) -> list[RenderableType]:
    if what.finding is None:
        line = (
            f"No run of yours has looked at it yet: labkit start {what.lab}, then labkit run in that folder"
        )
        return [Text(line, style="dim")]
    told = Text(f"your last run, {tame_line(what.run)}", style="dim")
    if what.finding.outcome is Outcome.PASS:
        return [told.append(": it passed", style="green")]
    return [told, render_finding(what.finding)]
