"""Hallway: the page of a run, report.html, beside its verdict. For people: no verdict needs it."""

from __future__ import annotations

from pathlib import Path

from labkit.grade.exhibit.build import exhibit
from labkit.model.events import Event, Listener, Mood
from labkit.model.evidence import Evidence
from labkit.model.verdict import Verdict
from labkit.report.page.render import render_page
from labkit.store.writer import write_page


def put_page(run: Path, verdict: Verdict, evidence: Evidence, lab: str, listen: Listener) -> None:
    """Write it; one that is there is replaced. Raises HostError when the host refuses (disk full).

    `lab` is how a command line names the lab.
    """
    try:
        text = render_page(verdict, exhibit(evidence), lab)
    except Exception as error:  # noqa: BLE001 - a border: whatever a guest said, the verdict stands
        sentence = f"no page was made: {type(error).__name__}: {error}"
        listen(Event(scope="run", phase="page", mood=Mood.WARN, text=sentence))
        return
    write_page(run, text)
