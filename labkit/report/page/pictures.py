"""Maps of RAM as pictures inside the page: one for light paper, one for dark."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from labkit.model.exhibit import Maps
from labkit.report.map_chart import Chart, chart_of, chart_of_change
from labkit.report.map_png import render_map_png


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The same as data: URLs, and in numbers for who sees no picture: (use, amount then, amount now)."""

    light: str
    dark: str
    rows: tuple[tuple[str, str, str], ...]
    changes: tuple[tuple[str, str], ...]


def maps_picture(maps: Maps) -> Picture:
    """Before, after, and what became of each frame."""
    before, after = chart_of(maps.before, maps.first), chart_of(maps.after, maps.last)
    change = chart_of_change(maps.before, maps.after, "what changed")
    charts = (before, after, change)
    then, now = _amounts(before), _amounts(after)
    return Picture(
        light=_url(render_map_png(charts, "", light=True)),
        dark=_url(render_map_png(charts, "")),
        rows=tuple((name, then.get(name, "none"), now.get(name, "none")) for name in {**then, **now}),
        changes=tuple(_amounts(change).items()),
    )


def _amounts(chart: Chart) -> dict[str, str]:
    return {row.ink.name: row.amount for row in chart.legend}


def _url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
