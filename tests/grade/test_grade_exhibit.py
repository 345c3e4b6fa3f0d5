"""A run's exhibit: steps and kernel messages share the guest's clock, and what moved is what moved."""

from __future__ import annotations

from dataclasses import replace

from grade_values import evidence, scene
from page_maps import page_map

from labkit.grade.exhibit.build import exhibit
from labkit.model.evidence import AFTER, BEFORE, CapturedFile, SceneEnd, StepResult, Witnessed
from labkit.model.kernel_log import LogRecord
from labkit.model.ram_map import Kind
from labkit.model.tags import Store, TagRun, Tags
from labkit.model.witness import Reading

SECOND = 1_000_000
KILL = (
    "Memory cgroup out of memory: Killed process 312 (python3) total-vm:218756kB, anon-rss:101204kB, "
    "file-rss:5760kB, shmem-rss:0kB, UID:0 pgtables:276kB oom_score_adj:0"
)


def record(at: float, text: str, facility: int = 0, line: int = 1) -> LogRecord:
    return LogRecord(seq=line, time_us=int(at * SECOND), level=6, facility=facility, text=text, line=line)


def mark(at: float, step: str) -> LogRecord:
    return record(at, f"labkit: step {step} begins", facility=1)


def step(name: str, seconds: float, status: int | None = 0, *, once: bool = False) -> StepResult:
    return StepResult(
        name=name,
        status=status,
        timed_out=status is None,
        seconds=seconds,
        stdout="",
        stderr="",
        where=f"oom/steps/{name}",
        once=once,
    )


def captured(path: str, moment: str, text: str) -> CapturedFile:
    return CapturedFile(path=path, moment=moment, where=f"oom/{moment}{path}", text=text)


def test_steps_and_kernel_messages_are_on_one_axis_that_begins_with_the_first_step() -> None:
    log = (
        record(3.0, KILL, line=1),  # before any step: of the boot
        mark(10.0, "course"),
        record(10.5, KILL, line=3),
        mark(12.0, "limit"),
        record(12.25, "Kernel panic - not syncing: no memory", line=5),
        record(12.5, "labkit: step later begins"),  # the kernel's own word is no mark
    )
    steps = (step("course", 1.5), step("limit", 0.75, 137))
    shown = exhibit(evidence(replace(scene(dmesg=log), steps=steps))).scenes[0].timeline
    assert shown is not None
    assert [(span.name, span.start, span.good) for span in shown.spans] == [
        ("course", 0.0, True),
        ("limit", 2.0, False),
    ]
    assert [(event.at, event.kind, event.line) for event in shown.events] == [
        (0.5, "killed", 3),
        (2.25, "panic", 5),
    ]
    assert shown.events[0].text == "python3 (pid 312)"
    assert shown.seconds == 2.75


def test_what_was_played_before_the_freeze_is_on_nobodys_clock() -> None:
    steps = (step("fill", 9.0, once=True), step("look", 1.0))
    log = (mark(5.0, "fill"), mark(80.0, "look"))
    shown = exhibit(evidence(replace(scene(dmesg=log), steps=steps))).scenes[0].timeline
    assert shown is not None
    assert [(span.name, span.start) for span in shown.spans] == [("look", 0.0)]


def test_without_a_log_nothing_is_told_of_times() -> None:
    assert exhibit(evidence(scene())).scenes[0].timeline is None


def test_a_table_has_what_moved_and_counts_what_did_not() -> None:
    before = "nr_free_pages 100\npgfault 5\nunchanged 7\n"
    after = "nr_free_pages 40\npgfault 905\nunchanged 7\nnew_counter 3\n"
    files = (captured("/proc/vmstat", BEFORE, before), captured("/proc/vmstat", AFTER, after))
    (table,) = exhibit(evidence(replace(scene(), files=files))).scenes[0].moved
    assert {row.name: row.delta for row in table.rows} == {
        "nr_free_pages": -60,
        "pgfault": 900,
        "new_counter": 3,
    }
    assert table.rows[0].name in {"pgfault", "new_counter"}  # to many times itself
    assert table.still == 1


def test_meminfo_is_told_in_kib_and_its_free_memory_is_a_curve() -> None:
    files = (
        captured("/proc/meminfo", BEFORE, "MemTotal: 9000 kB\nMemFree:        8000 kB\n"),
        captured("/proc/meminfo", AFTER, "MemTotal: 9000 kB\nMemFree:        2000 kB\n"),
    )
    staged = replace(scene(dmesg=(mark(1.0, "hog"),)), files=files)
    shown = exhibit(evidence(staged)).scenes[0]
    assert [(row.name, row.delta, row.unit) for row in shown.moved[0].rows] == [("MemFree", -6000, "KiB")]
    assert shown.timeline is not None
    (curve,) = shown.timeline.curves
    assert curve.name == "free"
    assert [int(size) >> 10 for _, size in curve.points] == [8000, 2000]


