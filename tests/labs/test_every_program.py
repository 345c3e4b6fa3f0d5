"""Every C program of every lab compiles without a warning, with the flags of the sandbox and the host's gcc.

A module needs a kernel's headers: the guest ring builds it.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.build.recipe import load_buildroot
from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.model.lab import FileKind, Lab

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [*load_buildroot(ROOT / "images").program.flags, "-Werror", "-I", str(ROOT / "images" / "include")]
VARIANTS = ("wrong", "forgers")

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def programs(lab: Lab) -> Iterator[tuple[str, str]]:
    """Where a C program of a lab's folder stands, and its text: templates with the numbers of some seed."""
    modules = {f"{name}.c" for scene in lab.scenes for name in scene.modules}
    for path in sorted((lab.folder / "src").glob("*.c")):
        yield f"{lab.id}/src/{path.name}", path.read_text(encoding="utf-8")
    drawn = parameters(lab, "compiled")
    submitted = {item.name for item in lab.hand_in if item.kind is FileKind.C} - modules
    for folder in submissions(lab):
        texts = load_submission(lab, folder, drawn)
        for name in sorted(submitted):
            if list(folder.glob(f"{name}*")):  # what a variant does not change is the solution's
                yield f"{folder.relative_to(lab.folder.parent)}/{name}", texts[name]


def submissions(lab: Lab) -> Iterator[Path]:
    yield from (lab.folder / name for name in ("starter", "solution"))
    for name in VARIANTS:
        yield from sorted((lab.folder / name).glob("*/"))


PROGRAMS = [
    pytest.param(lab, text, id=name)
    for path in sorted((ROOT / "labs").glob("*/lab.toml"))
    for lab in [load(path.parent)]
    for name, text in programs(lab)
]


@pytest.mark.parametrize(("lab", "text"), PROGRAMS)
def test_it_compiles_without_a_warning(lab: Lab, text: str, tmp_path: Path) -> None:
    source = tmp_path / "it.c"
    source.write_text(text, encoding="utf-8")
    include = ["-I", str(lab.folder / "src")]
    subprocess.run(["gcc", *FLAGS, *include, "-c", "-o", str(tmp_path / "it.o"), str(source)], check=True)


def test_the_support_header_says_results_as_ktap(tmp_path: Path) -> None:
    source, program = tmp_path / "it.c", tmp_path / "it"
    calls = 'ktap_plan(2); ktap_result(1, 1, "page %d", 7); ktap_result(0, 2, "none"); return 0;'
    source.write_text(f'#include "lab.h"\nint main(void) {{ {calls} }}\n', encoding="utf-8")
    flags = [flag for flag in FLAGS if flag != "-static"]
    subprocess.run(["gcc", *flags, "-o", str(program), str(source)], check=True)
    told = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    assert told == "KTAP version 1\n1..2\nok 1 page 7\nnot ok 2 none\n"
