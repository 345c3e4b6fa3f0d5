"""slub: every draw has one layout on both kernels, and the arithmetic of the plans holds for all of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from labkit.labfile.functions import load_functions
from labkit.labfile.load import load

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "slub"
LAB = load(FOLDER)
DRAWN = {draw.name: draw.values for draw in LAB.draws}
PAGE = 4096


def order_of_6_1(size: int) -> int:
    """mm/slub.c of v6.1, calculate_order() and calc_slab_order(), for one CPU."""
    least = min(8, (PAGE << 3) // size)
    while least > 1:
        for fraction in (16, 8, 4):
            for order in range(4):
                slab = PAGE << order
                if slab >= least * size and slab % size <= slab // fraction:
                    return order
        least -= 1
    raise AssertionError(f"no order for {size}")


def layout(size: int, **how: bool) -> tuple[int, int, int]:
    module = load_functions(FOLDER / "layout.py", "slub")
    assert module is not None
    stride, order, objects = module.layout(size, **how)
    return stride, order, objects


@pytest.mark.parametrize("size", [*DRAWN["size"], *DRAWN["big"], *DRAWN["small"]])
@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("keeps_content", [False, True])
def test_both_kernels_choose_one_order_for_every_cache_that_is_drawn(
    size: int, line: bool, keeps_content: bool
) -> None:
    stride, order, objects = layout(size, line=line, keeps_content=keeps_content)
    assert order == order_of_6_1(stride)
    assert objects == (PAGE << order) // stride


@pytest.mark.parametrize("size", DRAWN["size"])
@pytest.mark.parametrize("trim", [1, 7])
def test_a_few_bytes_less_need_the_same_stride(size: int, trim: int) -> None:
    assert layout(size) == layout(size - trim)


@pytest.mark.parametrize("size", DRAWN["small"])
def test_a_slab_of_the_plans_has_one_page_and_sixteen_objects_at_least(size: int) -> None:
    _, order, objects = layout(size, keeps_content=True)
    assert order == 0
    assert objects >= 16  # one object in 16 keeps every slab


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("every 2\n", ["cache free lab_x every 2"]),
        ("# why\n\n400\n", ["cache free lab_x 400"]),
        ("every 2\nevery 3", ["cache free lab_x every 2", "cache free lab_x every 3"]),
        ("all\n", None),
        ("every\n", None),
        ("every 2 all\n", None),
        ("every 2; reboot\n", None),
        ("$(reboot)\n", None),
        ("400 all\n", None),
        ("every all\n", None),
        ("every 2\n" * 9, None),
    ],
)
def test_a_plan_is_lines_of_two_forms_and_nothing_of_it_is_run(
    text: str, told: list[str] | None, tmp_path: Path
) -> None:
    (tmp_path / "plan.sh").write_text((FOLDER / "src" / "plan.sh").read_text())
    (tmp_path / "tell.sh").write_text('#!/bin/sh\necho "$1"\n')
    for name in ("plan.sh", "tell.sh"):
        (tmp_path / name).chmod(0o755)
    (tmp_path / "plan.txt").write_text(text)
    done = subprocess.run(
        ["sh", "plan.sh", "lab_x", "plan.txt"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if told is None:
        assert done.returncode == 1
        assert "#" in done.stderr
    else:
        assert done.returncode == 0
        assert done.stdout.splitlines() == told
