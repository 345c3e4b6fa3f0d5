"""Whatever a guest does becomes evidence with a true name, and a verdict with the right exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from labmaker import make_lab

from labkit.desk import grade
from labkit.model.errors import CompileError, ExitCode
from labkit.model.events import silent
from labkit.model.evidence import Evidence, SceneEnd
from labkit.model.rows import RunDone
from labkit.session import RunAsk, run
from labkit.store.reader import read

pytestmark = pytest.mark.guest

OOPS = """
#include <linux/module.h>
static int __init oops_init(void)
{
	*(volatile int *)8 = 1;
	return 0;
}
module_init(oops_init);
MODULE_LICENSE("GPL");
"""


def play(lab: Path, runs: Path, **ask: object) -> tuple[RunDone, Evidence]:
    done = run(RunAsk(lab=str(lab), runs=runs, **ask), silent)  # type: ignore[arg-type]
    return done, read(done.run)


def test_a_panic_is_evidence_and_a_lab_may_ask_for_it(tmp_path: Path) -> None:
    lab = make_lab(
        tmp_path / "panic", steps={"crash": {"run": "echo c > /proc/sysrq-trigger"}}, check="panicked"
    )
    done, evidence = play(lab, tmp_path / "runs")
    scene = evidence.scenes[0]
    assert scene.end is SceneEnd.PANICKED
    assert "sysrq triggered crash" in scene.detail
    assert done.verdict.exit_code is ExitCode.PASSED


def test_a_guest_that_is_switched_off_fails_the_check_and_says_so(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "off", steps={"off": {"run": "echo o > /proc/sysrq-trigger; sleep 60"}})
    done, evidence = play(lab, tmp_path / "runs")
    assert evidence.scenes[0].end is SceneEnd.LOST
    assert "guest-shutdown" in evidence.scenes[0].detail
    assert done.verdict.exit_code is ExitCode.NOT_ALL_PASSED


def test_an_endless_program_is_ended_and_the_scene_goes_on(tmp_path: Path) -> None:
    steps: dict[str, dict[str, object]] = {
        "endless": {"run": "trap '' TERM; setsid sleep 9999 & while :; do :; done"},
        "after": {"run": "pidof sleep || echo nobody"},
    }
    steps["endless"] |= {"seconds": 2, "runs_as": "student"}
    done, evidence = play(make_lab(tmp_path / "endless", steps=steps), tmp_path / "runs")
    endless, after = evidence.scenes[0].steps
    assert endless.timed_out
    assert endless.status is None
    assert after.stdout == "nobody\n"
    assert done.verdict.exit_code is ExitCode.PASSED


def test_a_flood_of_output_is_cut_and_harms_nothing(tmp_path: Path) -> None:
    steps = {"flood": {"run": "head -c 50000000 /dev/zero | tr '\\0' x", "seconds": 60}}
    _, evidence = play(make_lab(tmp_path / "flood", steps=steps), tmp_path / "runs")
    (flood,) = evidence.scenes[0].steps
    assert flood.cut
    assert len(flood.stdout) == 1 << 20
    assert evidence.scenes[0].end is SceneEnd.COMPLETED


def test_without_ssh_the_serial_shell_still_tells(tmp_path: Path) -> None:
    steps = {
        "cut-off": {"run": "mv /usr/sbin/dropbear /tmp; kill -9 $(pidof dropbear)", "runs_as": "student"}
    }
    lab = make_lab(tmp_path / "cutoff", steps=steps, scene={"capture": ["/proc/vmstat"]})
    done, evidence = play(lab, tmp_path / "runs")
    scene = evidence.scenes[0]
    assert scene.end is SceneEnd.LOST
    assert "serial console still answered" in scene.detail
    assert any("Linux version" in record.text for record in scene.kernel_log)
    vmstat = scene.file("/proc/vmstat")
    assert vmstat is not None
    assert "nr_free_pages" in (vmstat.text or "")
    assert done.verdict.exit_code is ExitCode.NOT_ALL_PASSED


def test_a_module_that_oopses_is_named_with_the_kernels_words(tmp_path: Path) -> None:
    lab = make_lab(
        tmp_path / "oops",
        steps={"never": {"run": "true"}},
        tier="kernel",
        scene={"modules": ["oops"]},
        files={"oops/oops.c": OOPS, "oops/Kbuild": "obj-m := oops.o\n"},
    )
    done, evidence = play(lab, tmp_path / "runs")
    scene = evidence.scenes[0]
    assert scene.end is SceneEnd.OOPSED
    assert scene.steps == ()
    assert "oops" in scene.detail
    assert done.verdict.exit_code is ExitCode.NOT_ALL_PASSED
    assert any("NULL pointer" in record.text for record in scene.dmesg)


def test_c_that_does_not_compile_is_answered_with_the_compilers_words(tmp_path: Path) -> None:
    lab = make_lab(
        tmp_path / "broken",
        steps={"go": {"run": "./thing"}},
        scene={"programs": ["thing"]},
        hand_in={"thing.c": "c"},
        files={"solution/thing.c": "int main(void) { return missing; }\n"},
    )
    with pytest.raises(CompileError) as caught:
        play(lab, tmp_path / "runs")
    assert "missing" in caught.value.found + caught.value.detail
    assert "thing.c" in caught.value.where
    assert not (tmp_path / "runs").exists()


def test_a_run_graded_again_without_a_guest_gets_the_same_verdict(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "calm", steps={"calm": {"run": "uname -r"}})
    done, evidence = play(lab, tmp_path / "runs")
    assert evidence.scenes[0].release in evidence.scenes[0].steps[0].stdout
    assert (done.run / "report.html").read_text(encoding="utf-8").count('<details class="check"') == len(
        done.verdict.checks
    )
    assert grade(done.run, str(lab), silent).verdict == done.verdict
