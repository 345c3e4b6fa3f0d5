"""The host looks into a scene's guest when the lab says so, and what it saw is in the run directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from labmaker import make_lab

from labkit import keyring
from labkit.atlas import MapAsk, kept_maps
from labkit.model.errors import ExitCode, HostError
from labkit.model.events import silent
from labkit.model.evidence import AFTER, BEFORE, Evidence, SceneEnd, SceneEvidence
from labkit.model.official import Official
from labkit.model.ram_map import Kind
from labkit.model.tags import Store
from labkit.onlooker import require_symbols
from labkit.places import places
from labkit.provision import platform
from labkit.report.map_chart import chart_of_change
from labkit.session import RunAsk, run
from labkit.store.reader import read

pytestmark = pytest.mark.guest

TASKS = {"probes": ["tasks", "memcgs"]}


def evidence_of(lab: Path, runs: Path, **ask: object) -> Evidence:
    return read(run(RunAsk(lab=str(lab), runs=runs, **ask), silent).run)  # type: ignore[arg-type]


def groups(scene: SceneEvidence, moment: str) -> set[str]:
    seen = scene.witness(moment)
    assert seen is not None
    return {memcg.path for memcg in seen.reading.memcgs or ()}


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_before_after_and_between_steps(tmp_path: Path, kernel: str) -> None:
    steps: dict[str, dict[str, object]] = {
        "one": {"run": "mkdir /sys/fs/cgroup/one", "witness": TASKS},
        "two": {"run": "mkdir /sys/fs/cgroup/two"},
    }
    lab = make_lab(tmp_path / "looks", steps=steps, scene={"witness": TASKS})
    (scene,) = evidence_of(lab, tmp_path / "runs", kernel=kernel).scenes
    assert scene.end is SceneEnd.COMPLETED
    assert {seen.moment for seen in scene.witnessed} == {BEFORE, "after-one", AFTER}
    assert {"/one", "/two"}.isdisjoint(groups(scene, BEFORE))
    assert "/one" in groups(scene, "after-one")
    assert "/two" not in groups(scene, "after-one")
    assert {"/one", "/two"} <= groups(scene, AFTER)
    assert scene.timings["witness"] > 0


@pytest.mark.parametrize("cold", [False, True])
def test_before_is_after_what_is_played_once(tmp_path: Path, cold: bool) -> None:
    steps: dict[str, dict[str, object]] = {
        "once": {"run": "mkdir /sys/fs/cgroup/once", "once": True},
        "own": {"run": "mkdir /sys/fs/cgroup/own"},
    }
    lab = make_lab(tmp_path / "opening", steps=steps, scene={"witness": TASKS})
    (scene,) = evidence_of(lab, tmp_path / "runs", cold=cold).scenes
    assert "/once" in groups(scene, BEFORE)
    assert "/own" not in groups(scene, BEFORE)


def test_maps_are_kept_and_tell_what_a_step_took(tmp_path: Path) -> None:
    """16 MiB in tmpfs, of which a guest has next to nothing before."""
    look = {"probes": ["map"]}
    steps: dict[str, dict[str, object]] = {"fill": {"run": "head -c 16M /dev/zero >/tmp/ballast"}}
    lab = make_lab(tmp_path / "maps", steps=steps, scene={"witness": look})
    evidence_of(lab, tmp_path / "runs")
    view = kept_maps(MapAsk(runs=tmp_path / "runs", at=AFTER, against=BEFORE))
    before, after = (found for _, found in view.maps)
    assert 0 <= after.count(Kind.SHMEM) - before.count(Kind.SHMEM) - 4096 < 64
    change = {row.ink.name: row.pages for row in chart_of_change(before, after, "").legend}
    assert change["in use now"] >= 4096


TAGGER = """
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "labkit_tags.h"

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[1], NULL, 10) * TAG_PAGE;
	void *region = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	tag_pages(tag_nonce(), 0, region, size);
	if (argc > 2 && madvise(region, size, MADV_PAGEOUT))
		return 1;
	pause();
	return 0;
}
"""


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_pages_that_a_program_tagged_are_found_where_they_lie(tmp_path: Path, kernel: str) -> None:
    run_tagger = "numactl --membind={node} ./tagger {args} >/dev/null 2>&1 </dev/null & sleep 1.5"
    swap_on = "mkswap /dev/disk/labkit/swap >&2 && swapon /dev/disk/labkit/swap && "
    steps: dict[str, dict[str, object]] = {
        "one": {"run": run_tagger.format(node=1, args=256), "runs_as": "student", "witness": {"tags": True}},
        "out": {
            "run": f"pkill tagger; {swap_on}" + run_tagger.format(node=0, args="512 out"),
            "witness": {"tags": True},
        },
    }
    lab = make_lab(
        tmp_path / "tags",
        steps=steps,
        scene={"programs": ["tagger"], "machine": {"swap": "64MiB", "cmdline": ["init_on_free=1"]}},
        files={"src/tagger.c": TAGGER},
    )
    evidence = evidence_of(lab, tmp_path / "runs", kernel=kernel)
    (scene,) = evidence.scenes
    assert len(str(evidence.request.parameters["tag_nonce"])) == 16
    first, second = scene.witness("after-one"), scene.witness("after-out")
    assert first is not None
    assert first.reading.tags is not None
    assert first.reading.tags.pages() == first.reading.tags.pages(Store.RAM, 1) == 256
    assert first.reading.tags.torn == 0
    assert second is not None
    assert second.reading.tags is not None
    assert second.reading.tags.indices(Store.SWAP) == frozenset(range(512))


def test_a_guest_that_panics_leaves_what_was_seen_before(tmp_path: Path) -> None:
    steps = {"crash": {"run": "echo c > /proc/sysrq-trigger", "witness": TASKS}}
    lab = make_lab(tmp_path / "panic", steps=steps, scene={"witness": TASKS}, check="panicked")
    done = run(RunAsk(lab=str(lab), runs=tmp_path / "runs"), silent)
    (scene,) = read(done.run).scenes
    assert scene.end is SceneEnd.PANICKED
    assert [seen.moment for seen in scene.witnessed] == [BEFORE]
    assert done.verdict.exit_code is ExitCode.PASSED


def test_a_guest_that_dies_under_a_look_is_lost_and_not_labkits_fault(tmp_path: Path) -> None:
    steps: dict[str, dict[str, object]] = {
        "fuse": {"run": "(echo o > /proc/sysrq-trigger) & sleep 0.2", "witness": TASKS},
        "rest": {"run": "sleep 20", "witness": TASKS},
    }
    lab = make_lab(tmp_path / "off", steps=steps, scene={"witness": TASKS})
    done = run(RunAsk(lab=str(lab), runs=tmp_path / "runs"), silent)
    (scene,) = read(done.run).scenes
    assert scene.end is SceneEnd.LOST
    assert done.verdict.exit_code is ExitCode.NOT_ALL_PASSED


def test_an_official_run_is_looked_at_unannounced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_KEYS", str(tmp_path / "keys"))
    keyring.new("course", None)
    steps = {"long": {"run": "mkdir /sys/fs/cgroup/mine; sleep 2", "runs_as": "student"}}
    lab = make_lab(tmp_path / "official", steps=steps, scene={"witness": TASKS})
    text = (lab / "lab.toml").read_text()
    (lab / "lab.toml").write_text(text.replace('"observer"', '"witness"'))
    path = lab / "solution"
    practice = evidence_of(lab, tmp_path / "runs", path=path)
    official = evidence_of(lab, tmp_path / "runs", path=path, official=Official(student="a", attempt=1))
    assert {seen.moment for seen in practice.scenes[0].witnessed} == {BEFORE, AFTER}
    assert {seen.moment for seen in official.scenes[0].witnessed} == {BEFORE, AFTER, "during-long"}


def test_a_kernel_without_symbols_is_the_operators_to_mend() -> None:
    from dataclasses import replace

    base = platform(places(), "6.12", "auto", silent)
    with pytest.raises(HostError, match="add the kernel again with --vmlinux"):
        require_symbols(replace(base, pack=replace(base.pack, symbols=None)))
