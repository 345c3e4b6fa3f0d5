from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from store_values import SPEC

from labkit.model.evidence import (
    AFTER,
    BEFORE,
    CapturedFile,
    Evidence,
    Request,
    SceneEnd,
    SceneEvidence,
    StepResult,
    after_step,
)
from labkit.model.kernel_log import LogRecord
from labkit.model.machine import Accel
from labkit.model.official import Official
from labkit.store.disk import mirrored
from labkit.store.reader import read
from labkit.store.writer import create

words = st.text(min_size=1, max_size=12)
guest_paths = st.builds("/{}".format, st.text(max_size=30)) | st.just("/" + "long/" * 500)
contents = st.none() | st.text(max_size=40)


@st.composite
def scenes(draw: st.DrawFn) -> SceneEvidence:
    """A scene without the names that only the writer gives (`where`)."""
    moments = st.sampled_from([BEFORE, AFTER, after_step("x")])
    paths = draw(st.lists(st.tuples(moments, guest_paths), max_size=5, unique=True))
    return SceneEvidence(
        name=draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True).filter("submission".__ne__)),
        machine=SPEC,
        release=draw(words),
        accel=draw(st.sampled_from(Accel)),
        end=draw(st.sampled_from([end for end in SceneEnd if end is not SceneEnd.INTERRUPTED])),
        detail=draw(st.text()),
        steps=tuple(
            StepResult(
                name=name,
                status=draw(st.none() | st.integers(0, 255)),
                timed_out=draw(st.booleans()),
                seconds=draw(st.floats(0, 1e6)),
                stdout=draw(st.text()),
                stderr=draw(st.text()),
                where="",
                cut=draw(st.booleans()),
            )
            for name in draw(st.lists(words, max_size=3))
        ),
        files=tuple(
            CapturedFile(path=path, moment=moment, where="", text=draw(contents), cut=draw(st.booleans()))
            for moment, path in paths
        ),
        dmesg=tuple(
            LogRecord(
                seq=draw(st.integers(0)), time_us=draw(st.integers(0)), level=6, facility=0, text=text, line=n
            )
            for n, text in enumerate(draw(st.lists(st.text(), max_size=3)), start=1)
        ),
        console_tail=draw(st.text()),
        timings=draw(st.dictionaries(words, st.floats(0, 1e6), max_size=3)),
    )


requests = st.builds(
    Request,
    lab=words,
    lab_digest=words,
    seed=st.text(),
    parameters=st.dictionaries(words, st.integers() | words | st.lists(words).map(tuple), max_size=3),
    kernel=words,
    accel=st.sampled_from(Accel),
    submission_name=st.text(),
    submission=st.dictionaries(words, st.text(), max_size=3),
    labkit=words,
    started_at=st.just("2026-11-23T14:46:12Z"),
    pack=words,
    official=st.none() | st.builds(Official, student=st.text(), attempt=st.integers(1)),
)
evidences = st.builds(
    Evidence,
    request=requests,
    scenes=st.lists(scenes(), max_size=2, unique_by=lambda scene: scene.name).map(tuple),
)


def write(runs_folder: Path, evidence: Evidence) -> tuple[Path, Evidence]:
    """Drive the writer as a session does; the evidence comes back with the places it was given."""
    run = create(runs_folder, evidence.request)
    placed = []
    for number, scene in enumerate(evidence.scenes, start=1):
        to = run.scene(
            scene.name,
            number=number,
            machine=scene.machine,
            release=scene.release,
            accel=scene.accel,
            started=scene.started,
        )
        files = tuple(
            to.capture(f.moment, [(f.path, None if f.text is None else f.text.encode(), f.cut)])[0]
            for f in scene.files
        )
        steps = tuple(
            to.step(
                s.name,
                status=s.status,
                timed_out=s.timed_out,
                seconds=s.seconds,
                stdout=s.stdout.encode(),
                stderr=s.stderr.encode(),
                cut=s.cut,
            )
            for s in scene.steps
        )
        to.dmesg(scene.dmesg)
        to.end(scene.end, detail=scene.detail, timings=scene.timings, console_tail=scene.console_tail)
        placed.append(replace(scene, files=files, steps=steps))
    return run.folder, replace(evidence, scenes=tuple(placed))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evidences)
def test_any_evidence_survives_the_round_trip(tmp_path: Path, evidence: Evidence) -> None:
    folder, expected = write(tmp_path, evidence)
    assert read(folder) == expected


@given(st.text())
def test_a_guest_path_never_leaves_its_folder(path: str) -> None:
    parts = mirrored(path).split("/")
    assert all(parts)
    assert not {".", ".."} & set(parts)
    assert max(map(len, parts)) <= 200
    assert mirrored(path).isascii()


@given(st.text().filter(lambda path: "//" not in path), st.text().filter(lambda path: "//" not in path))
@example("", "/")
def test_two_guest_paths_never_share_a_copy(one: str, other: str) -> None:
    same = one.strip("/") == other.strip("/")
    if mirrored(one) == mirrored(other):
        assert same
    elif same:  # what cannot be mirrored has a copy for each way to write it
        assert mirrored(one).startswith("%odd/")
