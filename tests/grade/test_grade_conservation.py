"""Each law of conservation, broken once, in values made here; tests/witness breaks them in real memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.grade.conservation import changes, violations
from labkit.model.kernel_text import KernelText, ModuleView
from labkit.model.mapped import PageTables
from labkit.model.units import Size
from labkit.model.witness import FreeList, Incoherent, PerCpuPages, Probe, Reading, TaskView, ZoneView

ZONE = ZoneView(
    node=1,
    name="DMA32",
    start_pfn=4096,
    spanned_pages=4096,
    present_pages=4096,
    managed_pages=4000,
    min_pages=10,
    low_pages=20,
    high_pages=30,
    nr_free=(3, 2),
    free_lists=(
        FreeList(order=0, migratetype="Movable", blocks=3, faults=0),
        FreeList(order=1, migratetype="Movable", blocks=2, faults=0),
    ),
    counter_pages=7,
    tagged_pages=7,
    stats={},
    per_cpu=(PerCpuPages(cpu=0, count_pages=5, walked_pages=5, high_pages=9, batch_pages=1),),
    locked=False,
)
TASK = TaskView(
    pid=7,
    comm="hog",
    uid=1000,
    parent=1,
    threads=1,
    state="S",
    flags=0,
    oom_score_adj=0,
    cgroup="/",
    kernel_thread=False,
    dying=False,
    busy=False,
    rss_anon=Size.kib(40),
    rss_file=Size.kib(8),
    rss_shmem=Size(0),
    swap=Size.kib(4),
    page_tables=Size.kib(12),
)
TABLES = PageTables(
    pid=7,
    extents=(),
    resident=Size.kib(48),
    swapped=Size.kib(4),
    hugetlb=Size(0),
    tables=Size.kib(12),
)
MODULE = ModuleView(
    name="erofs",
    state="live",
    base=1 << 63,
    size=Size.kib(8),
    taints=0,
    listed=True,
    in_tree=True,
    in_kset=True,
)
TEXT = KernelText(text_sha256="a", rodata_sha256="b", sites=2, sites_sha256="c", strange=())


def reading(
    *,
    zone: ZoneView = ZONE,
    task: TaskView = TASK,
    tables: PageTables = TABLES,
    module: ModuleView = MODULE,
    text: KernelText | None = TEXT,
) -> Reading:
    return Reading(
        taken_at=0,
        paused_seconds=0.01,
        stops=1,
        zones=(zone,),
        tasks=(task,),
        page_tables=(tables,),
        modules=(module,),
        text=text,
    )


def test_a_coherent_reading_breaks_no_law() -> None:
    assert violations(reading()) == ()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (reading(zone=replace(ZONE, nr_free=(3, 1))), "2 blocks of order 1 listed, nr_free says 1"),
        (reading(zone=replace(ZONE, counter_pages=8)), "7 free pages listed, NR_FREE_PAGES says 8"),
        (reading(zone=replace(ZONE, tagged_pages=6)), "7 free pages listed, 6 say that they are free"),
        (reading(zone=replace(ZONE, managed_pages=6)), "7 free pages of 6"),
        (
            reading(
                zone=replace(ZONE, free_lists=(replace(ZONE.free_lists[0], faults=1), ZONE.free_lists[1]))
            ),
            "1 of order 0, Movable, do not belong there",
        ),
        (
            reading(zone=replace(ZONE, per_cpu=(replace(ZONE.per_cpu[0], count_pages=4),))),
            "CPU 0 holds 5 pages, its count says 4",
        ),
        (reading(tables=replace(TABLES, resident=Size.kib(44))), "rss is 48KiB, its page tables map 44KiB"),
        (reading(tables=replace(TABLES, swapped=Size(0))), "4KiB in swap, its page tables name 0B"),
        (reading(tables=replace(TABLES, tables=Size.kib(8))), "12KiB of page tables, 8KiB were walked"),
        (reading(module=replace(MODULE, listed=False)), "module erofs is missing in the list"),
        (
            reading(module=replace(MODULE, listed=False, in_kset=False)),
            "module erofs is missing in the list and the kset",
        ),
    ],
)
def test_a_broken_law_is_said_in_one_sentence(broken: Reading, says: str) -> None:
    (sentence,) = violations(broken)
    assert sentence.endswith(says)


@pytest.mark.parametrize("between", [{"state": "R"}, {"threads": 2}, {"dying": True}, {"busy": True}])
def test_a_process_between_two_states_is_not_held_to_its_rss(between: dict[str, object]) -> None:
    tables = replace(TABLES, resident=Size.kib(44))
    assert violations(reading(task=replace(TASK, **between), tables=tables)) == ()  # type: ignore[arg-type]


def test_a_module_that_is_on_its_way_may_be_missing_somewhere() -> None:
    assert violations(reading(module=replace(MODULE, state="coming", in_kset=False))) == ()


def test_what_made_no_sense_is_a_broken_law() -> None:
    odd = Incoherent(probe=Probe.SLABS, found="no end")
    assert violations(replace(reading(), incoherent=(odd,))) == ("slabs: no end",)


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (TEXT, ()),
        (replace(TEXT, text_sha256="x"), ("the kernel's text changed",)),
        (replace(TEXT, rodata_sha256="x"), ("the kernel's read-only data changed",)),
        (replace(TEXT, sites_sha256="x"), ("the kernel's table of places that it patches itself changed",)),
        (replace(TEXT, strange=(0xFF,)), ("strange code at 0xff",)),
        (None, ("the kernel's text was not read twice",)),
    ],
)
def test_code_that_changed_is_named(later: KernelText | None, says: tuple[str, ...]) -> None:
    assert changes(reading(), reading(text=later)) == says
