"""The house rules are heard when they are broken."""

from __future__ import annotations

from pathlib import Path

import house
import pytest

REASON = "# a border: whatever a lab's own code raises is that lab's"

GOOD = f'''\
"""A room's file."""

import os
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value."""

    number: int


def act(argv: list[str]) -> str | None:
    """Start it."""
    try:
        subprocess.run(argv, check=True, shell=False)
        return os.fspath("x")
    except Exception:  {REASON}
        return None
'''

BAD = {
    "begins with no docstring": ('"""A room\'s file."""\n', ""),
    "has 300 lines or more; a file answers one question": ("import os\n", "import os\n" + "\n" * 300),
    "print: only cli speaks, through report": ('"""Start it."""', 'print("starting")'),
    "a shell: processes are started from a list": ('"""Start it."""', 'os.system("ls")'),
    "shell=: processes are started from a list": ("shell=False", "shell=True"),
    "a blind except gives no reason beside it": (
        REASON,
        "# noqa: BLE001",
    ),
    "a room reads no environment: give it an argument": ('os.fspath("x")', 'os.environ["HOME"]'),
    "a value is frozen, slots, kw_only": ("frozen=True, ", ""),
}


def broken_rules(text: str, *, name: str = "thing.py", room: str | None = "model") -> set[str]:
    return {found.says for found in house.complaints(text, name=name, room=room)}


def test_a_good_file_breaks_no_rule() -> None:
    assert broken_rules(GOOD) == set()


@pytest.mark.parametrize("says", BAD)
def test_a_bad_file_breaks_its_rule_alone(says: str) -> None:
    before, after = BAD[says]
    assert GOOD.count(before) == 1, "the sample no longer matches the good file"
    assert broken_rules(GOOD.replace(before, after)) == {says}


@pytest.mark.parametrize("reading", ['os.environ["HOME"]', 'os.environ.get("HOME")', 'os.getenv("HOME")'])
def test_a_room_may_not_read_the_environment(reading: str) -> None:
    text = GOOD.replace('os.fspath("x")', reading)
    assert broken_rules(text) == {"a room reads no environment: give it an argument"}


def test_a_room_may_hand_its_environment_to_a_child() -> None:
    text = GOOD.replace("check=True", 'check=True, env={**os.environ, "LC_ALL": "C"}')
    assert broken_rules(text) == set()


def test_an_except_without_a_type_needs_its_reason_too() -> None:
    text = GOOD.replace(f"except Exception:  {REASON}", "except:")
    assert broken_rules(text) == {"a blind except gives no reason beside it"}


def test_tidying_up_and_raising_on_needs_no_reason() -> None:
    text = GOOD.replace(
        f"except Exception:  {REASON}\n        return None", "except BaseException:\n        raise"
    )
    assert broken_rules(text) == set()


def test_a_hallway_may_read_the_environment() -> None:
    text = GOOD.replace('os.fspath("x")', 'os.environ["HOME"]')
    assert broken_rules(text, room=None) == set()


def test_an_init_file_holds_names_only() -> None:
    assert broken_rules('"""A room."""\n\nfrom x import y\n\n__all__ = ["y"]\n', name="__init__.py") == set()
    assert broken_rules('"""A room."""\n\nx = 1\n', name="__init__.py") == {
        "__init__.py holds names, never code"
    }


def test_the_linter_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = tmp_path / "labkit" / "grade"
    room.mkdir(parents=True)
    (room / "run.py").write_text('"""Docstring."""\n\nprint("hello")\n')
    assert house.main(tmp_path) == 1
    assert capsys.readouterr().out.startswith("labkit/grade/run.py:3: print")
