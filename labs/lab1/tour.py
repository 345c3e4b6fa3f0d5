"""Scene tour: which lines of /proc add up to which, and which of them an act moves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from labkit.grade.judging import (
    Answers,
    Decided,
    answers,
    broken,
    failed,
    partial,
    passed,
    require_completed,
    require_file,
)
from labkit.grade.parse.meminfo import parse_meminfo
from labkit.grade.witnessed import Seen, require_reading
from labkit.model.evidence import Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement, Outcome
from labkit.model.witness import PAGE

from .crew import ACTS, LINES, sizes

# Moments that differ by at least 12 MiB in what the equations are about.
LOOKS = tuple(map(after_step, ("rest", "write", "tmpfs", "device", "pool")))
# Pages that each of two CPUs has taken for a list and not yet put there: 15 on 6.1, 31 on 6.12 for each of
# several lists (PAGEVEC_SIZE, mm/swap.c cpu_fbatches). Every wrong sum is 12 MiB off at one of the moments.
SUM_TOLERANCE = 256
TOTALS = ("mem_total", "mem_free", "slab", "active", "anon_lists", "page_cache")


def sums(evidence: Evidence) -> Judgement:
    """You said which lines add up to which, and they did, whenever the host looked."""
    said = answers(evidence, "worksheet.toml")
    table = _table(said, "sums")
    scene = require_completed(evidence, "tour")
    looks = [require_reading(scene, moment) for moment in LOOKS]
    right: list[str] = []
    off: list[str] = []
    for total in TOTALS:
        complaint = _complaint(total, table.get(total), looks)
        (off if complaint else right).append(complaint or total)
    expected = f"{len(TOTALS)} sums that hold at {len(looks)} moments, each ± {SUM_TOLERANCE} pages"
    actual = f"{len(right)} of {len(TOTALS)} hold" + (f"; {'; '.join(off)}" if off else "")
    names = [complaint.split(":")[0] for complaint in off]
    where = said.source.show(
        good=[said.line_of(name) for name in right],
        bad=[said.line_of(name) for name in names],
        missing=[f"{name} =" for name in names if name not in table],
    )
    return partial(len(right) / len(TOTALS), expected, actual, where)


def _complaint(total: str, parts: object, looks: list[Seen]) -> str:
    """Why these parts are not this total; empty if they are."""
    if not isinstance(parts, list) or not parts:
        return f"{total}: no list of parts"
    for part in map(str, parts):
        if part not in _parts(looks[0]) or (total == "anon_lists" and "(anon)" in part):
            return f"{total}: {part!r} is none of its parts"
    for seen in looks:
        have = _parts(seen)
        found, whole = sum(have[str(part)] for part in parts), _totals(seen)[total]
        if abs(found - whole) > SUM_TOLERANCE:
            return f"{total}: {found - whole:+,} pages off {seen.witnessed.moment}"
    return ""


def _totals(seen: Seen) -> dict[str, int]:
    """What the left sides are, in pages: /proc/meminfo makes these lines of the same counters."""
    stat = _vmstat(seen)
    return {
        "mem_total": seen.totals.ram // PAGE,
        "mem_free": stat["nr_free_pages"],
        "slab": stat["nr_slab_reclaimable"] + stat["nr_slab_unreclaimable"],
        "active": stat["nr_active_anon"] + stat["nr_active_file"],
        "anon_lists": stat["nr_active_anon"] + stat["nr_inactive_anon"],
        "page_cache": stat["nr_file_pages"],  # meminfo shows it as Buffers + Cached
    }


def _parts(seen: Seen) -> dict[str, int]:
    """What right sides may name, in pages."""
    stat, zones = _vmstat(seen), seen.reading.zones
    if zones is None:
        raise Decided(broken(f"zones in {seen.witnessed.where}", "the lab did not ask for them"))
    return {
        "zoneinfo:spanned": sum(zone.spanned_pages for zone in zones),
        "zoneinfo:present": sum(zone.present_pages for zone in zones),
        "zoneinfo:managed": sum(zone.managed_pages for zone in zones),
        "buddyinfo": sum(zone.listed_pages for zone in zones),
        "Active(anon)": stat["nr_active_anon"],
        "Inactive(anon)": stat["nr_inactive_anon"],
        "Active(file)": stat["nr_active_file"],
        "Inactive(file)": stat["nr_inactive_file"],
        "AnonPages": stat["nr_anon_pages"],
        "Mapped": stat["nr_mapped"],
        "Shmem": stat["nr_shmem"],
        "PageTables": stat["nr_page_table_pages"],
        "SReclaimable": stat["nr_slab_reclaimable"],
        "SUnreclaim": stat["nr_slab_unreclaimable"],
    }


def moves(evidence: Evidence) -> Judgement:
    """You said which lines of /proc/meminfo each act moves."""
    said = answers(evidence, "worksheet.toml")
    table = _table(said, "moves")
    drawn = sizes(evidence.request.parameters)  # type: ignore[arg-type]
    moved = _moved(require_completed(evidence, "tour"), drawn)
    right = [act for act in ACTS if _words(table.get(act)) == moved[act]]
    off = [act for act in ACTS if act not in right]
    shown = "; ".join(f"{act}: {', '.join(line for line in LINES if line in moved[act])}" for act in ACTS)
    actual = f"{len(right)} of {len(ACTS)} right" + (f"; not {', '.join(off)}" if off else "")
    where = said.source.show(
        good=[said.line_of(act) for act in right],
        bad=[said.line_of(act) for act in off],
        missing=[f"{act} =" for act in off if act not in table],
    )
    return partial(len(right) / len(ACTS), f"what moved here: {shown}", actual, where)


def _moved(scene: SceneEvidence, mib: Mapping[str, int]) -> dict[str, set[str]]:
    """The lines that moved with each act by at least half of its size, up or down.

    The rest of the guest moves by less than 1 MiB meanwhile, and an act by nothing or all of its size: half
    of 12 MiB, the smallest, is far from both.
    """
    found = {}
    for (act, _), (before, after) in zip(ACTS.items(), _steps(scene), strict=True):
        half = mib[act] * 1024 // 2
        found[act] = {line for line in LINES if abs(after[line] - before[line]) >= half}
    return found


def _steps(scene: SceneEvidence) -> Iterator[tuple[Mapping[str, int], Mapping[str, int]]]:
    """/proc/meminfo in KiB before and after each act."""
    texts = [
        require_file(scene, "/proc/meminfo", after_step(step), absent=Outcome.BROKEN)
        for step in ("rest", *ACTS)
    ]
    read = [parse_meminfo(source.text).kib for source in texts]
    return itertools.pairwise(read)


def slabs_listed(evidence: Evidence) -> Judgement:
    """Not all of Slab stands in /proc/slabinfo: what is too big for a cache has pages of its own."""
    seen = require_reading(require_completed(evidence, "tour"), after_step("pool"))
    slabs = seen.reading.slabs
    if slabs is None:
        return broken(f"slabs in {seen.witnessed.where}", "the lab did not ask for them")
    listed = sum(slab.slabs << slab.order for slab in slabs)
    whole = _totals(seen)["slab"]
    expected = "the pages of all caches are at most Slab, and what is missing are large kmalloc()s"
    actual = (
        f"{listed:,} pages in {len(slabs)} caches, {whole:,} in Slab: {whole - listed:,} in neither cache"
    )
    return (passed if 0 <= whole - listed <= whole // 2 else failed)(expected, actual, seen.show())


def _vmstat(seen: Seen) -> Mapping[str, int]:
    if seen.reading.vmstat is None:
        raise Decided(broken(f"vmstat in {seen.witnessed.where}", "the lab did not ask for it"))
    return seen.reading.vmstat


def _table(said: Answers, name: str) -> Mapping[str, object]:
    table = said.values.get(name)
    if not isinstance(table, dict):
        raise Decided(failed(f"a table [{name}]", "there is none", said.source.show(missing=[f"[{name}]"])))
    return table


def _words(value: object) -> set[str] | None:
    """An answer's words; None for what is no list of words, or says one twice."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return None
    return set(value) if len(set(value)) == len(value) else None
