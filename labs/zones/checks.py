"""zones: where requests, frames and reserves really were in this student's guests, against predictions.

The zone of a request is what labkit's module was given (its step runs as root, the student's nothing at all);
spans, reserves and free pages are what the host read in the guests' memory.
"""

from __future__ import annotations

from labkit.grade import relate
from labkit.grade.drawn import number
from labkit.grade.judging import answers, broken, failed, partial, passed, require_completed
from labkit.model.evidence import AFTER, BEFORE, Evidence, after_step
from labkit.model.lab import Parameters
from labkit.model.verdict import Judgement

from .reading import BLOCK_PAGES, REQUESTS, ZONES, asked, zones

ASKED_FRAMES = 8
AT_BOOT, SET, EXHAUSTED = BEFORE, after_step("ratios"), after_step("exhaust")
BOOT_RATIOS = {"DMA": 256, "DMA32": 256, "Normal": 32}  # sysctl_lowmem_reserve_ratio of mm/page_alloc.c
LOW = ("DMA", "DMA32")
UPPER = ("DMA", "DMA32", "Normal")

# managed pages of the tall guest, for the key alone: between 6.1 (DMA32: 20528) and 6.12 (19217).
REFERENCE = {"DMA": 3840, "DMA32": 19870, "Normal": 18660}
REFERENCE_MIN = 164  # of DMA32
# An entry counts within this share of it. managed differs by 7 % between the kernels, and a reader may take
# it from another kernel; sums and ratios that are mistaken are off by a quarter at least.
SHARE = 0.08
# Memory is exhausted in blocks of 256 pages, so up to 255 more than the limit are left; and whoever forgets
# the watermark of 100 to 200 pages has still understood what the reserve does.
LEFT_WITHIN = 2 * BLOCK_PAGES


def key(parameters: Parameters) -> dict[str, object]:
    """What the handout shows of the seed, and the answers that the solution's template fills in."""
    frames = _frames(parameters)
    ratios = {"DMA": _ratio(parameters, "DMA"), "DMA32": _ratio(parameters, "DMA32")}
    rows = {low: [_reserve(low, upper, REFERENCE, ratios) for upper in UPPER] for low in LOW}
    return {
        "frames": frames,
        "frame_zones": ["DMA" if f < 4096 else "DMA32" if f < 1 << 20 else "Normal" for f in frames],
        "ratios": ratios,
        "protection": rows,
        "left": rows["DMA32"][2] + REFERENCE_MIN,
        "requests": REQUESTS,
    }


def gfp_tall(evidence: Evidence) -> Judgement:
    """You said from which zone each of four requests is served where there is memory above 4 GiB."""
    return _served(evidence, "tall")


def gfp_short(evidence: Evidence) -> Judgement:
    """You said from which zone the four are served where all memory lies below 4 GiB."""
    return _served(evidence, "short")


def gfp_movable(evidence: Evidence) -> Judgement:
    """You said from which zone the four are served where the kernel was booted with movablecore."""
    return _served(evidence, "movable")


def _served(evidence: Evidence, scene: str) -> Judgement:
    source, real = asked(evidence, scene, "ask")
    seen = zones(require_completed(evidence, scene), AFTER)
    astray = [request for request, answer in real.items() if seen.holding(answer.pfn) != answer.zone]
    if astray:
        return broken("the module's zones are those the host reads", f"{astray[0]}: {real[astray[0]]}")
    said = answers(evidence, "predictions.toml")
    table = said.values.get(scene)
    if not isinstance(table, dict):
        return failed(f"a table [{scene}]", "there is none", said.source.show(missing=[f"[{scene}]"]))
    right = [request for request in REQUESTS if table.get(request) == real[request].zone]
    off = [request for request in REQUESTS if request not in right]
    expected = ", ".join(f"{request} {real[request].zone}" for request in REQUESTS)
    actual = f"{len(right)} of {len(REQUESTS)} right"
    if off:
        actual += "; off: " + ", ".join(f"{request} {table.get(request, 'missing')}" for request in off)
    where = source.show(
        good=[real[request].line for request in right], bad=[real[request].line for request in off]
    )
    return partial(len(right) / len(REQUESTS), expected, actual, where)


def frames(evidence: Evidence) -> Judgement:
    """You said in which zone of the tall guest each of eight page frames lies."""
    seen = zones(require_completed(evidence, "tall"), AFTER)
    wanted = _frames(evidence.request.parameters)  # type: ignore[arg-type]
    real = [seen.holding(frame) for frame in wanted]
    said = answers(evidence, "predictions.toml")
    words = said.words("frames")
    if len(words) != len(wanted):
        return failed(f"{len(wanted)} zones", f"{len(words)}", said.show("frames", right=False))
    right = [mine == its for mine, its in zip(words, real, strict=True)]
    off = [f"{frame} {mine}" for frame, mine, ok in zip(wanted, words, right, strict=True) if not ok]
    expected = ", ".join(f"{frame} {zone}" for frame, zone in zip(wanted, real, strict=True))
    actual = f"{sum(right)} of {len(right)} right" + (f"; off: {', '.join(off)}" if off else "")
    return partial(sum(right) / len(right), expected, actual, seen.show())


