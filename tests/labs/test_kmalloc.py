"""kmalloc: rules tell every choice's fault, requests are what rules expect, choices are read warily."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.labfile.load import load
from labkit.store.reader import read

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "kmalloc"
LAB = load(FOLDER)
RULES = sys.modules[LAB.answers.__module__]
CHOICES = sys.modules[next(check.judge.__module__ for check in LAB.checks if check.id == "big")]
SOURCES = sorted([FOLDER / "solution/choose.c", FOLDER / "starter/choose.c", *FOLDER.glob("*/*/choose.c")])
SCENES = {"fresh": 46, "torn": 20}
KINDS = {
    "fresh": {"small", "big", "device", "old-device", "atomic", "impossible"},
    "torn": {"small", "big"},
}
PASSED = sorted(path for path in FOLDER.glob("evidence/pass-*") if path.is_dir())
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(FOLDER / "src")]
FLAGS += ["-I", str(FOLDER.parents[1] / "images" / "include")]


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., object]]:
    """What a script of the guest's defines; it is not run."""
    monkeypatch.syspath_prepend(FOLDER / "src")
    return runpy.run_path(str(FOLDER / "src" / f"{name}.py"), run_name="under test")


def request(size: int, use: str, context: str, choice: str | None, **answer: object) -> str:
    """What is wrong with a choice."""
    asked = RULES.Request(
        id=1, size=size, use=use, context=context, choice=choice, answer={"ok": True, **answer}, line=1
    )
    return str(RULES.what_is_wrong(asked))


@given(st.integers(1, 4 << 20))
def test_kmalloc_gives_what_is_asked_for_and_less_than_twice_as_much(size: int) -> None:
    real = RULES.ksize(size)
    assert size <= real
    assert real == 8 or real < 2 * size
    assert RULES.ksize(real) == real


@pytest.mark.parametrize("scene", SCENES)
@given(salt=st.integers(100000, 999999))
def test_every_scene_asks_for_each_kind_as_often_as_for_anybody_else(scene: str, salt: int) -> None:
    asker = runpy.run_path(str(FOLDER / "src" / "requests.py"), run_name="under test")
    drawn = asker["requests"](scene, str(salt))
    assert drawn == asker["requests"](scene, str(salt))
    kinds = Counter(
        RULES.Request(id=1, size=size, use=use, context=context, choice=None, answer={}, line=1).kind
        for size, use, context in drawn
    )
    assert kinds.total() == SCENES[scene]
    assert set(kinds) == KINDS[scene]
    assert min(kinds.values()) >= 5


def test_every_kind_of_request_is_a_check_of_the_lab() -> None:
    assert KINDS["fresh"] <= {check.id for check in LAB.checks if check.points}


def test_a_choice_is_wrong_for_what_it_does_not_give() -> None:
    assert request(700, "cpu", "process", None) == "no choice"
    assert request(700, "cpu", "process", "nothing") == "there is an allocator that can"
    assert request(700, "cpu", "process", "kmalloc", ok=False) == "kmalloc got nothing"
    assert request(700, "cpu", "process", "vmalloc", pages=1) == "4096 bytes for 700"
    assert request(700, "cpu", "process", "kvmalloc", pages=1, ksize=1024) == ""
    assert "reserves" in request(700, "cpu", "process", "kmalloc GFP_ATOMIC", ksize=1024)
    assert "old devices" in request(700, "cpu", "process", "kmalloc GFP_DMA", ksize=1024)
    assert request(3 << 20, "cpu", "process", "vmalloc", pages=768, runs=768) == ""


def test_a_device_gets_one_run_of_frames_or_nothing() -> None:
    assert request(9000, "device", "process", "kmalloc", runs=1) == ""
    assert "DMA refuses it" in request(9000, "device", "process", "kvmalloc", runs=1)
    assert "DMA refuses it" in request(9000, "device", "process", "vmalloc", runs=3)
    assert request(9000, "old-device", "process", "kmalloc GFP_DMA", pfn=4093, pages=3) == ""
    assert "above 16 MiB" in request(9000, "old-device", "process", "kmalloc", pfn=4094, pages=3)
    assert request(5 << 20, "device", "process", "nothing") == ""
    assert request(5 << 20, "device", "process", "vmalloc", runs=1) == "nobody can give that"


def test_who_may_not_sleep_gets_it_in_every_context_that_may_not() -> None:
    ends = [{"context": "hardirq", "ok": True}, {"context": "kworker", "ok": False}]
    assert request(700, "cpu", "atomic", "kmalloc GFP_ATOMIC", contexts=ends) == ""
    ends[0]["ok"] = False
    assert "in hardirq" in request(700, "cpu", "atomic", "kmalloc GFP_ATOMIC", contexts=ends)
    assert request(700, "cpu", "atomic", "kmalloc", sleeps=True) == "kmalloc may sleep"


def test_only_words_are_choices_and_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_choices = script("play", monkeypatch)["read_choices"]
    said = tmp_path / "choices"
    said.write_bytes(
        b"1 kmalloc\n1 vmalloc\n2 kmalloc GFP_ATOMIC\n3 kmalloc GFP_ATOMIC; reboot\n4  kmalloc\n-5 kmalloc\n"
        b'{"id":6,"ok":true}\n7 kfree all\n8\n\xff\xfe\n9999 kmalloc\n9 nothing'
    )
    assert read_choices(str(said)) == {1: "kmalloc", 2: "kmalloc GFP_ATOMIC", 9: "nothing"}


def test_what_is_no_regular_file_has_no_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_choices = script("play", monkeypatch)["read_choices"]
    real, link, pipe = tmp_path / "real", tmp_path / "link", tmp_path / "pipe"
    real.write_text("1 kmalloc\n")
    link.symlink_to(real)
    os.mkfifo(pipe)
    assert read_choices(str(real)) == {1: "kmalloc"}
    for path in (link, pipe, tmp_path, tmp_path / "none"):
        assert read_choices(str(path)) == {}


@pytest.mark.parametrize("golden", PASSED, ids=lambda path: path.name)
def test_each_recorded_choice_turned_round_is_wrong(golden: Path) -> None:
    """NOTHING where there was one, and one where there is none; every request is of a kind that is graded."""
    for scene, asked in SCENES.items():
        _, rows = CHOICES.played(read(golden), scene)
        assert len(rows) == asked
        for row in rows:
            assert RULES.what_is_wrong(row) == ""
            turned = "vmalloc" if row.choice == "nothing" else "nothing"
            assert request(row.size, row.use, row.context, turned)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "-".join(path.parts[-3:]))
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    subprocess.run(["gcc", *FLAGS, "-o", str(tmp_path / "choose"), str(source)], check=True)
