"""The maps that a run keeps: which one is meant, and what to do where there is none. No guest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from page_maps import joined, page_map

from labkit.atlas import Cut, MapAsk, kept_maps, live_map
from labkit.model.errors import Broken, UsageError
from labkit.model.events import silent
from labkit.model.evidence import Request, SceneEnd
from labkit.model.machine import Accel, MachineSpec, Node
from labkit.model.page_map import PageMap
from labkit.model.ram_map import Kind
from labkit.model.tags import Store, TagRun, Tags
from labkit.model.units import Size
from labkit.model.witness import Reading
from labkit.standing import Card, Standing
from labkit.store.writer import create

SPEC = MachineSpec(nodes=(Node(cpus=1, memory=Size.mib(256)),))
REQUEST = Request(
    lab="torn",
    lab_digest="0" * 64,
    seed="7",
    parameters={},
    kernel="6.12",
    accel=Accel.TCG,
    submission_name="solution",
    submission={},
    labkit="0.1.0",
    started_at="2026-11-23T14:46:12Z",
)
TORN = joined(page_map((Kind.ANON, 0, 1024), first=0), page_map((Kind.FREE, 0, 64), first=2048, node=1))
WHOLE = joined(page_map((Kind.FREE, 10, 1024), first=0), page_map((Kind.FREE, 6, 64), first=2048, node=1))
TAGS = Tags(runs=(TagRun(index=0, store=Store.RAM, node=0, place=8, pages=3),), torn=0)


def looked(at: float, found: PageMap | None, tags: Tags | None = None) -> Reading:
    return Reading(taken_at=at, paused_seconds=0.0, stops=1, map=found, tags=tags)


def kept(runs: Path, scenes: Mapping[str, Mapping[str, Reading]]) -> Path:
    run = create(runs, REQUEST)
    for number, (name, moments) in enumerate(scenes.items(), start=1):
        scene = run.scene(name, number=number, machine=SPEC, release="6.12.0", accel=Accel.TCG)
        for moment, reading in moments.items():
            scene.witness(moment, reading)
        scene.end(SceneEnd.COMPLETED)
    return run.folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torn = {"before": looked(1, TORN, TAGS), "after-rest": looked(2, None), "after": looked(3, WHOLE)}
    return kept(
        tmp_path, {"plain": {"after": looked(1, None)}, "torn": torn, "held": {"after": looked(9, TORN)}}
    )


def asked(run: Path, **more: object) -> MapAsk:
    return replace(MapAsk(run=str(run)), **more)  # type: ignore[arg-type]


def test_without_a_word_it_is_the_last_map_of_the_first_scene_that_has_one(run: Path) -> None:
    view = kept_maps(asked(run))
    assert view.title.startswith("torn, scene torn, kernel 6.12 (20261123T144612Z-torn-7")
    assert view.maps == (("after", WHOLE),)
    assert view.notes == ("maps of this run: torn: before, after; held: after (--scene, --at, --against)",)


def test_a_run_is_found_as_show_finds_it(run: Path) -> None:
    assert kept_maps(MapAsk(runs=run.parent)) == kept_maps(MapAsk(run="20261123", runs=run.parent))


def test_two_maps_come_in_the_order_of_time(run: Path) -> None:
    for at, against in (("before", "after"), ("after", "before")):
        view = kept_maps(asked(run, at=at, against=against))
        assert [moment for moment, _ in view.maps] == ["before", "after"]


def test_pages_with_a_tag_are_marked(run: Path) -> None:
    ((_, found),) = kept_maps(asked(run, at="before")).maps
    assert (found.count(Kind.TAGGED), found.count(Kind.ANON)) == (3, 1021)


def test_a_node_and_a_range_of_frames_are_cut_out(run: Path) -> None:
    ((_, node),) = kept_maps(asked(run, cut=Cut(node=1))).maps
    ((_, some),) = kept_maps(asked(run, cut=Cut(frames=(1000, 2050)))).maps
    assert (node.nodes, node.pages, some.pages) == ((1,), 64, 26)


@pytest.mark.parametrize(
    ("more", "where", "found", "fix"),
    [
        ({"scene": "plain"}, "--scene plain", "no map of such a scene", "one of torn, held"),
        ({"at": "after-rest"}, "--at after-rest", "no map of this moment", "one of before, after"),
        ({"against": "now"}, "--against now", "no map of this moment", "one of before, after"),
        ({"cut": Cut(node=2)}, "--node 2", "no memory of such a node", "one of 0, 1"),
        ({"cut": Cut(frames=(9000, 9100))}, "--zoom 9000-9099", "no memory has these frames", "0 and 2111"),
        ({"cut": Cut(node=1, frames=(0, 9))}, "--zoom 0-8", "no memory has these frames", "2048 and 2111"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    run: Path, more: dict[str, object], where: str, found: str, fix: str
) -> None:
    with pytest.raises(UsageError) as caught:
        kept_maps(asked(run, **more))
    assert (caught.value.where, caught.value.found) == (where, found)
    assert fix in caught.value.fix


def test_a_run_without_maps_says_how_to_get_one(tmp_path: Path) -> None:
    folder = kept(tmp_path, {"plain": {"after": looked(1, None)}})
    with pytest.raises(UsageError, match=r"no map of RAM in it: torn asks for none; .*probes = \[\"map\"\]"):
        kept_maps(asked(folder))


def test_a_map_that_was_edited_is_not_drawn(run: Path) -> None:
    file = run / "torn" / "witness" / "after.json"
    file.write_text(file.read_text().replace('"first": 2048', '"first": 4096'))
    assert [name for name, _ in kept_maps(asked(run)).maps] == ["after"]
    with pytest.raises(UsageError, match="no map of such a scene"):
        kept_maps(asked(run, scene="torn"))


def test_maps_of_two_machines_are_not_compared(tmp_path: Path) -> None:
    other = page_map((Kind.FREE, 0, 4))
    folder = kept(tmp_path, {"torn": {"before": looked(1, TORN), "after": looked(2, other)}})
    with pytest.raises(Broken, match="other frames"):
        kept_maps(asked(folder, at="after", against="before"))


def test_where_no_guest_stands_it_says_how_to_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=r"no guest of `labkit shell` .* open one in another terminal"):
        live_map(None, Cut(), silent)


def guests_of(*whose: str) -> tuple[Standing, ...]:
    return tuple(
        Standing(card=Card(who=who, machine=SPEC, pid=pid), folder=Path("/gone"))
        for pid, who in enumerate(whose, start=4711)
    )


def drawn(monkeypatch: pytest.MonkeyPatch, guests: tuple[Standing, ...], word: str | None) -> str:
    """Whose map is drawn when these stand."""
    monkeypatch.setattr("labkit.atlas.standing", lambda _: guests)
    monkeypatch.setattr("labkit.atlas.look", lambda *_: looked(1, TORN))
    return live_map(word, Cut(), silent).title


def test_the_only_guest_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = guests_of("lab2, scene exercise")
    assert drawn(monkeypatch, guests, None) == "lab2, scene exercise, kernel 6.12, now"
    assert drawn(monkeypatch, guests, "lab2") == drawn(monkeypatch, guests, "4711")


@pytest.mark.parametrize("word", [None, "lab2"])
def test_of_several_guests_one_is_to_be_named(monkeypatch: pytest.MonkeyPatch, word: str | None) -> None:
    guests = guests_of("lab2, scene exercise", "lab2, scene swap")
    with pytest.raises(UsageError) as caught:
        drawn(monkeypatch, guests, word)
    assert caught.value.found == (
        "several stand: lab2, scene exercise, process 4711; lab2, scene swap, process 4712"
    )
    assert "labkit map --live 4711" in caught.value.fix
    assert drawn(monkeypatch, guests, "4712").startswith("lab2, scene swap")


def test_a_guest_is_named_by_its_lab_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = guests_of("a guest of no lab", "numa, scene place")
    assert drawn(monkeypatch, guests, "numa").startswith("numa, scene place")
    with pytest.raises(
        UsageError, match="it names none of those that stand: a guest of no lab, process 4711"
    ):
        drawn(monkeypatch, guests, "lab2")
