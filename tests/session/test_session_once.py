"""Steps that are played once, before the guest is frozen: every run goes on with their evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from labmaker import make_lab

from labkit.model.errors import ExitCode
from labkit.model.events import silent
from labkit.model.evidence import BEFORE, Evidence, SceneEnd
from labkit.session import RunAsk, run
from labkit.store.reader import read

pytestmark = pytest.mark.guest


def evidence_of(lab: Path, runs: Path, *, cold: bool = False) -> Evidence:
    return read(run(RunAsk(lab=str(lab), runs=runs, cold=cold), silent).run)


def test_what_is_played_once_is_the_same_in_every_clone_and_anew_in_a_cold_guest(tmp_path: Path) -> None:
    steps: dict[str, dict[str, object]] = {
        "draw": {
            "run": "cat /proc/sys/kernel/random/uuid >/lab/drawn; cat /lab/drawn; sleep 9999 & exit 3",
            "once": True,
            "capture": ["/lab/drawn"],
        },
        "see": {"run": "cat /lab/drawn; pidof sleep >/dev/null && echo alive"},
    }
    lab = make_lab(tmp_path / "once", steps=steps, scene={"capture": ["/proc/uptime"]})
    first, second = (evidence_of(lab, tmp_path / "runs").scenes[0] for _ in range(2))
    cold = evidence_of(lab, tmp_path / "runs", cold=True).scenes[0]
    for scene in (first, second, cold):
        draw, see = scene.steps
        assert (draw.name, draw.status) == ("draw", 3)
        assert see.stdout == f"{draw.stdout}alive\n"
        drawn = scene.file("/lab/drawn", "after-draw")
        assert drawn is not None
        assert drawn.text == draw.stdout
        assert any("step draw begins" in record.text for record in scene.dmesg)
    assert [step.once for step in first.steps] == [True, False]
    assert [step.once for step in cold.steps] == [False, False]
    assert first.steps[0] == second.steps[0]
    assert first.file("/proc/uptime", BEFORE) == second.file("/proc/uptime", BEFORE)
    assert first.file("/proc/uptime") != second.file("/proc/uptime")
    assert cold.steps[0].stdout != first.steps[0].stdout


def test_an_opening_that_does_not_end_is_the_labs_fault_and_no_score(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "stuck", steps={"stuck": {"run": "sleep 9999", "once": True, "seconds": 0.5}})
    done = run(RunAsk(lab=str(lab), runs=tmp_path / "runs"), silent)
    (scene,) = read(done.run).scenes
    assert scene.end is SceneEnd.BROKEN
    assert "step stuck, before the guest is frozen: timed out" in scene.detail
    assert done.verdict.exit_code is ExitCode.BROKEN
    assert done.verdict.score is None
