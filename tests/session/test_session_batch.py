"""A batch: several scenes at once, several submissions at once, and one that fails stops no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from labmaker import make_lab

from labkit import session
from labkit.batch import labels, run
from labkit.model.errors import CompileError, ExitCode, HostError, SubmissionError, UsageError
from labkit.model.events import Event, Mood, silent
from labkit.model.evidence import SceneEnd
from labkit.model.lab import Scene
from labkit.model.units import Deadline
from labkit.pools.cancel import Token
from labkit.session import RunAsk
from labkit.store.reader import read

LABKIT = Path(sys.executable).with_name("labkit")
STEPS = {"act": {"run": "./thing.sh > said; cat said", "runs_as": "student"}}
HAND_IN = {"thing.sh": "shell", "extra.c": "c"}
GOOD_C = "int main(void) { return 0; }\n"


def thing_lab(folder: Path) -> Path:
    """Two scenes that run what was handed in; extra.c is compiled."""
    return make_lab(
        folder,
        steps=STEPS,
        scenes=("only", "other"),
        check="said",
        scene={"programs": ["extra"]},
        hand_in=HAND_IN,
        files={"solution/thing.sh": "#!/bin/sh\necho yes\n", "solution/extra.c": GOOD_C},
    )


def submission(folder: Path, *, says: str = "yes", code: str = GOOD_C) -> Path:
    folder.mkdir(parents=True)
    (folder / "thing.sh").write_text(f"#!/bin/sh\necho {says}\n")
    (folder / "extra.c").write_text(code)
    return folder


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/in/ada", "/in/bob"], ("ada", "bob")),
        (["/in/ada/lab2", "/in/bob/lab2"], ("ada/lab2", "bob/lab2")),
        (["/a/x/lab2", "/b/x/lab2", "/c/y"], ("a/x/lab2", "b/x/lab2", "/c/y")),
        (["/in/ada", "/in/ada/"], ("ada", "ada")),
        (["/in/ada", "/ada"], ("in/ada", "/ada")),
        ([], ()),
    ],
)
def test_names_are_as_short_as_they_can_be_told_apart(paths: list[str], expected: tuple[str, ...]) -> None:
    assert labels(tuple(map(Path, paths))) == expected


@pytest.mark.guest
def test_good_wrong_and_broken_work_is_graded_in_one_go(tmp_path: Path) -> None:
    lab = thing_lab(tmp_path / "thing")
    good = submission(tmp_path / "a" / "lab")
    wrong = submission(tmp_path / "b" / "lab", says="no")
    broken = submission(tmp_path / "c" / "lab", code="int main(void) { return missing; }\n")
    target, runs = tmp_path / "all.json", tmp_path / "runs"
    done = subprocess.run(
        [LABKIT, "run", lab, good, broken, wrong, "--json", target, "--runs", runs],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (ExitCode.BAD_INPUT, False)
    table = [line.split() for line in done.stdout.splitlines()]
    assert table[1:4] == [["a/lab", "1/1"], ["c/lab", "error", *table[2][2:]], ["b/lab", "0/1", "check"]]
    assert table[2][2] == "extra.c:1:25:"
    first, second, third = json.loads(target.read_text())
    assert (first["score"], third["score"]) == (1, 0)
    assert second["path"] == str(broken)
    assert "missing" in second["error"]["found"]
    assert len(list(runs.iterdir())) == 2
    for run_folder in runs.iterdir():
        evidence = read(run_folder)
        assert [scene.name for scene in evidence.scenes] == ["only", "other"]
        assert {scene.end for scene in evidence.scenes} == {SceneEnd.COMPLETED}


@pytest.mark.guest
def test_each_that_cannot_be_graded_has_a_row_with_its_own_error(tmp_path: Path) -> None:
    lab = thing_lab(tmp_path / "thing")
    incomplete = submission(tmp_path / "incomplete")
    (incomplete / "thing.sh").unlink()
    file = tmp_path / "grades.csv"
    file.write_text("")
    broken = submission(tmp_path / "broken", code="#error no\n")
    events: list[Event] = []
    ask = RunAsk(lab=str(lab), runs=tmp_path / "runs")
    rows = run(ask, (incomplete, file, broken), None, events.append)
    assert [row.name for row in rows] == ["incomplete", "grades.csv", "broken"]
    assert [type(row.outcome) for row in rows] == [SubmissionError, UsageError, CompileError]
    assert {row.exit_code for row in rows} == {ExitCode.BAD_INPUT}
    assert not (tmp_path / "runs").exists()
    told = [event for event in events if event.scope == "batch"]
    assert (told[0].mood, told[-1].mood) == (Mood.BEGIN, Mood.DONE)
    assert sum(" of 3 done" in event.text and event.fraction is None for event in told) == 3
    assert {event.phase for event in told} == {"grading"}


@pytest.mark.guest
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: two scenes are never played at once")
def test_scenes_are_played_at_once_and_told_in_the_labs_order(tmp_path: Path) -> None:
    steps = {"act": {"run": "sleep 1"}}
    lab = make_lab(tmp_path / "twins", steps=steps, scenes=("only", "other", "third"))
    at_it, most = set[str](), 0

    def listen(event: Event) -> None:
        nonlocal most
        if event.phase == "act":
            at_it.symmetric_difference_update({event.scope})
            most = max(most, len(at_it))

    done = session.run(RunAsk(lab=str(lab), runs=tmp_path / "runs"), listen)
    assert most >= 2
    assert done.verdict.exit_code is ExitCode.PASSED
    assert [scene.name for scene in read(done.run).scenes] == ["only", "other", "third"]


@pytest.mark.guest
def test_a_host_that_fails_one_scene_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = list[str]()

    def play(token: Token, scene: Scene, *others: object) -> None:
        """Instead of a guest: the disk is full under one scene while the other goes on."""
        del others
        if scene.name == "other":
            raise HostError(where="disk", found="full", fix="free some")
        for _ in Deadline.after(20, "called off").polls(0.01):
            if token.cancelled():
                stopped.append(scene.name)
                break

    monkeypatch.setattr(session, "play", play)
    lab = make_lab(tmp_path / "twins", steps=STEPS, scenes=("only", "other"), scene={})
    with pytest.raises(HostError, match="disk: full"):
        session.run(RunAsk(lab=str(lab), runs=tmp_path / "runs"), silent)
    assert stopped in ([], ["only"])
    (run_folder,) = (tmp_path / "runs").iterdir()
    assert not (run_folder / "verdict.json").exists()