def test_the_first_map_and_the_last_are_shown_with_their_tagged_pages_marked() -> None:
    calm, full = page_map((Kind.FREE, 3, 64)), page_map((Kind.ANON, 0, 64))
    tags = Tags(runs=(TagRun(index=0, store=Store.RAM, node=0, place=4096, pages=10),), torn=0)
    looks = ((BEFORE, calm, None), ("after-hog", page_map((Kind.FILE, 0, 64)), None), (AFTER, full, tags))
    witnessed = tuple(
        Witnessed(
            moment=moment,
            where=f"oom/witness/{moment}.json",
            reading=Reading(taken_at=float(at), paused_seconds=0.0, stops=1, map=found, tags=marks),
        )
        for at, (moment, found, marks) in enumerate(looks)
    )
    maps = exhibit(evidence(replace(scene(), witnessed=witnessed))).scenes[0].maps
    assert maps is not None
    assert (maps.first, maps.last, maps.before) == (BEFORE, AFTER, calm)
    assert (maps.after.count(Kind.TAGGED), maps.after.count(Kind.ANON)) == (10, 54)


def counters(**values: int) -> str:
    return "".join(f"{name} {value}\n" for name, value in values.items())


def test_what_was_reclaimed_lies_between_two_readings_and_claims_no_instant() -> None:
    log = (mark(10.0, "calm"), mark(11.0, "hog"))
    steps = (step("calm", 0.5), step("hog", 2.0, 137))
    files = (
        captured("/proc/vmstat", BEFORE, counters(pageoutrun=3, pgsteal_kswapd=50, allocstall_normal=1)),
        captured(
            "/proc/vmstat", "after-calm", counters(pageoutrun=3, pgsteal_kswapd=50, allocstall_normal=1)
        ),
        captured(
            "/proc/vmstat",
            AFTER,
            counters(pageoutrun=5, pgsteal_kswapd=80, pgscan_kswapd=40, allocstall_normal=4, compact_stall=2),
        ),
    )
    shown = exhibit(evidence(replace(scene(dmesg=log), steps=steps, files=files))).scenes[0].timeline
    assert shown is not None
    calm, hog = shown.reclaims
    assert not calm.any
    assert (hog.first, hog.last, hog.start, hog.seconds) == ("after-calm", AFTER, 0.5, 2.5)
    assert (hog.wakes, hog.kswapd_scanned, hog.kswapd_pages) == (2, 40, 30)
    assert (hog.stalls, hog.direct_pages, hog.compactions) == (3, 0, 2)
    assert hog.where == f"oom/{AFTER}/proc/vmstat"
    assert shown.events == ()


def test_the_host_s_counters_are_believed_before_the_guest_s_file() -> None:
    files = (
        captured("/proc/vmstat", BEFORE, counters(pageoutrun=0)),
        captured("/proc/vmstat", AFTER, counters(pageoutrun=99)),
    )
    witnessed = tuple(
        Witnessed(
            moment=moment,
            where=f"oom/witness/{moment}.json",
            reading=Reading(taken_at=at, paused_seconds=0.0, stops=1, vmstat={"pageoutrun": wakes}),
        )
        for moment, at, wakes in ((BEFORE, 1.0, 5), (AFTER, 2.0, 7))
    )
    staged = replace(scene(dmesg=(mark(1.0, "hog"),)), files=files, witnessed=witnessed)
    shown = exhibit(evidence(staged)).scenes[0].timeline
    assert shown is not None
    (hog,) = shown.reclaims
    assert (hog.wakes, hog.where) == (2, "oom/witness/after.json")


def test_one_reading_says_nothing_of_what_was_reclaimed() -> None:
    files = (captured("/proc/vmstat", AFTER, counters(pageoutrun=99)),)
    shown = exhibit(evidence(replace(scene(dmesg=(mark(1.0, "hog"),)), files=files))).scenes[0].timeline
    assert shown is not None
    assert shown.reclaims == ()


def test_free_blocks_are_told_zone_by_zone_when_there_are_two_moments() -> None:
    row = "Node 0, zone   Normal " + " ".join(f"{count:6}" for count in range(11)) + "\n"
    once = replace(scene(), files=(captured("/proc/buddyinfo", AFTER, row),))
    assert exhibit(evidence(once)).scenes[0].free_blocks == ()
    files = (captured("/proc/buddyinfo", BEFORE, row), captured("/proc/buddyinfo", AFTER, row))
    (free,) = exhibit(evidence(replace(scene(), files=files))).scenes[0].free_blocks
    assert free.zone == "node 0, Normal"
    assert free.moments == (BEFORE, AFTER)
    assert free.blocks[0] == tuple(range(11))


def test_a_scene_that_ended_badly_shows_the_end_of_its_console() -> None:
    fallen = scene(end=SceneEnd.PANICKED, detail="console.log:9: panic", console_tail="the last words")
    shown = exhibit(evidence(fallen)).scenes[0]
    assert (shown.ended, shown.detail, shown.tail) == (
        "the kernel panicked",
        "console.log:9: panic",
        "the last words",
    )
    assert exhibit(evidence(scene(console_tail="login:"))).scenes[0].tail == ""


def test_what_the_seed_drew_is_told_as_text() -> None:
    assert ("sizes", "1 2") in exhibit(evidence(scene())).parameters
