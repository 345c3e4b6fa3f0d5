"""What a guest's kernel did is told from its counters alone: episodes with a beginning and an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.model.glance import Glance, Notable
from labkit.report.watch.happened import Chronicle

STILL = {"pageoutrun": 5, "pgscan_kswapd": 100, "pgsteal_kswapd": 90, "allocstall_normal": 0}
STILL |= {"pgscan_direct": 0, "pgsteal_direct": 0, "compact_stall": 1, "compact_success": 0}
STILL |= {"compact_daemon_wake": 0, "compact_isolated": 7}
KILLED = Notable(time_us=118_732_000, kind="killed", text="hog (pid 235)")


def told(*frames: tuple[float, Mapping[str, int]], notable: Sequence[Notable] = ()) -> list[str]:
    """The lines after frames at such seconds with such counters above STILL; the log is the last one's."""
    chronicle = Chronicle()
    for number, (at, moved) in enumerate(frames, start=1):
        vmstat = {name: value + moved.get(name, 0) for name, value in STILL.items()}
        seen = tuple(notable) if number == len(frames) else ()
        lines = chronicle.take(Glance(at=1000 + at, levels=(), vmstat=vmstat, notable=seen))
    return [f"{line.when}: {line.text}" for line in lines]


def test_counters_that_stand_still_tell_nothing() -> None:
    assert told((0, {}), (0.1, {}), (0.2, {})) == []


def test_kswapd_that_goes_on_is_one_episode_from_its_wake_to_its_last_page() -> None:
    scanned = [(step / 10, {"pageoutrun": 1, "pgscan_kswapd": 100 * step}) for step in range(1, 6)]
    last = {"pageoutrun": 2, "pgscan_kswapd": 500, "pgsteal_kswapd": 200}
    assert told((0, {}), *scanned, (0.6, last), (0.7, last), (0.8, last)) == [
        "0.0-0.6 s: kswapd: woke twice, freed 200 of 500 pages"
    ]


def test_after_a_pause_another_episode_begins() -> None:
    once = {"pageoutrun": 1, "pgscan_kswapd": 10, "pgsteal_kswapd": 10}
    still = [(step / 10, once) for step in range(2, 20)]
    twice = {"pageoutrun": 2, "pgscan_kswapd": 10, "pgsteal_kswapd": 10}
    assert told((0, {}), (0.1, once), *still, (2.0, twice)) == [
        "0.0-0.1 s: kswapd: woke once, freed 10 of 10 pages",
        "1.9-2.0 s: kswapd: woke once, scanned nothing",
    ]


def test_direct_reclaim_and_compaction_say_who_waited_and_what_came_of_it() -> None:
    moved = {"allocstall_normal": 3, "pgscan_direct": 120, "pgsteal_direct": 96}
    assert told((0, {}), (0.1, moved)) == ["0.0-0.1 s: direct reclaim: 3 allocations, freed 96 of 120 pages"]
    moved = {"compact_stall": 2, "compact_success": 1, "compact_daemon_wake": 1, "compact_isolated": 1200}
    assert told((0, {}), (0.1, moved)) == [
        "0.0-0.1 s: compaction: 2 allocations waited, 1 served, kcompactd woke once, isolated 1,200 pages"
    ]


def test_who_was_killed_is_told_once_by_the_log_and_what_was_before_is_earlier() -> None:
    assert told((0, {}), (0.1, {}), notable=[KILLED]) == ["0.1 s: OOM killer: killed hog (pid 235)"]
    assert told((0, {}), notable=[KILLED]) == ["earlier: OOM killer: killed hog (pid 235)"]
    chronicle = Chronicle()
    for at in (1.0, 1.1, 1.2):
        lines = chronicle.take(Glance(at=at, levels=(), vmstat={}, notable=(KILLED,)))
    assert len(lines) == 1


def test_a_counter_that_seems_to_go_back_tells_nothing() -> None:
    assert told((0, {"pgscan_kswapd": 5}), (0.1, {"pgscan_kswapd": 3})) == []


def test_a_replay_without_pauses_tells_what_the_view_told() -> None:
    """Frames that came late are further apart than an episode's pause."""
    frames = [(float(second), {"pageoutrun": second, "pgscan_kswapd": second}) for second in range(4)]
    assert told(*frames) == ["0.0-3.0 s: kswapd: woke 3 times, freed 0 of 3 pages"]
