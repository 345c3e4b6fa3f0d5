"""What the host read is kept so that each row can be pointed at, and is read back whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readings import contents, memcg, reading, record, task
from store_values import REQUEST, SPEC, whole_scene

from labkit.model.evidence import AFTER, BEFORE, SceneEnd, SceneEvidence
from labkit.model.machine import Accel
from labkit.model.units import Size
from labkit.model.witness import Incoherent, Probe, Reading, Totals
from labkit.store.reader import read
from labkit.store.writer import RunWriter, SceneWriter, create

READING = reading(
    tasks=(task("hog"), task("a b\n", pid=8)),
    memcgs=(memcg("/"), memcg("/größe", max=None)),
    dmesg=(record("one\ntwo"), record("three", facility=1, line=2)),
    vmstat={"pswpout": 7, "oom_kill": 1},
    totals=Totals(ram=Size.mib(262), swap=Size(0)),
    contents=(contents(),),
    incoherent=(Incoherent(probe=Probe.ZONES, found="no end"),),
)


def kept(folder: Path, *moments: tuple[str, Reading]) -> tuple[Path, SceneEvidence]:
    """A run whose one scene was looked at, and the scene as it is read back."""
    run = create(folder, REQUEST)
    scene = begun(run)
    for moment, found in moments:
        scene.witness(moment, found)
    scene.end(SceneEnd.COMPLETED)
    return run.folder, read(run.folder).scenes[0]


def begun(run: RunWriter) -> SceneWriter:
    return run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)


def test_a_reading_comes_back_as_it_was(tmp_path: Path) -> None:
    _, scene = kept(tmp_path, (BEFORE, reading(thp=None)), (AFTER, READING))
    assert [seen.moment for seen in scene.witnessed] == [AFTER, BEFORE]
    seen = scene.witness(AFTER)
    assert seen is not None
    assert seen.reading.tasks == READING.tasks
    assert seen.reading.memcgs == READING.memcgs
    assert seen.reading.totals == READING.totals
    assert seen.reading.vmstat == READING.vmstat
    assert seen.reading.incoherent == READING.incoherent
    assert [r.text for r in seen.reading.dmesg or ()] == ["one\ntwo", "three"]


def test_each_row_stands_on_the_line_that_is_told(tmp_path: Path) -> None:
    folder, scene = kept(tmp_path, (AFTER, READING))
    seen = scene.witness(AFTER)
    assert seen is not None
    lines = (folder / seen.where).read_text().split("\n")
    for at, each in enumerate(READING.tasks or ()):
        assert json.loads(lines[seen.lines["tasks"] + at].rstrip(","))["comm"] == each.comm
    for entry in seen.reading.dmesg or ():
        assert json.loads(lines[entry.line - 1].rstrip(","))["text"] == entry.text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(task, st.text(), pid=st.integers(1), cgroup=st.text()), max_size=4).map(tuple))
def test_whatever_a_guest_calls_things_survives_the_round_trip(tmp_path: Path, tasks: tuple[object]) -> None:
    _, scene = kept(tmp_path, (AFTER, reading(tasks=tasks)))
    seen = scene.witness(AFTER)
    assert seen is not None
    assert seen.reading.tasks == tasks


def test_a_reading_that_was_edited_makes_the_scene_broken(tmp_path: Path) -> None:
    folder, _ = kept(tmp_path, (AFTER, READING))
    path = folder / "oom" / "witness" / "after.json"
    path.write_text(path.read_text().replace('"pswpout": 7', '"pswpout": 8'))
    scene = read(folder).scenes[0]
    assert scene.end is SceneEnd.BROKEN
    assert "witness/after.json" in scene.detail


def test_a_reading_that_is_gone_makes_the_scene_broken(tmp_path: Path) -> None:
    folder, _ = kept(tmp_path, (AFTER, READING))
    (folder / "oom" / "witness" / "after.json").unlink()
    assert read(folder).scenes[0].end is SceneEnd.BROKEN


def test_a_reading_that_was_slipped_in_afterwards_is_no_evidence(tmp_path: Path) -> None:
    folder, _ = kept(tmp_path, (AFTER, READING))
    whole = folder / "oom" / "witness" / "after.json"
    whole.with_name("after-limit.json").write_text(whole.read_text())
    assert [seen.moment for seen in read(folder).scenes[0].witnessed] == [AFTER]


def test_an_interrupted_scene_keeps_the_readings_that_are_whole(tmp_path: Path) -> None:
    run = create(tmp_path, REQUEST)
    scene = begun(run)
    scene.witness(BEFORE, READING)
    (run.folder / "oom" / "witness" / "zz.json").write_text("{")
    found = read(run.folder).scenes[0]
    assert found.end is SceneEnd.INTERRUPTED
    assert [seen.moment for seen in found.witnessed] == [BEFORE]


def test_a_reading_that_somebody_else_wrote_on_one_line_is_read_all_the_same(tmp_path: Path) -> None:
    run = create(tmp_path, REQUEST)
    begun(run).witness(AFTER, READING)
    path = run.folder / "oom" / "witness" / "after.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    (seen,) = read(run.folder).scenes[0].witnessed
    assert [record.text for record in seen.reading.dmesg or ()] == ["one\ntwo", "three"]
    assert seen.lines == {}


def test_a_scene_without_a_witness_has_no_folder_of_it(tmp_path: Path) -> None:
    run = create(tmp_path, REQUEST)
    whole_scene(run)
    assert not (run.folder / "oom" / "witness").exists()
    assert read(run.folder).scenes[0].witnessed == ()


@pytest.mark.parametrize("moment", ["", "../x", "a/b"])
def test_a_moment_that_is_no_file_name_is_refused(tmp_path: Path, moment: str) -> None:
    run = create(tmp_path, REQUEST)
    scene = begun(run)
    with pytest.raises(ValueError, match="cannot name"):
        scene.witness(moment, READING)
