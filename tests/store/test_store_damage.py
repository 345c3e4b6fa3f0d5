from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from store_values import FILES, RECORDS, REQUEST, SPEC, whole_scene

from labkit.model.errors import Broken
from labkit.model.evidence import (
    BEFORE,
    Evidence,
    SceneEnd,
)
from labkit.model.machine import Accel
from labkit.store.reader import read
from labkit.store.writer import RunWriter, create


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return create(tmp_path / "runs", REQUEST)


def test_a_scene_without_its_end_is_interrupted_and_shows_what_is_whole_of_it(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    scene.capture(BEFORE, FILES)
    scene.dmesg(RECORDS)
    with (scene.folder / "captures.jsonl").open("a") as stream:
        stream.write('{"moment": "after", "path": "/proc/vm')
    (found,) = read(run.folder).scenes
    assert found.end is SceneEnd.INTERRUPTED
    assert [file.path for file in found.files] == [path for path, _, _ in FILES]
    assert found.dmesg == RECORDS


def test_an_interrupted_run_without_any_scene_is_read(run: RunWriter) -> None:
    (run.folder / "%partial-oom").mkdir()
    assert read(run.folder) == Evidence(request=REQUEST, scenes=())


@dataclass(frozen=True)
class Damage:
    """What befalls a file of a whole run."""

    file: str
    do: Callable[[Path], None]


def remove(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


COVERED = [
    "captures.jsonl",
    "dmesg.jsonl",
    "console-tail.txt",
    "end.json",
    "after/proc/vmstat",
    "before/lab/binary",
    "steps/01-hog/stdout",
    "steps/01-hog/stderr",
    "steps/01-hog/status.json",
]
DAMAGES = [
    Damage(file, do)
    for file, do in itertools.product(COVERED, (remove, cut_short))
    if (file, do) != ("end.json", remove)
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: f"{damage.file} {damage.do.__name__}")
def test_a_scene_with_damaged_evidence_is_broken_and_names_the_file(run: RunWriter, damage: Damage) -> None:
    scene = whole_scene(run)
    damage.do(scene.folder / damage.file)
    (found,) = read(run.folder).scenes
    assert found.end is SceneEnd.BROKEN
    assert damage.file in found.detail
    assert found.files == ()


@pytest.mark.parametrize("file", ["request.json", "submission/answers.toml", "oom/machine.json"])
def test_damage_that_concerns_the_whole_run_is_an_error_that_names_the_file(
    run: RunWriter, file: str
) -> None:
    whole_scene(run)
    cut_short(run.folder / file)
    with pytest.raises(Broken) as caught:
        read(run.folder)
    assert caught.value.where.endswith(file)


def test_an_end_that_vouches_for_too_little_is_broken(run: RunWriter) -> None:
    scene = whole_scene(run)
    (scene.folder / "end.json").write_text('{"end": "completed", "detail": "", "timings": {}, "files": {}}\n')
    (found,) = read(run.folder).scenes
    assert found.end is SceneEnd.BROKEN
    assert "machine.json" in found.detail


def test_an_index_cannot_point_outside_its_scene(run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    line = '{"moment": "after", "path": "/a", "where": "../../../secret", "sha256": "0", "cut": false}\n'
    (scene.folder / "captures.jsonl").write_text(line)
    scene.end(SceneEnd.COMPLETED)
    (found,) = read(run.folder).scenes
    assert found.end is SceneEnd.BROKEN
    assert "outside" in found.detail


def test_a_link_in_a_run_folder_is_refused(run: RunWriter) -> None:
    scene = whole_scene(run)
    victim = scene.folder / "after/proc/vmstat"
    victim.unlink()
    victim.symlink_to("/etc/passwd")
    with pytest.raises(Broken, match="a link or a device"):
        read(run.folder)


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="is no run folder"):
        read(tmp_path / "nothing")
    with pytest.raises(Broken, match=r"request\.json: No such file"):
        read(tmp_path)
