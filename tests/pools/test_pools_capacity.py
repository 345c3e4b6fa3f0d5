"""What there is: this process's cores, free memory, and the limits of the cgroups around it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labkit.model.need import Capacity, Need
from labkit.model.units import Size
from labkit.pools.capacity import RESERVE, load_capacity

FREE = Size.gib(4)


def host(folder: Path, *, cgroup: str = "/user.slice/run.scope", **files: str) -> Capacity:
    """The capacity of a host with 4 GiB free; `files` are of the cgroup: run_cpu_max is run.scope/cpu.max."""
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/meminfo").write_text(f"MemTotal: 9999999 kB\nMemAvailable:    {FREE >> 10} kB\n")
    (folder / "proc/self/cgroup").write_text(f"1:name=systemd:/\n0::{cgroup}\n")
    slices = {"run": "cg/user.slice/run.scope", "user": "cg/user.slice", "top": "cg"}
    (folder / slices["run"]).mkdir(parents=True)
    for name, text in files.items():
        where, _, file = name.partition("_")
        (folder / slices[where] / file.replace("_", ".", 1)).write_text(text + "\n")
    return load_capacity(kvm=False, proc=folder / "proc", cgroups=folder / "cg")


def test_without_limits_it_is_the_cores_of_the_process_and_the_free_memory(tmp_path: Path) -> None:
    there = host(tmp_path, run_cpu_max="max 100000", run_memory_max="max", run_memory_current="5")
    assert there == Capacity(cpus=len(os.sched_getaffinity(0)), memory=Size(FREE - RESERVE))


@pytest.mark.parametrize(("quota", "cores"), [("100000 100000", 1), ("50000 100000", 1), ("5000 100000", 1)])
def test_a_quota_of_the_cgroup_or_of_one_above_it_bounds_the_cores(
    tmp_path: Path, quota: str, cores: int
) -> None:
    assert host(tmp_path / "own", run_cpu_max=quota).cpus == cores
    assert host(tmp_path / "above", run_cpu_max="max 100000", user_cpu_max=quota).cpus == cores


def test_a_memory_limit_leaves_what_is_not_used_and_what_is_only_file_cache(tmp_path: Path) -> None:
    there = host(
        tmp_path,
        user_memory_max=str(2 << 30),
        user_memory_current=str(1 << 30),
        user_memory_stat=f"anon 7\ninactive_file {512 << 20}",
    )
    assert there.memory == Size.mib(1536) - RESERVE


def test_a_limit_above_the_free_memory_changes_nothing(tmp_path: Path) -> None:
    there = host(tmp_path, run_memory_max=str(64 << 30), run_memory_current="0")
    assert there.memory == FREE - RESERVE


def test_memory_below_the_reserve_is_none_at_all(tmp_path: Path) -> None:
    there = host(tmp_path, run_memory_max=str(100 << 20), run_memory_current=str(50 << 20))
    assert there.memory == 0


def test_this_very_host_has_something() -> None:
    there = load_capacity(kvm=True)
    assert there.cpus >= 1
    assert there.memory > 0
    assert there.kvm


@pytest.mark.parametrize(
    ("need", "count"),
    [
        (Need(cpus=1, memory=Size(3)), 3),
        (Need(cpus=2, memory=Size(1)), 2),
        (Need(cpus=9, memory=Size(1)), 1),
        (Need(cpus=1), 4),
        (Need(cpus=1, memory=Size(11)), 0),
    ],
)
def test_how_many_fit_at_once(need: Need, count: int) -> None:
    assert Capacity(cpus=4, memory=Size(10)).fitting(need) == count


def test_impossible_needs_and_capacities_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="cannot need"):
        Need(cpus=-1)
    with pytest.raises(ValueError, match="nothing runs"):
        Capacity(cpus=0)
