"""A small whole lab to spoil, one key at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

LAB = """\
id = "tiny"
title = "A tiny lab"
question = "Does it load?"
course = "none"
tier = "user"
points = 3
answers = "key"

[[parameter]]
name = "limit"
kind = "range"
values = [8, 16, 4]

[[parameter]]
name = "order"
kind = "shuffle"
values = ["a", "b", "c"]

[[hand_in]]
name = "hog.c"
kind = "c"
says = "a hog"

[[hand_in]]
name = "plan.toml"
kind = "toml"
says = "a plan"

[machine]
thp = "never"
node = [{ cpus = 1, memory = "256MiB" }, { cpus = 1, memory = "256MiB" }]

[[scene]]
name = "one"
says = "the only one"
programs = ["hog", "probe"]
files = ["run.sh"]
submission = ["hog.c", "plan.toml"]
capture = ["/proc/vmstat"]
witness = { probes = ["zones", "tasks", "modules", "text"] }

[[scene.step]]
name = "go"
run = "./run.sh $LIMIT $ORDER"
runs_as = "student"
seconds = 10
capture = ["/sys/fs/cgroup/{order}/memory.max"]

[[check]]
id = "judged"
points = 2
evidence = "witness"
python = "judged"
hint = "look"

[[check]]
id = "limited"
says = "The limit is the drawn one."
points = 1
evidence = "observer"
hint = "count"
needs = ["judged"]
[check.file]
scene = "one"
moment = "after-go"
path = "/sys/fs/cgroup/{order}/memory.max"
relation = "eq"
value = "{limit}"
"""

CHECKS = '''\
"""Checks of the tiny lab."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    seen: bool


def key(parameters):
    return {"double": parameters["limit"] * 2}


def judged(evidence):
    """It is judged
    by this function.

    Not shown.
    """
'''


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of a lab that loads and that lint finds nothing in."""
    folder = tmp_path / "tiny"
    files = {
        "lab.toml": LAB,
        "checks.py": CHECKS,
        "README.md.j2": "limit {{ p.limit }}\n",
        "src/probe.c": "int main(void) { return 0; }\n",
        "src/run.sh": "#!/bin/sh\n",
        "starter/hog.c": "int main(void) { return 1; }\n",
        "starter/plan.toml": "",
        "solution/hog.c": "int main(void) { return 0; }\n",
        "solution/plan.toml.j2": "limit = {{ p.limit }}\ndouble = {{ key.double }}\n",
        "wrong/lazy/expect.toml": 'says = "lazy"\nfails = ["judged"]\nblocked = ["limited"]\n',
        "wrong/lazy/hog.c": "int main(void) { return 2; }\n",
        "wrong/units/expect.toml": 'says = "units"\nfails = ["limited"]\n',
        "wrong/units/plan.toml": "limit = 1\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def spoil(tiny: Path) -> Callable[[str, str], Path]:
    """Replace one piece of text in the lab file (which must be there) and give the folder back."""

    def replace(old: str, new: str, name: str = "lab.toml") -> Path:
        path = tiny / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return tiny

    return replace
