"""How the free memory of a zone was cut, moment by moment: buddyinfo as pictures need it."""

from __future__ import annotations

from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.grade.parse.error import ParseError
from labkit.model.evidence import SceneEvidence
from labkit.model.exhibit import FreeBlocks

MAX_MOMENTS = 6  # side by side
BUDDYINFO = "/proc/buddyinfo"
_Cut = tuple[str, str, tuple[int, ...]]  # zone, moment, blocks by order


def free_blocks(scene: SceneEvidence) -> tuple[FreeBlocks, ...]:
    """A table a zone, of what the host walked; where it did not look, of buddyinfo. Two moments at least."""
    seen = [
        (f"node {zone.node}, {zone.name}", look.moment, zone.nr_free)
        for look in scene.in_time
        for zone in look.reading.zones or ()
    ]
    if seen:
        return _tables(seen, next(look.where for look in scene.in_time if look.reading.zones))
    return _tables(_captured(scene), f"{scene.name}{BUDDYINFO}")


def _captured(scene: SceneEvidence) -> list[_Cut]:
    cuts: list[_Cut] = []
    for captured in scene.files:
        if captured.path != BUDDYINFO or not captured.text:
            continue
        try:
            areas = parse_buddyinfo(captured.text)
        except ParseError:
            continue
        cuts += [(f"node {area.node}, {area.zone}", captured.moment, area.free_blocks) for area in areas]
    return cuts


def _tables(cuts: list[_Cut], where: str) -> tuple[FreeBlocks, ...]:
    zones: dict[str, dict[str, tuple[int, ...]]] = {}
    for zone, moment, blocks in cuts:
        zones.setdefault(zone, {})[moment] = tuple(blocks)
    tables = []
    for zone, cut_at in zones.items():
        # The first, and the last ones: what was before, and what became of it.
        shown = list(cut_at.items())
        shown = shown if len(shown) <= MAX_MOMENTS else [shown[0], *shown[1 - MAX_MOMENTS :]]
        if len(shown) > 1:
            names = tuple(name for name, _ in shown)
            tables.append(
                FreeBlocks(zone=zone, moments=names, blocks=tuple(cut for _, cut in shown), where=where)
            )
    return tuple(tables)