def protection(evidence: Evidence) -> Judgement:
    """You said how many pages DMA and DMA32 keep from requests that higher zones could serve."""
    seen = zones(require_completed(evidence, "tall"), SET)
    said = answers(evidence, "predictions.toml")
    table = said.values.get("protection")
    if not isinstance(table, dict):
        return failed("a table [protection]", "there is none", said.source.show(missing=["[protection]"]))
    right, real, off = [], [], []
    for low in LOW:
        row = seen.by_name[low].protection_pages[: len(UPPER)]
        real.append(f"{low} {list(row)}")
        mine = table.get(low)
        numbers = mine if isinstance(mine, list) and len(mine) == len(UPPER) else [None] * len(UPPER)
        for upper, wanted, guess in zip(UPPER, row, numbers, strict=True):
            near = type(guess) is int and abs(guess - wanted) <= wanted * SHARE
            if not near:
                off.append(f"{low} against {upper}: {guess}")
            if wanted:
                right.append(near)
            elif not near:
                right.append(False)  # what is nothing may be got wrong, and earns nothing
    expected = f"{'; '.join(real)} (each ± {SHARE:.0%}: managed pages differ a little between kernels)"
    actual = f"{sum(right)} of {len(right)} right" + (f"; off: {', '.join(off)}" if off else "")
    return partial(sum(right) / len(right), expected, actual, seen.show(*LOW))


def kept_back(evidence: Evidence) -> Judgement:
    """You said how many pages of DMA32 are still free when a GFP_KERNEL request gets nothing any more."""
    seen = zones(require_completed(evidence, "tall"), EXHAUSTED)
    said = answers(evidence, "predictions.toml")
    return relate.equal(
        "free pages of DMA32 that GFP_KERNEL does not get",
        expected=seen.by_name["DMA32"].listed_pages,
        actual=said.integer("left"),
        within=LEFT_WITHIN,
        where=seen.show("DMA32", "Normal"),
        why="memory is taken in blocks of 256 pages, the last of which no longer fits",
    )


def still_given(evidence: Evidence) -> Judgement:
    """You said which of the four requests still get a block when GFP_KERNEL gets none."""
    source, real = asked(evidence, "tall", "beyond")
    if real["GFP_KERNEL"].ok:
        return broken("GFP_KERNEL gets nothing any more", "it was given a block")
    said = answers(evidence, "predictions.toml")
    words = said.words("still_given")
    given = [request for request in REQUESTS if real[request].ok]
    where = source.show(
        good=[real[request].line for request in given],
        bad=[real[request].line for request in REQUESTS if request not in given],
    )
    return relate.same_set("requests that are still served", given, words, where=where)


def no_normal(evidence: Evidence) -> Judgement:
    """The course's sample line `Node 0, zone Normal` is no line of a small virtual machine.

    A guest whose memory all lies below 4 GiB has no zone of that name.
    """
    seen = zones(require_completed(evidence, "short"), AFTER)
    return relate.same_set("zones", ["DMA", "DMA32"], list(seen.by_name), where=seen.show())


def boot_row(evidence: Evidence) -> Judgement:
    """The protection that /proc/zoneinfo shows after boot is older than the zones it is computed from.

    The kernel computes it before it has freed what only its own start needed (init memory, the initramfs).
    """
    scene = require_completed(evidence, "tall")
    seen = zones(scene, AT_BOOT)
    row = seen.by_name["DMA"].protection_pages[2]
    managed = {name: seen.managed(name) for name in UPPER}
    fresh = _reserve("DMA", "Normal", managed, BOOT_RATIOS)
    expected = f"DMA against Normal is less than {fresh}, what the formula says of the zones as they are now"
    return (passed if row < fresh else failed)(expected, str(row), seen.show("DMA"))


def formula(evidence: Evidence) -> Judgement:
    """Written anew, an entry is the managed pages of all zones above, up to that one, by the zone's ratio."""
    scene = require_completed(evidence, "tall")
    seen = zones(scene, SET)
    parameters = evidence.request.parameters
    ratios = {low: _ratio(parameters, low) for low in LOW}  # type: ignore[arg-type]
    managed = {name: seen.managed(name) for name in ZONES}
    rows = {low: tuple(_reserve(low, upper, managed, ratios) for upper in ZONES) for low in LOW}
    real = {low: seen.by_name[low].protection_pages for low in LOW}
    return (passed if rows == real else failed)(str(rows), str(real), seen.show())


def _reserve(low: str, upper: str, managed: dict[str, int], ratios: dict[str, int]) -> int:
    """setup_per_zone_lowmem_reserve() of mm/page_alloc.c."""
    above = ZONES[ZONES.index(low) + 1 : ZONES.index(upper) + 1]
    return sum(managed.get(name, 0) for name in above) // ratios[low]


def _ratio(parameters: Parameters, zone: str) -> int:
    return number(parameters, f"ratio_{zone.lower()}")


def _frames(parameters: Parameters) -> list[int]:
    values = parameters["frames"]
    assert isinstance(values, tuple)
    return [int(value) for value in values[:ASKED_FRAMES]]
