"""Every lab's recorded runs have a page: whole, of a size that opens at once, with their steps on an axis."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labkit.grade.exhibit.build import exhibit
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.model.events import Event
from labkit.page import put_page
from labkit.store.reader import read

LABS = Path(__file__).resolve().parents[2] / "labs"
GOLDEN = sorted(path for path in LABS.glob("*/evidence/*/") if path.is_dir())
MOST_BYTES = 2_000_000
MAPPED = ("compaction", "numa", "thp")  # where a page comes to lie is what they are about


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_recorded_run_has_a_page(golden: Path, tmp_path: Path) -> None:
    said: list[Event] = []
    lab, evidence = load(golden.parents[1]), read(golden)
    put_page(tmp_path, grade(lab, evidence), evidence, lab.id, said.append)
    assert said == []
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < MOST_BYTES
    for scene in exhibit(evidence).scenes:
        assert f">Scene {scene.name}<" in page
        assert scene.ended in page
        if scene.ended == "came to its end":
            assert scene.timeline is not None
            assert all(f"{span.name} <" in page for span in scene.timeline.spans)


DRAWN = [path for path in GOLDEN if path.name.startswith("pass-") and path.parts[-3] in MAPPED]


@pytest.mark.parametrize("golden", DRAWN, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_lab_about_places_shows_its_frames_before_and_after(golden: Path) -> None:
    for scene in exhibit(read(golden)).scenes:
        assert scene.maps is not None, scene.name
        assert scene.maps.before.pages == scene.maps.after.pages
        assert (scene.maps.before.kinds, scene.maps.before.orders) != (
            scene.maps.after.kinds,
            scene.maps.after.orders,
        )


@pytest.mark.parametrize("lab", MAPPED)
def test_the_handout_of_such_a_lab_says_how_to_see_them(lab: str) -> None:
    handout = (LABS / lab / "README.md.j2").read_text(encoding="utf-8")
    assert f"labkit map --live {lab}" in handout
    moments = re.findall(r"labkit map (?:--scene (\w+) )?--against (\S+) --at (\S+)", handout)
    assert moments
    evidence = read(LABS / lab / "evidence" / "pass-6.12")
    first = next(scene.name for scene in evidence.scenes if any(seen.reading.map for seen in scene.witnessed))
    for name, against, at in moments:
        scene = evidence.scene(name or first)
        assert scene is not None
        for moment in (against, at):
            seen = scene.witness(moment)
            assert seen is not None
            assert seen.reading.map is not None
