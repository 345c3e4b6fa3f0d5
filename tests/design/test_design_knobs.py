"""Knobs: what is written, and that one which did not take is never taken for set."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from labkit.design.knobs import Write, complaint, effective, refusals, script
from labkit.model.experiment import Factor, Kind, Takes
from labkit.model.trial import Reading


def knob(
    takes: Takes = Takes.EXACT, *, path: str = "/sys/knob", reads: dict[str, str] | None = None
) -> Factor:
    return Factor(name="knob", kind=Kind.FILE, target=path, levels=(1, 2), takes=takes, reads=reads or {})


def says(factor: Factor, requested: str, read: str | None, refused: str = "") -> str:
    reading = Reading(name=factor.name, path=factor.path, requested=requested, read=read, refused=refused)
    return complaint(factor, reading)


@pytest.mark.parametrize(
    ("takes", "requested", "read", "is_set"),
    [
        (Takes.EXACT, "60", "60\n", True),
        (Takes.EXACT, "60", "61\n", False),
        (Takes.EXACT, "madvise", "always [madvise] never\n", True),
        (Takes.EXACT, "always", "always [madvise] never\n", False),
        (Takes.EXACT, "7", "0x0007\n", True),
        (Takes.EXACT, "max", "max\n", True),
        (Takes.AT_LEAST, "1024", "4096\n", True),
        (Takes.AT_LEAST, "4096", "1024\n", False),
        (Takes.PARTLY, "400", "79\n", True),
        (Takes.PARTLY, "400", "401\n", False),
        (Takes.ROUNDED, "70000000", "69996544\n", True),
        (Takes.ROUNDED, "64M", "67108864\n", True),
        (Takes.ROUNDED, "70000000", "69992448\n", False),
        (Takes.ROUNDED, "70000000", "max\n", False),
    ],
)
def test_what_is_read_back_decides(takes: Takes, requested: str, read: str, is_set: bool) -> None:
    assert (says(knob(takes), requested, read) == "") is is_set


def test_another_spelling_counts_where_the_file_says_so() -> None:
    assert says(knob(reads={"y": "0x0007"}), "y", "0x0007\n") == ""
    assert "reads back '0x0003'" in says(knob(reads={"y": "0x0007"}), "y", "0x0003\n")


def test_a_refusal_and_a_file_that_is_not_there_are_said() -> None:
    assert "refuses it: Invalid argument" in says(knob(), "1", "1\n", refused="Invalid argument")
    assert "cannot be read" in says(knob(), "1", None)


def test_the_script_writes_in_order_and_tells_who_refused(tmp_path: Path) -> None:
    there, missing = tmp_path / "a b", tmp_path / "none" / "knob"
    there.write_text("")
    wanted = [
        Write(factor=knob(path=str(there)), text="one 'two'"),
        Write(factor=knob(path=str(missing)), text="1"),
    ]
    text = script(wanted).replace("/sys/fs/cgroup", str(tmp_path))
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert there.read_text() == "one 'two'"
    found = refusals(done.stdout)
    assert list(found) == [1]
    assert found[1] in ("No such file or directory", "Directory nonexistent")


def test_effective_is_the_chosen_word_or_the_text() -> None:
    def of(text: str) -> str:
        return effective(Reading(name="k", path="/k", requested="", read=text))

    assert of("always [madvise] never\n") == "madvise"
    assert of(" 1\t2 \n") == "1 2"
