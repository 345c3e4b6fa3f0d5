from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from store_values import FILES, RECORDS, REQUEST, SPEC, whole_scene

from labkit.model.errors import HostError
from labkit.model.evidence import (
    AFTER,
    BEFORE,
    SceneEnd,
    after_step,
)
from labkit.model.machine import Accel
from labkit.store import writer
from labkit.store.reader import read
from labkit.store.writer import RunWriter, create


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return create(tmp_path / "runs", REQUEST)


def test_what_was_written_is_read(run: RunWriter) -> None:
    whole_scene(run)
    evidence = read(run.folder)
    assert evidence.request == REQUEST
    (scene,) = evidence.scenes
    assert (scene.end, scene.timings, scene.console_tail) == (SceneEnd.COMPLETED, {"boot": 4.25}, "login\n")
    assert scene.dmesg == RECORDS
    assert [step.name for step in scene.steps] == ["hog", "late"]
    assert scene.file("/proc/vmstat", after_step("hog")) is not None
    absent = scene.file("/sys/fs/cgroup/lab/memory.events")
    assert absent is not None
    assert absent.text is None
    binary = scene.file("/lab/binary")
    assert binary is not None
    assert binary.text == "\\xff\x00\r\n"


def test_a_step_has_one_folder_whatever_its_name(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    step = scene.step("a/../b", status=0, timed_out=False, seconds=0.1, stdout=b"", stderr=b"")
    scene.end(SceneEnd.COMPLETED)
    assert [path.parent.name for path in (scene.folder / "steps").glob("*/status.json")] == [
        "01-a%2F%2E%2E%2Fb"
    ]
    assert read(run.folder).scenes[0].steps == (step,)


def test_the_writer_answers_with_the_values_that_the_reader_finds(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    files = scene.capture(AFTER, FILES)
    step = scene.step("hog", status=0, timed_out=False, seconds=0.1, stdout=b"1\n", stderr=b"")
    log = scene.dmesg(replace(record, line=99) for record in RECORDS)
    scene.end(SceneEnd.PANICKED, detail="Kernel panic")
    found = read(run.folder).scenes[0]
    assert (found.files, found.steps, found.dmesg) == (files, (step,), log)
    assert (found.end, found.detail) == (SceneEnd.PANICKED, "Kernel panic")


def test_a_guest_file_that_becomes_a_folder_keeps_both_copies(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    scene.capture(
        AFTER,
        [("/a", b"file", False), ("/a/b", b"inside", False), ("/c/d", b"1", False), ("/c", b"2", False)],
    )
    scene.end(SceneEnd.COMPLETED)
    texts = {file.path: file.text for file in read(run.folder).scenes[0].files}
    assert texts == {"/a": "file", "/a/b": "inside", "/c/d": "1", "/c": "2"}


def test_a_path_captured_twice_keeps_its_first_content(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    first, second = scene.capture(AFTER, [("/a", b"1", False), ("/a", b"2", False)])
    assert first == second
    assert first.text == "1"


def test_captures_and_streams_are_cut_at_their_cap_and_say_so(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    (captured,) = scene.capture(AFTER, [("/big", b"x" * (writer.CAP + 1), False)])
    step = scene.step(
        "flood", status=0, timed_out=False, seconds=1.0, stdout=b"y" * (writer.CAP + 1), stderr=b""
    )
    assert captured.cut
    assert captured.text is not None
    assert len(captured.text) == len(step.stdout) == writer.CAP
    assert step.cut


def test_all_captures_of_a_scene_together_have_a_cap(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    many = writer.SCENE_CAP // writer.CAP
    scene.capture(AFTER, ((f"/{number}", b"x" * writer.CAP, False) for number in range(many)))
    (late,) = scene.capture(AFTER, [("/late", b"x", False)])
    assert (late.cut, late.text) == (True, "")


def test_before_and_after_can_be_compared_with_diff(run: RunWriter) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
    scene.capture(BEFORE, [("/proc/vmstat", b"oom_kill 0\n", False)])
    scene.capture(AFTER, [("/proc/vmstat", b"oom_kill 1\n", False)])
    told = subprocess.run(
        ["diff", "-r", BEFORE, AFTER], cwd=scene.folder, capture_output=True, text=True, check=False
    )
    assert told.stdout.splitlines()[1:] == ["1c1", "< oom_kill 0", "---", "> oom_kill 1"]


def test_scenes_come_back_in_the_order_of_their_numbers(run: RunWriter) -> None:
    for name, number in (("oom", 2), ("group", 3), ("swap", 1)):
        whole_scene(run, name, number)
    assert [scene.name for scene in read(run.folder).scenes] == ["swap", "oom", "group"]


@pytest.mark.parametrize("name", ["submission", "..", "a/b", "", "%partial-x"])
def test_a_scene_cannot_take_a_name_that_is_no_folder_of_its_own(run: RunWriter, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        run.scene(name, number=1, machine=SPEC, release="", accel=Accel.TCG)


@pytest.mark.parametrize("moment", ["steps", "..", "a/b", ""])
def test_a_moment_cannot_take_such_a_name_either(run: RunWriter, moment: str) -> None:
    scene = run.scene("oom", number=1, machine=SPEC, release="", accel=Accel.TCG)
    with pytest.raises(ValueError, match="cannot name"):
        scene.capture(moment, [])


def test_run_folders_are_named_by_time_lab_and_seed(tmp_path: Path) -> None:
    run = create(tmp_path, replace(REQUEST, seed="a/../b c"))
    assert run.folder.name == "20261123T144612Z-lab2-a_.._b_c"


def test_runs_of_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = [run.folder for run in pool.map(lambda _: create(tmp_path, REQUEST), range(16))]
    assert len(set(folders)) == 16


def test_a_place_that_cannot_be_written_is_the_operator_s_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError) as caught:
        create(tmp_path / "file" / "runs", REQUEST)
    assert "free)" in caught.value.found
    assert "--runs DIR" in caught.value.fix


FULL_DISK = """
import sys
from pathlib import Path
from labkit.model.errors import HostError
from labkit.store.reader import read
sys.path.insert(0, {tests!r})
from store_values import REQUEST, SPEC
from labkit.model.machine import Accel
from labkit.store.writer import create

run = create(Path(sys.argv[1]), REQUEST)
scene = run.scene("oom", number=1, machine=SPEC, release="6.12.0", accel=Accel.TCG)
scene.capture("before", [("/proc/vmstat", b"x", False)])
try:
    for number in range(64):
        scene.capture("after", [(f"/{{number}}", b"x" * 16384, False)])
except HostError as error:
    print(error.found, "|", error.fix)
(found,) = read(run.folder).scenes
print(found.end.value, found.files[0].path)
"""


def test_a_full_disk_is_said_and_leaves_a_run_that_reads_as_interrupted(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(FULL_DISK.format(tests=str(Path(__file__).parent)))
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=256k none {disk} && exec {sys.executable} {script} {disk}"
    told = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in told.stderr or "mount" in told.stderr:
        pytest.skip(f"this host gives no user namespaces to mount a small disk in: {told.stderr.strip()}")
    error, state = told.stdout.splitlines()
    assert error.startswith("No space left on device (")
    assert "free some space" in error
    assert state == "interrupted /proc/vmstat"
