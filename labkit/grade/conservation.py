"""What must hold of any kernel's memory at any instant: evidence that nobody edited what the witness read.

Pure: readings in, sentences out. A kernel module of a student's can change any one number; to change all that
depend on it, in every place, at an instant that it does not know, costs more than the exercise.
"""

from __future__ import annotations

from collections.abc import Iterator

from labkit.model.ram_map import Kind
from labkit.model.witness import Incoherent, Probe, Reading, TaskView, ZoneView

_STILL = "SI"  # asleep outside of any change to its own memory


def violations(reading: Reading) -> tuple[str, ...]:
    """One sentence for each law that this reading breaks; none when the memory is coherent."""
    return (
        *(f"{each.probe.value}: {each.found}" for each in nonsense(reading)),
        *(sentence for zone in reading.zones or () for sentence in _zone(zone)),
        *_ram(reading),
        *_tasks(reading),
        *_modules(reading),
    )


def nonsense(reading: Reading) -> tuple[Incoherent, ...]:
    """What the host could not make sense of, but for the map: that is a picture, and nothing hangs on it."""
    return tuple(each for each in reading.incoherent if each.probe is not Probe.MAP)


def changes(before: Reading, after: Reading) -> tuple[str, ...]:
    """One sentence for each part of the kernel's code that differs between two instants."""
    if before.text is None or after.text is None:
        return ("the kernel's text was not read twice",)
    first, last = before.text, after.text
    pairs = (
        ("text", first.text_sha256, last.text_sha256),
        ("read-only data", first.rodata_sha256, last.rodata_sha256),
        ("table of places that it patches itself", first.sites_sha256, last.sites_sha256),
    )
    differ = tuple(f"the kernel's {name} changed" for name, old, new in pairs if old != new)
    strange = sorted({*first.strange, *last.strange})
    return differ + tuple(f"strange code at {address:#x}" for address in strange)


def _zone(zone: ZoneView) -> Iterator[str]:
    name = f"node {zone.node}, zone {zone.name}"
    for order, count in enumerate(zone.nr_free):
        if zone.listed_blocks(order) != count:
            yield f"{name}: {zone.listed_blocks(order)} blocks of order {order} listed, nr_free says {count}"
    if zone.listed_pages != zone.counter_pages:
        yield f"{name}: {zone.listed_pages} free pages listed, NR_FREE_PAGES says {zone.counter_pages}"
    if zone.listed_pages != zone.tagged_pages:
        yield f"{name}: {zone.listed_pages} free pages listed, {zone.tagged_pages} say that they are free"
    for each in zone.free_lists:
        if each.faults:
            yield f"{name}: {each.faults} of order {each.order}, {each.migratetype}, do not belong there"
    for own in zone.per_cpu:
        if own.count_pages != own.walked_pages:
            yield f"{name}: CPU {own.cpu} holds {own.walked_pages} pages, its count says {own.count_pages}"
    if zone.listed_pages > zone.managed_pages:
        yield f"{name}: {zone.listed_pages} free pages of {zone.managed_pages}"


def _ram(reading: Reading) -> Iterator[str]:
    if reading.ram is None or reading.zones is None:
        return
    for node in sorted({zone.node for zone in reading.zones}):
        listed = sum(zone.listed_pages for zone in reading.zones if zone.node == node)
        drawn = reading.ram.pages(Kind.FREE, node)
        if listed != drawn:
            yield f"node {node}: {listed} free pages listed, {drawn} in the RAM map"


def _tasks(reading: Reading) -> Iterator[str]:
    """rss is what the page tables map, of a process that nobody is just giving or taking pages."""
    tasks = {task.pid: task for task in reading.tasks or ()}
    for tables in reading.page_tables:
        task = tasks.get(tables.pid)
        if task is None or not _is_still(task):
            continue
        name = f"process {task.pid} ({task.comm})"
        if task.rss != tables.resident:
            yield f"{name}: rss is {task.rss}, its page tables map {tables.resident}"
        if task.swap != tables.swapped:
            yield f"{name}: {task.swap} in swap, its page tables name {tables.swapped}"
        if task.page_tables != tables.tables:
            yield f"{name}: {task.page_tables} of page tables, {tables.tables} were walked"


def _is_still(task: TaskView) -> bool:
    return task.state in _STILL and task.threads == 1 and not task.dying and not task.busy


def _modules(reading: Reading) -> Iterator[str]:
    for module in reading.modules or ():
        if module.state != "live":
            continue
        books = {"list": module.listed, "address tree": module.in_tree, "kset": module.in_kset}
        missing = [name for name, stands in books.items() if not stands]
        if missing:
            yield f"module {module.name} is missing in the {' and the '.join(missing)}"
