"""Verdict and exhibit → report.html: one file that opens from disk and asks nobody for anything.

The page has no script. What opens and closes is <details>, what is drawn is HTML and SVG of this file.
Colours are after the Okabe-Ito palette, and never say anything alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from labkit.model.exhibit import Exhibit, Maps
from labkit.model.verdict import Finding, Mark, Outcome, Status, Verdict
from labkit.report.page.figures import (
    blocks_figure,
    curves_figure,
    moved_figure,
    reclaims_figure,
    timeline_figure,
)
from labkit.report.terminal import READ
from labkit.report.text import count_of, human_seconds, points, tame, tame_line

if TYPE_CHECKING:
    from labkit.report.page.pictures import Picture

TEMPLATE = "run.html.j2"
MAX_EXCERPT = 24
MAX_TEXT = 4000  # characters of one field; the whole is in the run directory

WORDS = {
    Outcome.PASS: ("pass", "✓"),
    Outcome.PARTIAL: ("partial", "◐"),
    Outcome.FAIL: ("fail", "✗"),
    Outcome.BLOCKED: ("blocked", "⊘"),
    Outcome.UNSUPPORTED: ("unsupported", "?"),
    Outcome.BROKEN: ("broken", "!"),
}
GUTTER = {Mark.GOOD: "good", Mark.BAD: "bad", Mark.MISSING: "missing", Mark.CONTEXT: "context"}


def render_page(verdict: Verdict, exhibit: Exhibit, lab: str = "") -> str:
    """The whole page. `lab` is how a command line names the lab, if not by the verdict's id.

    Links go to files beside it in the run directory.
    """
    return (
        world()
        .get_template(TEMPLATE)
        .render(
            verdict=verdict,
            exhibit=exhibit,
            graded=verdict.status is Status.GRADED,
            counts=_counts(verdict),
            groups=_groups(verdict),
            replay=shlex.join(
                ["labkit", "run", lab or verdict.lab, "--seed", verdict.seed, "--kernel", verdict.kernel]
            ),
            phases=_phases(verdict.timings),
        )
    )


@cache
def world() -> Environment:
    """The templates' world: escaping, filters and figures, the same for every page."""
    world = Environment(
        loader=PackageLoader("labkit.report.page", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    world.filters |= {
        "points": points,
        "seconds": human_seconds,
        "tame": lambda text: tame(text[:MAX_TEXT]),
        "line": tame_line,
        "count": count_of,
        "word": lambda outcome: WORDS[outcome][0],
        "sign": lambda outcome: WORDS[outcome][1],
        "read": READ.__getitem__,
        "gutter": GUTTER.__getitem__,
        "mib": lambda size: f"{size / (1 << 20):,.1f}",
        "worth": _worth,
        "opened": _opened,
    }
    world.globals |= {
        "timeline_figure": timeline_figure,
        "reclaims_figure": reclaims_figure,
        "curves_figure": curves_figure,
        "blocks_figure": blocks_figure,
        "moved_figure": moved_figure,
        "maps_picture": _maps_picture,
        "max_excerpt": MAX_EXCERPT,
    }
    return world


def _maps_picture(maps: Maps) -> Picture:
    """Few pages have maps, and numpy and Pillow take a while to load."""
    from labkit.report.page.pictures import maps_picture

    return maps_picture(maps)


def _worth(check: Finding) -> str:
    if not check.max_points:
        return "shown"
    got = "–" if check.points is None else points(check.points)
    return f"{got} of {check.max_points}"


def _opened(check: Finding) -> bool:
    """What did not pass is read first."""
    return check.outcome not in (Outcome.PASS, Outcome.BLOCKED)


def _counts(verdict: Verdict) -> list[tuple[Outcome, int]]:
    ends = [check.outcome for check in verdict.checks]
    return [(outcome, ends.count(outcome)) for outcome in Outcome if outcome in ends]


def _groups(verdict: Verdict) -> list[tuple[str, list[Finding]]]:
    """What counts, then what every run shows."""
    graded = [check for check in verdict.checks if check.max_points]
    shown = [check for check in verdict.checks if not check.max_points]
    titles = (("Checks", graded), ("Shown, worth no points", shown))
    return [(title, checks) for title, checks in titles if checks]


def _phases(timings: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Name, seconds, and the share of the longest in percent."""
    longest = max(timings.values(), default=0.0)
    return [
        (name, took, round(100 * took / longest, 1) if longest else 0.0) for name, took in timings.items()
    ]
