from __future__ import annotations

import io
import os
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.guest.attendant import (
    Answers,
    Ask,
    Frame,
    Say,
    environment_block,
    read_request,
    request,
    run_request,
    write_cargo,
)
from labkit.model.lab import Tier

FRAMES = st.lists(st.builds(Frame, st.sampled_from((Say.OUT, Say.ERR, Say.FILE)), st.binary(max_size=200)))


def raw(frames: list[Frame]) -> bytes:
    return b"".join(struct.pack(">2I", frame.kind, len(frame.payload)) + frame.payload for frame in frames)


def answered(program: Path, given: bytes, wanted: int = 1) -> Answers:
    """What the real attendant answers, run on this machine."""
    done = subprocess.run([program], input=given, capture_output=True, check=True, timeout=30)
    heard = Answers(wanted=wanted)
    heard.take(done.stdout)
    assert heard.whole
    return heard


@given(FRAMES, st.data())
def test_answers_come_whole_however_they_are_cut(frames: list[Frame], data: st.DataObject) -> None:
    heard, text = Answers(), raw([*frames, Frame(Say.END, b"")])
    while text:
        assert not heard.whole
        cut = data.draw(st.integers(1, len(text)))
        heard.take(text[:cut])
        text = text[cut:]
    assert heard.whole
    assert heard.frames[:-1] == frames


def test_what_follows_the_last_answer_is_not_taken_for_it() -> None:
    heard = Answers()
    heard.take(raw([Frame(Say.END, b""), Frame(Say.OUT, b"later")]))
    assert heard.joined(Say.OUT) == b""


def test_an_error_is_a_last_frame_with_a_sentence() -> None:
    heard = Answers(wanted=2)
    heard.take(raw([Frame(Say.ERROR, b"no"), Frame(Say.END, b"")]))
    assert (heard.whole, heard.error) == (True, "no")


def test_command_and_environment_travel_as_counted_bytes() -> None:
    given = run_request(
        "echo 'é'\n$A",
        env={"A": 'it\'s\n"x" $(id)'},
        student=Tier.ROOT,
        seconds=1.5,
        limit=10,
        stdin=b"\0in",
        mark="a\nb",
    )
    kind, size = struct.unpack_from(">2I", given)
    assert (kind, size) == (Ask.RUN, len(given) - 8)
    head = struct.pack(">3I", 1500, 1, 10)
    parts = (b"a b", b"echo '\xc3\xa9'\n$A", b'A=it\'s\n"x" $(id)\0', b"\0in")
    assert given[8:] == head + b"".join(struct.pack(">I", len(part)) + part for part in parts)


@pytest.mark.parametrize(("student", "owner"), [(None, 0), (Tier.KERNEL, 1), (Tier.ROOT, 1), (Tier.USER, 2)])
def test_a_command_says_whose_it_is(student: Tier | None, owner: int) -> None:
    given = run_request("true", student=student, seconds=1, limit=1)
    assert struct.unpack_from(">3I", given, 8) == (1000, owner, 1)


@pytest.mark.parametrize(("name", "value"), [("A=B", ""), ("1A", ""), ("", ""), ("A", "x\0B=y")])
def test_what_is_no_environment_variable_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="environment"):
        environment_block({name: value})


def test_requests_are_served_one_after_the_other(attendant_program: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    (tmp_path / "b").write_text("B")
    ask = [read_request([str(tmp_path / name)], limit=10, room=10, files=10) for name in ("a", "b")]
    heard = answered(attendant_program, b"".join(ask), wanted=2)
    assert [frame.payload[-1:] for frame in heard.frames if frame.kind == Say.FILE] == [b"A", b"B"]


def test_a_request_nobody_knows_is_an_error_and_the_next_is_served(attendant_program: Path) -> None:
    unknown = struct.pack(">2I", 99, 3) + b"abc"
    heard = answered(attendant_program, unknown + read_request([], limit=1, room=1, files=1), wanted=2)
    assert heard.error == "no request of kind 99"


def test_half_a_request_ends_the_attendant_and_not_more(attendant_program: Path) -> None:
    given = request(Ask.MARK, b"1234567")[:-1]
    done = subprocess.run([attendant_program], input=given, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (125, b"")


def test_cargo_says_how_many_and_how_long(tmp_path: Path) -> None:
    (tmp_path / "hog").write_bytes(b"ELF")
    os.utime(tmp_path / "hog", (7, 7))
    disk = io.BytesIO()
    write_cargo(disk, {"d": (b"", 0o40755), "d/hog": (tmp_path / "hog", 0o755), "l": (b"d/hog", 0o120777)})
    assert disk.getvalue() == b"labkit cargo 2\n" + struct.pack(">I", 3) + b"".join(
        struct.pack(">2I2Q", len(name), mode, mtime, len(content)) + name + content
        for name, mode, mtime, content in (
            (b"d", 0o40755, 0, b""),
            (b"d/hog", 0o755, 7, b"ELF"),
            (b"l", 0o120777, 0, b"d/hog"),
        )
    )
