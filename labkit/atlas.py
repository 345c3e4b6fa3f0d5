"""Hallway: maps of RAM: those that a run keeps, and that of a guest which stands just now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.catalogue import find_run
from labkit.model.errors import Broken, UsageError
from labkit.model.events import Listener
from labkit.model.evidence import Evidence, Witnessed
from labkit.model.page_map import PageMap
from labkit.model.rows import MapView
from labkit.model.witness import Probe, Reading
from labkit.places import places
from labkit.standing import Standing, look, named, standing
from labkit.store.reader import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What of a map is drawn: one node's frames, or those from the first of `frames` on, before the last."""

    node: int | None = None
    frames: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapAsk:
    """Which maps of which run: as find_run has it, of one scene, at one moment or what changed since another.

    What is None is the newest run, the first scene with a map, the last moment.
    """

    run: str | None = None
    runs: Path | None = None
    scene: str | None = None
    at: str | None = None
    against: str | None = None
    cut: Cut = Cut()


def kept_maps(ask: MapAsk) -> MapView:
    """The maps of a run's evidence. Raises UsageError where there are none such, Broken for a damaged run."""
    folder = find_run(places(runs=ask.runs), ask.run)
    evidence = read(folder)
    scenes = _scenes(evidence, folder)
    if ask.scene is not None and ask.scene not in scenes:
        raise UsageError(
            where=f"--scene {ask.scene}", found="no map of such a scene", fix=f"one of {_list(scenes)}"
        )
    scene = ask.scene or next(iter(scenes))
    seen = scenes[scene]
    last = _moment(seen, ask.at, "--at") if ask.at else seen[-1]
    chosen = [last] if ask.against is None else [_moment(seen, ask.against, "--against"), last]
    chosen.sort(key=lambda each: each.reading.taken_at)
    maps = tuple((each.moment, _cut(_map(each.reading, each.where), ask.cut)) for each in chosen)
    if maps[0][1].stretches != maps[-1][1].stretches:
        raise Broken(where=str(folder), found="the two maps have other frames", fix="run the lab again")
    every = "; ".join(f"{name}: {_list(each.moment for each in found)}" for name, found in scenes.items())
    more = sum(map(len, scenes.values())) > len(chosen)
    return MapView(
        title=f"{evidence.request.lab}, scene {scene}, kernel {evidence.request.kernel} ({folder.name})",
        maps=maps,
        notes=(f"maps of this run: {every} (--scene, --at, --against)",) if more else (),
    )


def live_map(word: str | None, cut: Cut, listen: Listener) -> MapView:
    """The map of the guest that stands, or of the one that `word` names by its lab or its process.

    Raises UsageError when none stands, or several of which one is to be named; HostError, Broken.
    """
    here = places()
    guest = _one(standing(here), word)
    reading = look(here, guest, (Probe.MAP,), listen)
    return MapView(
        title=f"{guest.card.who}, kernel {guest.card.machine.kernel}, now",
        maps=(("now", _cut(_map(reading, guest.card.who), cut)),),
    )


def _one(guests: tuple[Standing, ...], word: str | None) -> Standing:
    where = "labkit map --live" + (f" {word}" if word else "")
    if not guests:
        raise UsageError(
            where=where,
            found="no guest of `labkit shell` or `labkit exec` stands",
            fix="open one in another terminal, such as `labkit shell lab2`",
        )
    wanted = guests if word is None else named(guests, word)
    if len(wanted) == 1:
        return wanted[0]
    left = wanted or guests
    told = "; ".join(f"{each.card.who}, process {each.card.pid}" for each in left)
    raise UsageError(
        where=where,
        found=f"several stand: {told}" if wanted else f"it names none of those that stand: {told}",
        fix=f"name one by its lab or its process, such as `labkit map --live {left[0].card.pid}`",
    )


def _scenes(evidence: Evidence, folder: Path) -> dict[str, list[Witnessed]]:
    """The readings with a map, in the order in which they were taken, by scene."""
    found = {
        scene.name: sorted(
            (seen for seen in scene.witnessed if seen.reading.map is not None),
            key=lambda seen: seen.reading.taken_at,
        )
        for scene in evidence.scenes
    }
    found = {name: seen for name, seen in found.items() if seen}
    if not found:
        raise UsageError(
            where=str(folder),
            found=f"no map of RAM in it: {evidence.request.lab} asks for none",
            fix='run a lab that does, such as compaction, or give lab.toml a witness = { probes = ["map"] }',
        )
    return found


def _moment(seen: Sequence[Witnessed], moment: str, option: str) -> Witnessed:
    for each in seen:
        if each.moment == moment:
            return each
    known = _list(each.moment for each in seen)
    raise UsageError(where=f"{option} {moment}", found="no map of this moment", fix=f"one of {known}")


def _map(reading: Reading, where: str) -> PageMap:
    found = reading.marked_map
    if found is None:
        odd = next((each.found for each in reading.incoherent if each.probe is Probe.MAP), "nothing was read")
        raise Broken(where=where, found=f"this memory is no kernel's: {odd}", fix="boot the guest anew")
    return found


def _cut(page_map: PageMap, cut: Cut) -> PageMap:
    if cut.node is not None:
        if cut.node not in page_map.nodes:
            known = ", ".join(map(str, page_map.nodes))
            raise UsageError(
                where=f"--node {cut.node}", found="no memory of such a node", fix=f"one of {known}"
            )
        page_map = page_map.on_node(cut.node)
    if cut.frames is not None:
        within = page_map.within(*cut.frames)
        if not within.pages:
            first, last = page_map.stretches[0].first, page_map.stretches[-1].end - 1
            raise UsageError(
                where=f"--zoom {cut.frames[0]}-{cut.frames[1] - 1}",
                found="no memory has these frames",
                fix=f"some between {first} and {last}",
            )
        page_map = within
    return page_map


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
