"""Whereabouts → the page of `labkit` alone: where you are, what you did last, what to type next."""

from __future__ import annotations

import shlex

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labkit.model.explained import LastRun, Whereabouts
from labkit.report.text import oneline, points, tame_line

WHAT = "labkit boots disposable guests, runs a kernel lab in them and grades what the kernel really did."
FEW = 6  # working folders that are named one by one
Line = tuple[str, str]


def render_home(where: Whereabouts) -> RenderableType:
    """Two sentences and a few lines to paste, the likeliest first."""
    last = where.last
    if where.lab:
        said = [f"You are in your working folder of {where.lab}, seed {where.seed}."]
        said.append(_told(last) if last else "Nothing of it was run yet; README.md here is its handout.")
        return _page(said, _in_work(where.lab, last))
    if where.works:
        names = ", ".join(name for name, _ in where.works[:FEW])
        more = f" and {len(where.works) - FEW} more" if len(where.works) > FEW else ""
        said = [f"Your working folders here: {names}{more}.", _told(last) if last else "No run of yours yet."]
        return _page(said, _above_works(where))
    if last is not None:
        return _page(["There is no working folder here.", _told(last)], _elsewhere(last))
    return _page([WHAT, "You have run nothing yet."], _NEWCOMER)


_NEWCOMER: tuple[Line, ...] = (
    ("labkit doctor", "what this machine can do, and what it lacks"),
    ("labkit next", "the lab to begin with, and the line to paste"),
    ("labkit start lab3", "for one: ./lab3 with the handout, your numbers, files to fill in"),
    ("cd lab3 && labkit run lab3", "a guest boots, your work runs in it and is graded"),
    ("labkit run lab3", "outside such a folder: shows the reference solution"),
)


def _in_work(lab: str, last: LastRun | None) -> tuple[Line, ...]:
    run = (shlex.join(["labkit", "run", lab]), "grades the work in this folder")
    look = (shlex.join(["labkit", "shell", lab]), "a root shell in its guest, your files in /lab")
    if last is None:
        return run, look
    if last.failed:
        return (
            (shlex.join(["labkit", "explain", last.failed[0]]), "what it asks, and what your guest did"),
            run,
            look,
            (_show(last), "the whole result again"),
        )
    if _whole(last):
        return ("labkit next", "the lab to take up now"), run
    return run, look, (_show(last), "the whole result again")


def _above_works(where: Whereabouts) -> tuple[Line, ...]:
    name, lab = next(
        (work for work in where.works if where.last and work[1] == where.last.lab), where.works[0]
    )
    enter = f"cd {shlex.quote(name)} && {shlex.join(['labkit', 'run', lab])}"
    every = ("labkit run --all", "grades all of these folders, a row each")
    ahead = ("labkit next", "the lab to take up now")
    if where.last is not None and _whole(where.last):
        return ahead, every
    return (enter, "grades the work in that folder"), every, ahead


def _elsewhere(last: LastRun) -> tuple[Line, ...]:
    return (
        ("labkit next", "the lab to take up now, and the line to paste"),
        (_show(last), "that result again"),
        ("labkit list", "the labs in the course's order, and how far you are"),
    )


def _show(last: LastRun) -> str:
    """By the start of its name, which is its time: short enough to be read and typed."""
    return shlex.join(["labkit", "show", last.name.partition("-")[0]])


def _whole(last: LastRun) -> bool:
    return last.score is not None and last.score >= last.max_score


def _told(last: LastRun) -> str:
    when = _ago(last.seconds_ago)
    if last.score is None:
        return f"Your last run, of {last.lab} {when}, has no score."
    told = f"Your last run, of {last.lab} {when}: {points(last.score)} of {last.max_score}"
    return f"{told}; failed: {', '.join(last.failed)}." if last.failed else f"{told}."


def _ago(seconds: float) -> str:
    """'just now', '12 minutes ago', '3 hours ago', '2 days ago'."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def _page(said: list[str], lines: tuple[Line, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", overflow="fold")
    grid.add_column(overflow="fold")
    for line, about in lines:
        grid.add_row(Text(tame_line(line)), Text(about))
    more = Text("labkit --help names every verb, labkit VERB --help its options.", style="dim")
    told = [oneline(sentence) for sentence in said]
    return Group(*told, Text(), Padding(grid, (0, 0, 0, 2), expand=False), Text(), more)
