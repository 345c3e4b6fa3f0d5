"""A guest is watched while it runs on: what is shown is what its /proc says, and nobody stops it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from guests import raise_guest

from labkit import lookout
from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.lookout import WatchAsk
from labkit.model.coarse_map import CoarseMap, use_of
from labkit.model.errors import UsageError
from labkit.model.events import silent
from labkit.model.glance import Glance
from labkit.model.machine import MachineSpec, Node
from labkit.model.ram_map import Kind
from labkit.model.units import Deadline, Size
from labkit.model.witness import Probe
from labkit.places import places
from labkit.report.watch.happened import Chronicle
from labkit.stage import Stage
from labkit.standing import announced, look
from labkit.store.reels import read_reel

pytestmark = pytest.mark.guest

WHO = "watched, scene test"
NOISE_PAGES = 600  # what a shell command takes and gives back


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    machine = MachineSpec(nodes=(Node(cpus=2, memory=Size.mib(192)),), kernel=request.param)
    record = tmp_path_factory.mktemp("record")
    with raise_guest(machine, record) as stage, announced(stage, machine, WHO):
        yield stage


def watched(ask: WatchAsk) -> list[Glance]:
    seen: list[Glance] = []
    frames = lookout.watch(lookout.find_guest("watched"), ask, seen.append, silent)
    assert frames == len(seen)
    return seen


def ask_guest(stage: Stage, command: str) -> str:
    return stage.guest.ask(command, deadline=Deadline.after(60, command)).decode()


def test_free_blocks_and_watermarks_are_those_of_the_guest_s_own_files(stage: Stage) -> None:
    told = {(area.node, area.zone): area for area in parse_buddyinfo(ask_guest(stage, "cat /proc/buddyinfo"))}
    (glance,) = watched(WatchAsk(once=True))
    assert {(level.node, level.zone) for level in glance.levels} == set(told)
    for level in glance.levels:
        pages = sum(count << order for order, count in enumerate(told[level.node, level.zone].free_blocks))
        assert abs(level.free_pages - pages) < NOISE_PAGES
        assert level.min_pages < level.low_pages < level.high_pages < level.managed_pages


def pages_of(ram: CoarseMap, *kinds: Kind) -> int:
    return sum(pages for letter, pages in ram.pages.items() if use_of(letter)[0] in kinds)


def test_the_coarse_map_counts_what_the_whole_map_of_a_stopped_guest_counts(stage: Stage) -> None:
    ask_guest(stage, "dd if=/dev/zero of=/tmp/ballast bs=1M count=20 2>/dev/null")
    try:
        (glance,) = watched(WatchAsk(once=True))
        whole = look(places(), lookout.find_guest("watched"), (Probe.MAP,), silent).map
    finally:
        ask_guest(stage, "rm /tmp/ballast")
    assert glance.ram is not None
    assert whole is not None
    assert abs(sum(glance.ram.pages.values()) - whole.pages) < Size.mib(1) // 4096  # the hole below it
    assert pages_of(glance.ram, Kind.SHMEM) >= Size.mib(20) // 4096
    for kinds in (
        (Kind.FREE, Kind.IDLE),
        (Kind.SLAB,),
        (Kind.SHMEM,),
        (Kind.FILE,),
        (Kind.KERNEL, Kind.STACK),
    ):
        assert abs(pages_of(glance.ram, *kinds) - sum(map(whole.count, kinds))) < NOISE_PAGES
    assert {(strip.node, strip.zone) for strip in glance.ram.strips} == {(0, "DMA"), (0, "DMA32")}


def test_the_map_is_read_in_parts_and_says_how_old_it_is(stage: Stage) -> None:
    del stage
    maps = [glance.ram for glance in watched(WatchAsk(seconds=3.0))]
    ages = [found.oldest for found in maps if found is not None]
    assert len(ages) == len(maps)
    assert ages == sorted(ages)
    assert ages[0] < ages[-1]


class Seen(Exception):
    """All that was waited for has been told."""


def test_kswapd_reclaim_and_a_kill_are_told_while_they_happen(stage: Stage) -> None:
    hog = "echo 0 >/proc/self/oom_score_adj; exec tail /dev/zero"
    ask_guest(stage, f"(sleep 1; {hog}) >/dev/null 2>&1 & true")
    # Without swap reclaim may turn the programs' own pages over for minutes before it gives up: then by hand.
    by_hand = "pidof tail && echo f >/proc/sysrq-trigger"
    ask_guest(stage, f"(sleep 40; {by_hand}) >/dev/null 2>&1 & true")
    chronicle = Chronicle()
    awaited = {"kswapd: woke ", "direct reclaim: ", "OOM killer: killed tail (pid "}
    told: list[str] = []

    def until_told(glance: Glance) -> None:
        told[:] = [line.text for line in chronicle.take(glance)]
        awaited.difference_update([each for each in awaited if any(line.startswith(each) for line in told)])
        if not awaited:
            raise Seen

    # A guest under TCG on a busy host needs half a minute until there is nothing left to give.
    with suppress(Seen):
        lookout.watch(lookout.find_guest("watched"), WatchAsk(seconds=180.0), until_told, silent)
    assert not awaited, told


def test_who_takes_memory_becomes_the_likeliest_to_be_killed(stage: Stage) -> None:
    # What is started over labkit's own channel may not be killed, nor its children.
    hog = "echo 0 >/proc/self/oom_score_adj; exec dd if=/dev/zero of=/dev/null bs=24M count=100000"
    ask_guest(stage, f"({hog}) 2>/dev/null & echo $! >/run/hog")
    try:
        glance = watched(WatchAsk(seconds=3.0))[-1]
    finally:
        ask_guest(stage, "kill $(cat /run/hog)")
    first = glance.candidates[0]
    assert first.comm == "dd"
    assert first.rss > Size.mib(20)
    assert first.points is not None
    assert {each.points for each in glance.candidates if each.adj == -1000} == {None}


def test_a_guest_runs_on_while_it_is_watched_and_counters_only_grow(stage: Stage) -> None:
    ask_guest(stage, "(while :; do :; done) & echo $! >/run/loop")
    try:
        seen = watched(WatchAsk(seconds=2.0))
    finally:
        ask_guest(stage, "kill $(cat /run/loop)")
    assert len(seen) >= 5
    faults = [glance.vmstat["pgfault"] for glance in seen]
    assert faults == sorted(faults)
    assert all(glance.said for glance in seen)
    assert {cache.name for cache in seen[-1].slabs} & {"dentry", "kernfs_node_cache", "task_struct"}


def test_what_is_seen_can_be_kept_and_shown_again(stage: Stage, tmp_path: Path) -> None:
    del stage
    seen = watched(WatchAsk(seconds=1.0, record=tmp_path / "reel"))
    again: list[Glance] = []
    assert lookout.replay(tmp_path / "reel", 100.0, again.append) == len(seen)
    assert again == seen


def test_the_view_ends_with_the_guest(tmp_path: Path) -> None:
    machine = MachineSpec(nodes=(Node(memory=Size.mib(192)),))
    seen: list[Glance] = []
    with raise_guest(machine, tmp_path) as stage, announced(stage, machine, "dying, scene test"):

        def show(glance: Glance) -> None:
            seen.append(glance)
            if len(seen) == 3:
                os.kill(stage.vm.pid, signal.SIGKILL)

        frames = lookout.watch(
            lookout.find_guest("dying"), WatchAsk(seconds=30.0, record=tmp_path / "reel"), show, silent
        )
    assert 3 <= frames < 10
    assert tuple(read_reel(tmp_path / "reel")) == tuple(seen)


def test_of_another_lab_no_guest_stands_and_it_is_said_which_do(stage: Stage) -> None:
    del stage
    with pytest.raises(UsageError, match=WHO):
        lookout.find_guest("lab99")
