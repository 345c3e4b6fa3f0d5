"""The doctor looks at real things; what it lacks here is taken away by an empty PATH or folder."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from labkit import doctor
from labkit.doctor import examine
from labkit.model.errors import ExitCode
from labkit.model.health import Health, Page, Symptom
from labkit.places import Places, places


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """The places of a user who has never run labkit."""
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "c"))
    return places(runs=tmp_path / "runs")


def by_name(page: Page, name: str) -> Symptom:
    return next(symptom for symptom in page.symptoms if symptom.name == name)


def test_a_machine_that_never_ran_labkit_is_looked_at_without_a_trace(here: Places) -> None:
    page = examine(here)
    names = {symptom.name for symptom in page.symptoms}
    assert {"labkit", "system", "QEMU", "accelerator", "kernels", "disk", "tools", "cache"} <= names
    assert "6.12 (not built)" in by_name(page, "kernels").found
    assert not here.cache.exists()
    assert not here.runs.exists()


def test_what_is_wrong_says_what_to_do(here: Places) -> None:
    for symptom in examine(here).symptoms:
        assert symptom.health is Health.OK or symptom.remedy, symptom


def test_without_any_program_no_lab_can_run(
    here: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    page = examine(here)
    assert page.exit_code is ExitCode.HOST_CANNOT
    assert "apt-get install qemu-system-x86" in by_name(page, "QEMU").remedy
    assert "bubblewrap" in by_name(page, "sandbox").remedy
    assert by_name(page, "tools").health is Health.PROBLEM
    assert "mmdebstrap" in by_name(page, "tools").remedy


def test_a_qemu_that_never_answers_does_not_stop_the_doctor(
    here: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bin" / "qemu-system-x86_64"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(doctor, "_SECONDS", 1.0)
    page = examine(here)
    assert "never ended" in by_name(page, "QEMU").found


def test_a_look_that_hangs_or_breaks_is_said_and_the_others_go_on(
    here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> tuple[Symptom, ...]:
        raise ZeroDivisionError

    def hangs() -> tuple[Symptom, ...]:
        time.sleep(30)
        return ()

    monkeypatch.setattr(doctor, "_SECONDS", 0.5)
    monkeypatch.setattr(doctor, "_capacity", breaks)
    monkeypatch.setattr(doctor, "_system", hangs)
    page = examine(here)
    assert "ZeroDivisionError" in by_name(page, "cores, memory").found
    assert "no answer" in by_name(page, "system").found
    assert by_name(page, "labkit").health is Health.OK


def test_a_full_disk_stops_labs(here: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage("/")._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    page = examine(here)
    assert by_name(page, "disk").health is Health.PROBLEM
    assert "cache needs 4.0 GiB" in by_name(page, "disk").remedy


def test_a_cache_too_deep_for_a_socket_stops_labs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / ("deep" * 20)))
    page = examine(places(runs=tmp_path))
    assert by_name(page, "sockets").health is Health.PROBLEM
    assert "shorter path" in by_name(page, "sockets").remedy


def test_folders_of_dead_guests_are_counted_and_left(here: Places) -> None:
    (here.live / "dead").mkdir(parents=True)
    assert "1 folders left" in by_name(examine(here), "live guests").found
    assert (here.live / "dead").is_dir()
