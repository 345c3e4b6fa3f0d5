"""Every lab's recorded runs have a page: whole, of a size that opens at once, with their steps on an axis."""

from __future__ import annotations

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
