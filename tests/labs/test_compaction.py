"""compaction: its C compiles without a warning, and its index is the kernel's own, line by line."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.grade.parse.buddyinfo import parse_buddyinfo
from labkit.labfile.functions import load_functions
from labkit.model.evidence import after_step
from labkit.store.reader import read

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "compaction"
INCLUDE = FOLDER.parents[1] / "images" / "include"
SOURCES = [*sorted(FOLDER.glob("src/*.c")), *sorted(FOLDER.glob("**/frag.c"))]
PASSED = sorted(path for path in FOLDER.glob("evidence/pass-*") if path.is_dir())
FLAGS = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDE)]

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def compiled(name: str, folder: Path) -> Path:
    program = folder / name
    source = FOLDER / "src" / f"{name}.c"
    subprocess.run(["gcc", *FLAGS, "-o", str(program), str(source)], check=True)
    return program


@needs_gcc
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: "-".join(path.parts[-3:]))
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    subprocess.run(["gcc", *FLAGS, "-c", "-o", str(tmp_path / "it.o"), str(source)], check=True)


@needs_gcc
def test_watch_repeats_the_last_words_of_a_program_that_ends(tmp_path: Path) -> None:
    watch = compiled("watch", tmp_path)
    done = subprocess.run(
        [watch, "/bin/sh", "-c", "echo no memory >&2; exit 3"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "no memory",
        "# it ended with status 3 instead of sleeping: giving up",
    ]


@needs_gcc
def test_watch_leaves_a_program_that_sleeps(tmp_path: Path) -> None:
    watch, note = compiled("watch", tmp_path), tmp_path / "pid"
    subprocess.run([watch, "/bin/sh", "-c", f"echo $$ >{note}; exec sleep 60"], check=True, timeout=30)
    pid = int(note.read_text())
    os.kill(pid, 0)
    os.kill(pid, 9)


@pytest.mark.parametrize("golden", PASSED, ids=lambda path: path.name)
def test_the_hosts_free_blocks_are_those_of_the_guests_own_buddyinfo(golden: Path) -> None:
    scene = read(golden).scene("torn")
    assert scene is not None
    seen, step = scene.witness(after_step("look")), scene.step("look")
    assert seen is not None
    assert step is not None
    text = step.stdout[step.stdout.index("Node ") :]
    told = {(zone.node, zone.zone): zone.free_blocks for zone in parse_buddyinfo(text)}
    # Between the two readings one process ended: some of its pages may have come back.
    for zone in seen.reading.zones or ():
        pages = sum(count << order for order, count in enumerate(told[zone.node, zone.name]))
        assert abs(pages - zone.counter_pages) < 512


def test_of_no_free_page_all_is_unusable_and_of_a_whole_block_nothing() -> None:
    module = load_functions(FOLDER / "checks.py", "compaction")
    assert module is not None
    scene = read(PASSED[0]).scene("torn")
    assert scene is not None
    seen = scene.witness(after_step("look"))
    assert seen is not None
    zone = (seen.reading.zones or ())[0]

    def index(counts: tuple[int, ...], order: int) -> float:
        return float(module.unusable_index(replace(zone, nr_free=counts), order))

    assert index((0,) * 11, 9) == 1.0
    assert index((0,) * 9 + (1, 0), 9) == 0.0
    assert index((512,) + (0,) * 8 + (1, 0), 9) == 0.5
    assert index((4, 2) + (0,) * 9, 1) == 0.5
