"""A class graded by a real Slurm of two nodes: by an array of shards, and by an array of dask workers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from clusters import cluster
from processes import marked_processes
from slurm import NODES, Slurm, slurm
from things import ask_for, ends, hand_in, hand_in_solution, thing_lab, timeless

import labkit
from labkit.course.grade import grade
from labkit.course.ledger import stored
from labkit.labfile.load import load
from labkit.model.coursework import Ledger, Standing
from labkit.model.events import silent
from labkit.places import lab_folder, places

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[cluster]'")
pytestmark = [pytest.mark.guest, pytest.mark.cluster]
PYTHON = Path(sys.executable)
SEARCH = os.pathsep.join((str(PYTHON.parent), os.environ["PATH"]))
GUIDE = Path(labkit.__file__).with_name("COURSE.md")
ARRAY = ("--array=1-2", "--nodes=1", "--cpus-per-task=6", "--mem=10000")
GRADE_SECONDS = 240.0
GONE = 2.0  # seconds from scancel to the guest's end


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """An element of ARRAY fills most of a node, so that two of them are on both."""
    with slurm(tmp_path_factory.mktemp("slurm"), cpus=8, mib=16384, path=SEARCH) as found:
        yield found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thing_lab(tmp_path_factory.mktemp("labs") / "thing")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("in")
    for number, name in enumerate(("ada", "bob", "cyd", "dan")):
        hand_in(found / name, says="yes" if number % 2 else "no")
    hand_in(found / "eve", code="int main(void) { return missing; }\n")
    hand_in(found / "fay", says="$(echo c >/proc/sysrq-trigger)")
    return found


@pytest.fixture(scope="module")
def here(lab: Path, there: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """What this machine makes of the class."""
    found = grade(ask_for(lab, there, tmp_path_factory.mktemp("here")), silent)
    assert [standing for standing, _ in ends(found).values()].count(Standing.GRADED) == 5
    return found


def grade_words(lab: Path, there: Path, out: Path) -> str:
    words = [PYTHON.with_name("labkit"), "course", "grade", lab, there, "--out", out, "--quiet"]
    return "echo on $SLURMD_NODENAME\n" + shlex.join(str(word) for word in words)


def is_same(found: Ledger, here: Ledger) -> bool:
    return [timeless(it) for it in found.results] == [timeless(it) for it in here.results]


def test_an_array_of_shards_gives_what_one_machine_gives(
    nodes: Slurm, lab: Path, there: Path, here: Ledger, tmp_path: Path
) -> None:
    script = grade_words(lab, there, tmp_path / "out") + " --shard $SLURM_ARRAY_TASK_ID/2\n"
    nodes.wait(nodes.submit("shards", script, *ARRAY), GRADE_SECONDS)
    assert all(f"on {node}" in nodes.logs() for node in NODES)
    assert is_same(stored(tmp_path / "out"), here), nodes.logs()


def test_an_array_of_dask_workers_gives_what_one_machine_gives(
    nodes: Slurm, lab: Path, there: Path, here: Ledger, tmp_path: Path
) -> None:
    with cluster(tmp_path / "cluster") as dask:
        worker = [PYTHON.with_name("dask"), "worker", dask.address, "--host", "127.0.0.1", "--nthreads", "4"]
        worker += ["--memory-limit", "0", "--resources", "CPU=6,MEM=2000", "--no-dashboard"]
        worker += ["--local-directory", "$TMPDIR"]
        script = " ".join(str(word) for word in worker)
        job = nodes.submit("workers", f"export TMPDIR=$(mktemp -d)\nexec {script}\n", *ARRAY)
        far = grade(replace(ask_for(lab, there, tmp_path / "far"), pool=dask.pool), silent)
        nodes.say("scancel", job)
        nodes.wait(job, 30)
    assert far.fresh == 6
    assert is_same(far, here), nodes.logs()


def test_a_job_that_slurm_ends_leaves_no_guest_and_the_next_goes_on(
    nodes: Slurm, lab: Path, here: Ledger, there: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = nodes.submit("ended", grade_words(lab, there, out) + "\n", *ARRAY[1:])
    until_guest(nodes)
    nodes.say("scancel", "--signal=KILL", "--full", job)
    end = time.monotonic() + GONE
    while guests(nodes) and time.monotonic() < end:
        time.sleep(0.02)
    assert guests(nodes) == []
    nodes.wait(job, 30)
    nodes.wait(nodes.submit("next", grade_words(lab, there, out) + "\n", *ARRAY[1:]), GRADE_SECONDS)
    assert is_same(stored(out), here), nodes.logs()


def guests(nodes: Slurm) -> list[int]:
    return [pid for pid, comm in marked_processes(nodes.environment) if comm.startswith("qemu")]


def until_guest(nodes: Slurm) -> None:
    end = time.monotonic() + 60
    while not guests(nodes):
        assert time.monotonic() < end, nodes.logs()
        time.sleep(0.02)


def blocks() -> list[str]:
    """The indented examples of the instructor's guide."""
    found = re.findall(r"(?:^(?:    .*)?\n)+", GUIDE.read_text(), re.MULTILINE)
    return [textwrap.dedent(block).strip() + "\n" for block in found if block.strip()]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder as the guide's examples take it: two of lab2, one of whom needs a guest."""
    lab = load(lab_folder(places(), "lab2"))
    for name in ("ada", "bob"):
        hand_in_solution(lab, tmp_path / "class" / name, seed=name)
    (tmp_path / "class" / "bob" / "hog.c").write_text("int main(void) { return missing; }\n")
    return tmp_path


def assert_graded(found: Ledger) -> None:
    assert {name: standing for name, (standing, _) in ends(found).items()} == {
        "ada": Standing.GRADED,
        "bob": Standing.REFUSED,
    }


def test_the_guides_script_for_slurm_is_what_slurm_takes(nodes: Slurm, course: Path) -> None:
    (script,) = [block for block in blocks() if block.startswith("#!/bin/bash\n#SBATCH --array")]
    job = nodes.submit("guide", script.removeprefix("#!/bin/bash\n"), f"--chdir={course}")
    nodes.wait(job, GRADE_SECONDS)
    assert_graded(stored(course / "autumn"))


def test_the_guides_manifest_for_kubernetes_grades_every_part(course: Path) -> None:
    (text,) = [block for block in blocks() if block.startswith("apiVersion: batch/v1\n")]
    job = yaml.safe_load(text)
    assert (job["kind"], job["spec"]["completionMode"]) == ("Job", "Indexed")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    words = [word.replace(mount["mountPath"] + "/", f"{course}/") for word in container["command"]]
    for index in range(job["spec"]["completions"]):
        environment = {**os.environ, "JOB_COMPLETION_INDEX": str(index), "PATH": SEARCH}
        subprocess.run(words, env=environment, check=False, timeout=GRADE_SECONDS, stdout=subprocess.DEVNULL)
    assert_graded(stored(course / "autumn"))
