"""A lab folder loads whole, or one error names the key, what was found and what to write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.labfile.load import digest, load, schema
from labkit.model.errors import LabFileError
from labkit.model.lab import DrawKind, FileRelation, Relation, RunsAs
from labkit.model.machine import Thp
from labkit.model.units import Size

Spoil = Callable[..., Path]


def test_a_whole_lab_loads(tiny: Path) -> None:
    lab = load(tiny)
    assert (lab.id, lab.max_score, [check.id for check in lab.checks]) == ("tiny", 3, ["judged", "limited"])
    assert [draw.kind for draw in lab.draws] == [DrawKind.RANGE, DrawKind.SHUFFLE]
    scene = lab.scenes[0]
    assert scene.machine.thp is Thp.NEVER
    assert [node.memory for node in scene.machine.nodes] == [Size.mib(256), Size.mib(256)]
    assert scene.steps[0].runs_as is RunsAs.STUDENT
    assert isinstance(lab.checks[1].judge, FileRelation)
    assert lab.checks[1].judge.relation is Relation.EQ


def test_a_check_says_the_first_paragraph_of_its_docstring(tiny: Path) -> None:
    assert load(tiny).checks[0].says == "It is judged by this function."


def test_two_copies_of_a_lab_do_not_share_their_checks(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "src").symlink_to(tiny / "src")
    (copy / "lab.toml").write_text((tiny / "lab.toml").read_text())
    (copy / "checks.py").write_text((tiny / "checks.py").read_text())
    assert load(tiny).checks[0].judge is not load(copy).checks[0].judge


SPOILS = [
    ('title = "A tiny lab"', 'titel = "A tiny lab"', "titel", "unknown key", "did you mean 'title'?"),
    (
        "seconds = 10",
        "once = true",
        "scene[0].step[0].once",
        "the parameter 'limit'",
        "drop one of the two",
    ),
    (
        'run = "./run.sh $LIMIT $ORDER"',
        'run = "true"\n[[scene.step]]\nname = "late"\nrun = "true"\nonce = true',
        "scene[0].step[1].once",
        "step[0] comes first and is not",
        "move it up",
    ),
    ("seconds = 10", "second = 10", "scene[0].step[0].second", "unknown key", "did you mean 'seconds'?"),
    ('thp = "never"', 'thp = "newer"', "machine.thp", "found 'newer'", "'always', 'madvise' or 'never'"),
    ('memory = "256MiB"', 'memory = "1G"', "machine.node[0].memory", "found '1G'", "write '1GiB'"),
    ("cpus = 1", 'cpus = "1"', "machine.node[0].cpus", "found '1'", "write a valid integer"),
    (
        'memory = "256MiB"',
        'memory = "3MiB"',
        "machine.node[0].memory",
        "found 3MiB",
        "in steps of 2MiB",
    ),
    ('id = "tiny"\n', "", "id", "not given", "add it"),
    ('id = "tiny"', 'id = "Tiny Lab"', "id", "found 'Tiny Lab'", "write a name that matches"),
    ('evidence = "witness"', 'evidence = "rumour"', "check[0].evidence", "found 'rumour'", "'testimony'"),
    ("points = 3", "points = 4", "points", "found 4, the checks' points sum to 3", "write 3"),
    (
        'needs = ["judged"]',
        'needs = ["jugded"]',
        "check[1].needs[0]",
        "no check 'jugded'",
        "did you mean 'judged'?",
    ),
    (
        'needs = ["judged"]',
        'needs = ["limited"]',
        "check.needs",
        "the needs run in a circle: limited",
        "drop one",
    ),
    ('id = "limited"', 'id = "judged"', "check[1].id", "'judged' again, as check[0]", "rename one"),
    (
        'python = "judged"',
        'python = "juged"',
        "check[0].python",
        "no function 'juged'",
        "did you mean 'judged'?",
    ),
    ('python = "judged"\n', "", "check[0]", "neither python nor file", "give one of them"),
    ('answers = "key"', 'answers = "kye"', "answers", "no function 'kye'", "did you mean 'key'?"),
    (
        'probes = ["zones", "tasks", "modules", "text"]',
        'probes = ["taks"]',
        "scene[0].witness.probes[0]",
        "taks",
        "tasks",
    ),
    (
        '{ probes = ["zones", "tasks", "modules", "text"] }',
        "{}",
        "scene[0].witness",
        "found it empty",
        "name probes",
    ),
    (
        'runs_as = "student"',
        'once = true\nwitness = { probes = ["tasks"] }',
        "scene[0].step[0].witness",
        "the host looks when a student's own run begins",
        "move it to scene[0].witness",
    ),
    ('scene = "one"', 'scene = "once"', "check[1].file.scene", "no scene 'once'", "did you mean 'one'?"),
    (
        'moment = "after-go"',
        'moment = "after-og"',
        "check[1].file.moment",
        "no moment",
        "did you mean 'after-go'?",
    ),
    (
        'memory.max"\nrelation',
        'memory.min"\nrelation',
        "check[1].file.path",
        "is not captured then",
        "memory.max",
    ),
    (
        'value = "{limit}"',
        'value = "{limt}"',
        "check[1].file.value",
        "no parameter 'limt'",
        "did you mean 'limit'?",
    ),
    ('"eq"\nvalue = "{limit}"', '"between"\nvalue = 3', "check[1].file.value", "found 1 values", "takes 2"),
    (
        '"eq"\nvalue = "{limit}"',
        '"matches"\nvalue = "("',
        "check[1].file.value",
        "'('",
        "correct the expression",
    ),
    (
        'programs = ["hog", "probe"]',
        'programs = ["hog", "prob"]',
        "scene[0].programs[1]",
        "prob.c",
        "'probe.c'?",
    ),
    (
        'files = ["run.sh"]',
        'files = ["ran.sh"]',
        "scene[0].files[0]",
        "no file in src/ 'ran.sh'",
        "'run.sh'?",
    ),
    (
        'submission = ["hog.c", ',
        "submission = [",
        "scene[0].programs[0]",
        "not to this scene",
        "add it to submission",
    ),
    (
        '["hog.c", "plan.toml"]\ncap',
        '["hog.c", "plans.toml"]\ncap',
        "scene[0].submission[1]",
        "",
        "'plan.toml'?",
    ),
    ('files = ["run.sh"]', 'modules = ["labkitt"]', "scene[0].modules[0]", "no module folder", "'labkit'?"),
    ('cgroup/{order}/memory.max"]', '{ordre}"]', "step[0].capture[0]", "no parameter 'ordre'", "'order'?"),
    (
        'capture = ["/proc/vmstat"]',
        'capture = ["proc/vmstat"]',
        "scene[0].capture[0]",
        "proc/vmstat",
        "absolute",
    ),
    (
        "values = [8, 16, 4]",
        "values = [8, 15, 4]",
        "parameter[0].values",
        "[8, 15, 4]",
        "whole number of steps",
    ),
    ('["a", "b", "c"]', '["a", "b", "a"]', "parameter[1].values", "a value stands twice", "keep one"),
    ('name = "order"\nkind', 'name = "limit"\nkind', "parameter[1].name", "'limit' again", "rename one"),
    ('hint = "look"\n', "", "check[0].hint", "not given", "write what helps a student"),
    ("[[scene.step]]", "[[scene.stepp]]", "scene[0].stepp", "unknown key", "did you mean 'step'?"),
]


@pytest.mark.parametrize("slip", SPOILS, ids=[slip[1][:40] for slip in SPOILS])
def test_a_slip_is_named_by_file_key_and_remedy(spoil: Spoil, slip: tuple[str, ...]) -> None:
    old, new, key, found, fix = slip
    folder = spoil(old, new)
    with pytest.raises(LabFileError) as caught:
        load(folder)
    error = caught.value
    assert error.where.startswith(str(folder / "lab.toml"))
    assert key in error.where
    assert found in error.found
    assert fix in error.fix


def test_further_slips_stand_in_the_detail(spoil: Spoil) -> None:
    spoil('title = "A tiny lab"', 'titel = "A tiny lab"')
    with pytest.raises(LabFileError) as caught:
        load(spoil("seconds = 10", "second = 10"))
    assert "scene[0].step[0].second" in caught.value.where + caught.value.detail
    assert "titel: unknown key" in str(caught.value) + caught.value.detail


def test_a_scene_s_own_machine_key_is_blamed_where_it_stands(spoil: Spoil) -> None:
    folder = spoil('programs = ["hog"', 'machine = { swap = "1MiB" }\nprograms = ["hog"')
    with pytest.raises(LabFileError, match=r"scene\[0\]\.machine\.swap: found 1MiB"):
        load(folder)


def test_toml_that_does_not_parse_is_named_by_line(spoil: Spoil) -> None:
    with pytest.raises(LabFileError, match="line 1"):
        load(spoil('id = "tiny"', 'id = "tiny'))


def test_a_folder_without_a_lab_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabFileError, match=r"lab\.toml: no such file"):
        load(tmp_path)


def test_a_syntax_error_in_checks_is_named_by_line(spoil: Spoil) -> None:
    folder = spoil("def key(parameters):", "def key(parameters)", name="checks.py")
    with pytest.raises(LabFileError) as caught:
        load(folder)
    assert caught.value.where.endswith("checks.py: line 11")


def test_an_error_while_checks_are_imported_is_named_by_line(spoil: Spoil) -> None:
    folder = spoil("@dataclass(frozen=True)", "@dataclas(frozen=True)", name="checks.py")
    with pytest.raises(LabFileError, match="line 6: NameError"):
        load(folder)


def test_the_digest_changes_with_what_shapes_a_run_and_with_nothing_else(tiny: Path) -> None:
    before = digest(tiny)
    (tiny / "README.md.j2").write_text("other")
    (tiny / "solution" / "hog.c").write_text("other")
    assert digest(tiny) == before
    seen = {before}
    for name in ("lab.toml", "checks.py", "src/run.sh", "src/new.h"):
        path = tiny / name
        path.write_text((path.read_text() if path.exists() else "") + "\n")
        seen.add(digest(tiny))
    assert len(seen) == 5


def test_the_schema_knows_every_table() -> None:
    tables = json.loads(schema())
    assert tables["additionalProperties"] is False
    assert {"SceneTable", "CheckTable", "MachineTable", "ParameterTable"} <= set(tables["$defs"])
