"""Statements and official run directories, made without a guest by the code that a real run uses."""

from __future__ import annotations

from pathlib import Path

from labkit.attest.keyfolder import create_key
from labkit.grade.run import grade
from labkit.keyring import sealed
from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.model.evidence import Request, SceneEnd
from labkit.model.machine import Accel
from labkit.model.official import Official
from labkit.report.verdict_json import render_verdict_json
from labkit.store.reader import digest, read
from labkit.store.writer import create, write_attestation

OFFICIAL = Official(student="Ada Lovelace", attempt=2)

# A captured file is of class observer, which holds where students are unprivileged.
LAB = """
id = "tiny"
title = "A lab of the test suite"
question = "Does it hold?"
course = "none"
tier = "user"
points = 3

[[parameter]]
name = "limit"
kind = "range"
values = [8, 800, 8]

[machine]
node = [{ cpus = 1, memory = "256MiB" }]

[[scene]]
name = "only"
says = "the only one"
capture = ["/proc/limit"]
[[scene.step]]
name = "go"
run = "echo $LIMIT"

[[check]]
id = "limited"
says = "The limit is the drawn one."
points = 3
evidence = "observer"
hint = "count"
[check.file]
scene = "only"
moment = "after"
path = "/proc/limit"
relation = "eq"
value = "{limit}"
"""


def write_lab(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.toml").write_text(LAB)
    return folder


def write_run(lab_folder: Path, keys: Path, runs: Path) -> Path:
    """An official run, graded and signed with the key 'course', whose guest is said to have done right."""
    if not (keys / "course").exists():
        create_key(keys, "course")
    lab = load(lab_folder)
    seal = sealed(lab, OFFICIAL, "course")
    seed = seal.seed(lab.id)
    numbers = parameters(lab, seed)
    request = Request(
        lab=lab.id,
        lab_digest=lab.digest,
        seed=seed,
        parameters=numbers,
        kernel="6.12",
        accel=Accel.TCG,
        submission_name="ada",
        submission={"answer.txt": "yes\n"},
        labkit="0.1.0",
        started_at="2026-11-24T15:00:00Z",
        pack="a" * 64,
        official=seal.official,
    )
    writer = create(runs, request)
    machine = lab.scenes[0].machine
    scene = writer.scene("only", number=1, machine=machine, release="6.12.0", accel=Accel.TCG)
    scene.capture("after", [("/proc/limit", f"{numbers['limit']}\n".encode(), False)])
    scene.step("go", status=0, timed_out=False, seconds=0.1, stdout=b"", stderr=b"")
    scene.end(SceneEnd.COMPLETED, timings={"boot": 1.5})
    verdict = grade(lab, read(writer.folder), evidence_digest=digest(writer.folder))
    text = render_verdict_json(verdict)
    writer.verdict(text)
    write_attestation(writer.folder, seal.attestation(verdict, request, text))
    return writer.folder
