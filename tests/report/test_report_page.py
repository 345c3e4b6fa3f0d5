"""report.html: whole, self-contained, and nothing that a guest printed is obeyed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from page_maps import page_map
from page_reader import seen

from labkit.model.exhibit import (
    Candidate,
    Curve,
    Event,
    Exhibit,
    FreeBlocks,
    Maps,
    Moved,
    MovedTable,
    OomTable,
    Reclaim,
    SceneExhibit,
    Span,
    Timeline,
)
from labkit.model.ram_map import Kind
from labkit.model.units import Size
from labkit.model.verdict import Status, Verdict
from labkit.report.page.figures import (
    blocks_figure,
    curves_figure,
    moved_figure,
    reclaims_figure,
    timeline_figure,
)
from labkit.report.page.render import render_page

INSIDE = ("data:,", "data:image/png;base64,")  # no icon, and pictures that stand in the page itself
EVIL = "\x1b[2J<script>alert(1)</script>\u202egnp.exe&amp;\"'"

TIMELINE = Timeline(
    seconds=4.0,
    spans=(
        Span(name="limit", start=0.0, seconds=1.0, ending="status 0", good=True),
        Span(name="hog", start=1.0, seconds=3.0, ending="status 137", good=False),
    ),
    events=(Event(at=3.0, kind="killed", text="hog (pid 7)", line=12),),
    curves=(
        Curve(name="free", points=((0.0, Size.mib(400)), (4.0, Size.mib(100)))),
        Curve(name="hog (7)", points=((0.0, Size.mib(0)), (4.0, Size.mib(200)))),
    ),
)
QUIET = Reclaim(
    first="before",
    last="after-limit",
    where="s/after-limit/proc/vmstat",
    start=0.0,
    seconds=1.0,
    wakes=0,
    kswapd_scanned=0,
    kswapd_pages=0,
    stalls=0,
    direct_scanned=0,
    direct_pages=0,
    compactions=0,
)
RECLAIM = replace(
    QUIET, first="after-limit", last="after", start=1.0, seconds=3.0, wakes=12, kswapd_pages=3456, stalls=7
)
FREE = FreeBlocks(
    zone="node 0, DMA32", moments=("before", "after"), blocks=((1, 0, 3), (8, 4, 0)), where="s/w.json"
)
MOVED = MovedTable(
    title="/proc/vmstat",
    first="before",
    last="after",
    where="s/after/proc/vmstat",
    rows=(Moved(name="pgfault", before=5, after=905), Moved(name="nr_free_pages", before=100, after=40)),
    still=120,
)
OOM = OomTable(
    at=3.0,
    invoker="hog",
    constraint="CONSTRAINT_MEMCG",
    memcg="/bakery",
    candidates=(
        Candidate(
            pid=7,
            name="hog",
            rss=Size.mib(50),
            swap=Size.mib(0),
            page_tables=Size.kib(200),
            adj=0,
            victim=True,
        ),
    ),
    killed=("hog (7)",),
    where="s/dmesg.jsonl:12",
)
SCENE = SceneExhibit(
    name="exercise",
    machine="2 nodes",
    ended="came to its end",
    detail="",
    timeline=TIMELINE,
    free_blocks=(FREE,),
    moved=(MOVED,),
    ooms=(OOM,),
)
EXHIBIT = Exhibit(
    submission="mine",
    started_at="2026-11-23T14:46:12Z",
    labkit="0.1.0",
    parameters=(("cgroup", "bakery"),),
    scenes=(SCENE,),
)


def test_the_page_has_every_check_and_the_points(graded: Verdict) -> None:
    page = seen(render_page(graded, EXHIBIT))
    for check in graded.checks:
        assert check.says in page.text
        assert f"check-{check.id}" in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert "47 of 100" in re.sub(r"\s+", " ", page.text)


def test_the_page_asks_nobody_for_anything(graded: Verdict) -> None:
    page = render_page(graded, EXHIBIT)
    reader = seen(page)
    assert not [link for link in reader.links if re.match(r"[a-z]+:", link) and not link.startswith(INSIDE)]
    assert "url(" not in page
    assert not reader.tags & {"script", "iframe", "object", "form"}


def test_what_did_not_pass_is_open_and_has_its_hint(graded: Verdict) -> None:
    page = render_page(graded, EXHIBIT)
    for check in graded.checks:
        (tag,) = re.findall(rf'<details class="check" id="check-{check.id}"( open)?>', page)
        assert bool(tag) == (check.outcome.value not in ("pass", "blocked"))


def test_an_ungraded_run_has_no_number(graded: Verdict) -> None:
    verdict = replace(graded, status=Status.UNGRADED, score=None, reason="the guest was lost")
    text = re.sub(r"\s+", " ", seen(render_page(verdict, EXHIBIT)).text)
    assert "no score" in text
    assert "the guest was lost" in text
    assert "not the student's fault" in text
    assert "of 100 points" not in text


def test_what_a_guest_printed_is_shown_and_never_obeyed(graded: Verdict) -> None:
    checks = tuple(replace(check, actual=EVIL, says=EVIL, hint=EVIL) for check in graded.checks)
    verdict = replace(graded, checks=checks, title=EVIL, seed=EVIL)
    task = replace(OOM.candidates[0], name=EVIL)
    hostile = replace(
        SCENE, name=EVIL, detail=EVIL, tail=EVIL, ooms=(replace(OOM, candidates=(task,), invoker=EVIL),)
    )
    page = render_page(verdict, replace(EXHIBIT, scenes=(hostile,), submission=EVIL))
    reader = seen(page)
    assert "script" not in reader.tags
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in reader.text


def test_numbers_have_their_units(graded: Verdict) -> None:
    text = re.sub(r"\s+", " ", seen(render_page(graded, EXHIBIT)).text)
    assert "400.0 MiB → 100.0 MiB" in text
    assert "hog (killed) 7 50.0 0.0 0.2 0" in text
    assert "CONSTRAINT_MEMCG" in text
    assert "+900" in text
    assert "-60" in text


def test_maps_of_ram_are_pictures_in_the_page_and_numbers_beside_them(graded: Verdict) -> None:
    torn = page_map((Kind.ANON, 0, 3000), (Kind.FREE, 0, 1096))
    whole = page_map((Kind.FREE, 10, 1024), (Kind.ANON, 0, 3072))
    maps = Maps(first="before", last="after-compact", before=torn, after=whole, where="s/w.json")
    page = render_page(graded, replace(EXHIBIT, scenes=(replace(SCENE, maps=maps),)))
    reader = seen(page)
    pictures = [link for link in reader.links if link.startswith("data:image/png;base64,")]
    assert len(set(pictures)) == 2  # for light paper and for dark
    assert "3,000 pages, 11.7 MiB" in reader.text
    assert "3,072 pages, 12.0 MiB" in reader.text


def test_bars_stay_on_their_track() -> None:
    bars, places, ticks = timeline_figure(TIMELINE)
    assert [(bar.left, bar.width) for bar in bars] == [(0.0, 25.0), (25.0, 75.0)]
    assert places == [75.0]
    assert ticks[0] == (0.0, "0 s")
    assert all(0 <= at <= 100 for at, _ in ticks)
    assert 4 <= len(ticks) <= 9
    assert [(row.name, bar.left) for row, bar in moved_figure(MOVED.rows)] == [
        ("pgfault", 0.55),
        ("nr_free_pages", 40.0),
    ]


def test_reclaim_is_a_bar_from_reading_to_reading_and_says_that_no_instant_is_known(graded: Verdict) -> None:
    line = replace(TIMELINE, reclaims=(QUIET, RECLAIM))
    ((shown, bar),) = reclaims_figure(line)
    assert (shown, bar.left, bar.width) == (RECLAIM, 25.0, 75.0)
    page = render_page(graded, replace(EXHIBIT, scenes=(replace(SCENE, timeline=line),)))
    text = re.sub(r"\s+", " ", seen(page).text)
    assert "memory was reclaimed some time between two readings: 3,456 pages by kswapd, 0 directly" in text
    assert "after-limit and after 1.00 to 4.00 s 12 0 3,456 7 0 0 0 s/after-limit/proc/vmstat" in text
    calm = replace(EXHIBIT, scenes=(replace(SCENE, timeline=replace(TIMELINE, reclaims=(QUIET,))),))
    text = re.sub(r"\s+", " ", seen(render_page(graded, calm)).text)
    assert "memory was reclaimed never, for the machine as a whole" in text
    assert "memory was reclaimed" not in seen(render_page(graded, EXHIBIT)).text


def test_a_curve_s_top_is_the_largest_of_all() -> None:
    lines, top = curves_figure(TIMELINE)
    assert top == "400.0 MiB"
    assert lines[0].points == "0,0 100,75"
    assert lines[1].points == "0,100 100,50"
    assert lines[0].hue != lines[1].hue


def test_shares_of_a_zone_s_free_memory_add_up_at_each_moment() -> None:
    rows, totals = blocks_figure(FREE)
    assert totals == ["0.1 MiB", "0.1 MiB"]
    for moment in range(2):
        assert sum(row.cells[moment][1] for row in rows) == pytest.approx(100, abs=0.1)
    assert [row.block for row in rows] == ["4 KiB", "8 KiB", "16 KiB"]
