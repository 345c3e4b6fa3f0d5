"""A class graded on real guests: right verdicts, nothing twice, kill -9 loses only what was in flight."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from clusters import cluster
from processes import mark_environment, marked_processes
from things import ask_for, ends, hand_in, thing_lab, timeless

from labkit.course.grade import grade
from labkit.course.ledger import stored
from labkit.course.regrade import RegradeAsk, apply, regrade
from labkit.course.replay import replay
from labkit.keyring import new
from labkit.labfile.workfolder import Marker, write_marker
from labkit.model.coursework import Standing
from labkit.model.errors import ExitCode, UsageError
from labkit.model.events import Event, Mood, silent
from labkit.store.journal import Journal

LABKIT = Path(sys.executable).with_name("labkit")
GONE_SECONDS = 20.0
ACTING = "the step goes on"
pytestmark = pytest.mark.guest


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thing_lab(tmp_path_factory.mktemp("labs") / "thing")


def test_everybody_gets_their_own_end_and_a_second_time_nothing_is_done(lab: Path, tmp_path: Path) -> None:
    there, out = tmp_path / "in", tmp_path / "out"
    hand_in(there / "ada")
    hand_in(there / "bob", says="no")
    hand_in(there / "cyd", code="int main(void) { return missing; }\n")
    (hand_in(there / "dan") / "thing.sh").unlink()
    first = grade(ask_for(lab, there, out), silent)
    assert ends(first) == {
        "ada": (Standing.GRADED, 1.0),
        "bob": (Standing.GRADED, 0.0),
        "cyd": (Standing.REFUSED, 0.0),
        "dan": (Standing.REFUSED, 0.0),
    }
    assert first.fresh == 4
    reasons = {result.student.id: result.reason for result in first.results}
    assert "missing" in reasons["cyd"]
    assert "not handed in" in reasons["dan"]
    for result in first.results:
        assert (out / "feedback" / f"{result.key}.html").is_file()
    assert (out / "class.html").is_file()
    kept = {path.name: path.read_bytes() for path in (out / "results").iterdir()}
    again = grade(ask_for(lab, there, out), silent)
    assert (again.fresh, again.results) == (0, first.results)
    assert {path.name: path.read_bytes() for path in (out / "results").iterdir()} == kept
    hand_in(there / "bob", says="yes")
    third = grade(ask_for(lab, there, out), silent)
    assert (third.fresh, ends(third)["bob"]) == (1, (Standing.GRADED, 1.0))
    assert len(list((out / "results").iterdir())) == 5  # what stood before is kept


def test_shards_share_a_class_without_gap_or_overlap(lab: Path, tmp_path: Path) -> None:
    there, out = tmp_path / "in", tmp_path / "out"
    for name in ("ada", "bob", "cyd", "dan", "eve"):
        hand_in(there / name, code="#error not built, so that no guest is needed\n")
    asks = [replace(ask_for(lab, there, out), shard=(number, 3)) for number in (1, 2, 3)]
    parts = [grade(ask, silent) for ask in asks]
    assert sum(part.fresh for part in parts) == 5
    assert set(ends(parts[-1])) == {"ada", "bob", "cyd", "dan", "eve"}
    assert stored(out).results == parts[-1].results


def test_a_killed_grader_leaves_no_process_and_the_rest_is_graded_afterwards(
    lab: Path, tmp_path: Path
) -> None:
    there = tmp_path / "in"
    for number in range(6):
        hand_in(there / f"s{number}", says="yes" if number % 2 else "no")
    whole = grade(ask_for(lab, there, tmp_path / "whole"), silent)
    out = tmp_path / "out"
    words: list[str | Path] = [LABKIT, "course", "grade", lab, there, "--out", out, "--quiet", "--jobs", "1"]
    for kept in (0, 1, 3):
        environment = mark_environment()
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while len(list((out / "results").glob("*.json"))) < kept or not list((out / "claims").glob("*")):
            assert time.monotonic() < end
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        end = time.monotonic() + GONE_SECONDS
        while marked_processes(environment) and time.monotonic() < end:
            time.sleep(0.1)
        assert marked_processes(environment) == []
    found = grade(ask_for(lab, there, out), silent)
    assert [timeless(it) for it in found.results] == [timeless(it) for it in whole.results]
    for path in (out / "results").iterdir():
        json.loads(path.read_text())
    assert found.elsewhere == 0  # a dead grader's claim holds nobody up


def test_a_clusters_workers_give_the_same_results_as_this_machine(lab: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="dask is not installed: pip install '.[cluster]'")
    there = tmp_path / "in"
    hand_in(there / "ada")
    hand_in(there / "bob", says="no")
    hand_in(there / "cyd", code="int main(void) { return missing; }\n")
    here = grade(ask_for(lab, there, tmp_path / "here"), silent)
    with cluster(tmp_path / "cluster", "CPU=6,MEM=2000") as workers:
        ask = replace(ask_for(lab, there, tmp_path / "far"), pool=workers.pool)
        far = grade(ask, silent)
        assert grade(ask, silent).fresh == 0
    assert far.fresh == 3
    assert [timeless(it) for it in far.results] == [timeless(it) for it in here.results]
    assert all(
        (tmp_path / "far" / "runs" / it.run / "verdict.json").is_file() for it in far.results if it.run
    )


def test_two_graders_on_one_folder_do_each_attempt_once(lab: Path, tmp_path: Path) -> None:
    there, out = tmp_path / "in", tmp_path / "out"
    for number in range(4):
        hand_in(there / f"s{number}")
    words: list[str | Path] = [LABKIT, "course", "grade", lab, there, "--out", out, "--quiet", "--jobs", "2"]
    both = [subprocess.Popen(words, stdout=subprocess.DEVNULL) for _ in range(2)]
    try:
        statuses = [process.wait(timeout=300) for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert statuses == [ExitCode.PASSED, ExitCode.PASSED]
    found = stored(out)
    assert [result.score for result in found.results] == [1.0] * 4
    assert len(list((out / "runs").iterdir())) == 4


def test_a_changed_check_is_judged_from_the_evidence_and_a_changed_step_by_new_guests(tmp_path: Path) -> None:
    lab, there, out = thing_lab(tmp_path / "thing"), tmp_path / "in", tmp_path / "out"
    hand_in(there / "ada")
    hand_in(there / "bob", says="no")
    first = grade(ask_for(lab, there, out), silent)
    checks = lab / "checks.py"
    checks.write_text(checks.read_text().replace('words == ["yes\\n"]', 'words == ["no\\n"]'))
    told = list[Event]()
    again = grade(ask_for(lab, there, out), told.append)
    assert (again.fresh, again.results) == (0, first.results)  # not silently another verdict
    assert ["2 stand from before" in event.text for event in told if event.mood is Mood.WARN] == [True]
    ask = RegradeAsk(folder=out)
    changes = {change.student.id: change for change in regrade(ask, silent)}
    assert {name: (it.before, it.after) for name, it in changes.items()} == {
        "ada": (1.0, 0.0),
        "bob": (0.0, 1.0),
    }
    assert {it.how for it in changes.values()} == {"its evidence, judged again"}
    assert changes["ada"].because == ("check: pass, 1 of 1 → fail, 0 of 1",)
    assert stored(out).results == first.results  # nothing stands before it is applied
    applied = apply(ask, silent)
    assert ends(applied) == {"ada": (Standing.GRADED, 0.0), "bob": (Standing.GRADED, 1.0)}
    runs = {result.run for result in applied.results}
    assert runs == {result.run for result in first.results}
    for name in runs:
        assert len(list((out / "runs" / name).glob("verdict*.json"))) == 2
    with pytest.raises(UsageError, match="nothing is proposed"):
        apply(ask, silent)
    text = (lab / "lab.toml").read_text()
    (lab / "lab.toml").write_text(text.replace('"./thing.sh"', '"echo no"', 1))
    changes = {change.student.id: change for change in regrade(ask, silent)}
    assert {it.how for it in changes.values()} == {"new guests: the experiment changed"}
    assert (changes["ada"].before, changes["ada"].after) == (0.0, 1.0)


def test_official_numbers_are_each_students_own_and_a_replay_proves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = thing_lab(tmp_path / "thing", "user")
    monkeypatch.setenv("LABKIT_KEYS", str(tmp_path / "keys"))
    new("autumn", None)
    there, out = tmp_path / "in", tmp_path / "out"
    hand_in(there / "ada")
    write_marker(hand_in(there / "bob"), Marker(lab=lab.name, seed="one of his own"))
    found = grade(replace(ask_for(lab, there, out), key="autumn"), silent)
    ada, bob = found.results
    assert (ada.official, ada.seed == bob.seed, ada.reason) == (True, False, "")
    assert "other numbers" in bob.reason
    assert (out / "runs" / ada.run / "attestation.json").is_file()
    again = replay(out, "ada", None)
    assert (again.odd, again.verdict.score) == ((), 1.0)
    done = subprocess.run(
        [LABKIT, "verify", out / "runs" / ada.run, "--lab", lab], check=False, capture_output=True, text=True
    )
    assert (done.returncode, "good" in done.stdout) == (0, True), done.stdout + done.stderr
    journal = Journal(folder=out)
    journal.put(replace(ada, seed=bob.seed, graded_at=ada.graded_at.replace(year=2030)))
    assert any("not drawn with key" in sentence for sentence in replay(out, "ada", 1).odd)
    with pytest.raises(UsageError, match="nobody"):
        replay(out, "eve", None)


def test_a_key_is_found_by_its_folder_too(tmp_path: Path) -> None:
    lab = thing_lab(tmp_path / "thing", "user")
    new("autumn", tmp_path / "keys")
    hand_in(tmp_path / "in" / "ada", code="int main(void) { return missing; }\n")
    key = str(tmp_path / "keys" / "autumn")
    found = grade(replace(ask_for(lab, tmp_path / "in", tmp_path / "out"), key=key), silent)
    assert [(it.official, it.standing) for it in found.results] == [(True, Standing.REFUSED)]
    with pytest.raises(UsageError, match="no key 'none'"):
        grade(replace(ask_for(lab, tmp_path / "in", tmp_path / "no"), key=f"{key}/../none"), silent)


@contextmanager
def assassin(runs: Path, victims: int) -> Iterator[list[int]]:
    """Kill the first guests in whose step something happens; their ids, as it goes."""
    killed, over = list[int](), threading.Event()

    def hunt() -> None:
        while len(killed) < victims and not over.wait(0.05):
            for log in runs.glob("*/only/console.log"):
                if ACTING in log.read_text(errors="replace"):
                    for pid in set(owners(log)) - set(killed):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

    thread = threading.Thread(target=hunt)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def owners(log: Path) -> Iterator[int]:
    """The process that writes to a console's log."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"logfile={log}" in (folder / "cmdline").read_text(errors="replace"):
                yield int(folder.name)
        except OSError:
            continue


def test_what_labkit_fails_at_is_tried_three_times_and_then_left_to_a_person(tmp_path: Path) -> None:
    lab = thing_lab(tmp_path / "thing", run=f"echo {ACTING} >/dev/ttyS0; sleep 2; exec ./thing.sh")
    there, out = tmp_path / "in", tmp_path / "out"
    hand_in(there / "ada")
    with assassin(out / "runs", 3) as killed:
        found = grade(ask_for(lab, there, out), silent)
    (result,) = found.results
    assert (result.standing, result.score, len(killed)) == (Standing.UNGRADED, None, 3)
    assert len(result.failures) == 2
    assert found.unscored == (result,)
    assert grade(ask_for(lab, there, out), silent).fresh == 0  # it stands, for a person
    with assassin(out / "runs", 1):
        mended = grade(replace(ask_for(lab, there, out), again=True), silent)
    assert (mended.fresh, ends(mended)) == (1, {"ada": (Standing.GRADED, 1.0)})
    assert len(mended.results[0].failures) == 1
