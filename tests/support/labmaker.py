"""Small lab folders for the session's own tests, written where a test wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from labkit.places import CHECKOUT

CHECKS = '''
from labkit.grade.judging import failed, passed, require_completed, require_scene
from labkit.model.evidence import Evidence, SceneEnd
from labkit.model.verdict import Judgement


def ended(evidence: Evidence) -> Judgement:
    """The guest lives to the end."""
    require_completed(evidence, "only")
    return passed("a guest that lives", "it did")


def said(evidence: Evidence) -> Judgement:
    """The program says yes."""
    require_completed(evidence, "only")
    words = [step.stdout for step in require_scene(evidence, "only").steps]
    return passed("yes", "yes") if words == ["yes\\n"] else failed("yes", repr(words))


def panicked(evidence: Evidence) -> Judgement:
    """The guest panics, as this lab wants."""
    scene = require_scene(evidence, "only")
    if scene.end is SceneEnd.PANICKED:
        return passed("a panic", scene.detail)
    return failed("a panic", scene.end.value)
'''

LAB = """
id = "{id}"
title = "A lab of the test suite"
question = "Does the apparatus work?"
course = "{course}"
tier = "{tier}"
points = 1

[machine]
node = [{{ cpus = 1, memory = "128MiB" }}, {{ cpus = 1, memory = "128MiB" }}]

{hand_in}
{scenes}

[[check]]
id = "check"
python = "{check}"
points = 1
evidence = "observer"
hint = "read console.log"
"""


SCENE = """
[[scene]]
name = "{name}"
says = "the scene called {name}"
{keys}
"""


def toml(value: object) -> str:
    """A value as TOML spells it: like JSON but for tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def make_lab(
    folder: Path,
    *,
    steps: Mapping[str, Mapping[str, object]],
    scenes: Sequence[str] = ("only",),
    check: str = "ended",
    scene: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
    hand_in: Mapping[str, str] | None = None,
    tier: str = "root",
    course: str = "none",
) -> Path:
    """A lab of scenes that are all alike; `steps` maps names to their keys, `files` further files to text.

    Its checks judge the scene called "only".
    """
    folder.mkdir(parents=True)
    lines = [f"{key} = {toml(value)}" for key, value in (scene or {}).items()]
    if hand_in:
        lines.append(f"submission = {json.dumps(list(hand_in))}")
    for name, step in steps.items():
        lines += ["[[scene.step]]", f"name = {json.dumps(name)}"]
        lines += [f"{key} = {toml(value)}" for key, value in step.items()]
    asked = "".join(
        f'[[hand_in]]\nname = "{name}"\nkind = "{kind}"\nsays = "asked for"\n'
        for name, kind in (hand_in or {}).items()
    )
    drawn = "".join(SCENE.format(name=name, keys="\n".join(lines)) for name in scenes)
    text = LAB.format(id=folder.name, scenes=drawn, check=check, hand_in=asked, tier=tier, course=course)
    (folder / "lab.toml").write_text(text)
    (folder / "checks.py").write_text(CHECKS)
    (folder / "solution").mkdir()
    for name, content in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


COURSE = """
title = "A course of the test suite"

[[section]]
name = "First Things"
parts = ["Alpha", "Beta"]

[[section]]
name = "Last Things"
"""


def make_checkout(folder: Path) -> Path:
    """A checkout that builds what ours does and has a course, and no labs yet."""
    (folder / "labs").mkdir(parents=True)
    (folder / "labs" / "course.toml").write_text(COURSE)
    for name in ("images", "kmod"):
        (folder / name).symlink_to(CHECKOUT / name)
    return folder
