from __future__ import annotations

import os
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.guest.attendant import Answers, Frame, Say
from labkit.guest.capture import Capture, capture, odd_name, parse_file
from labkit.model.errors import Broken, LabFileError
from labkit.model.units import Deadline


class Here:
    """A Door to this machine: the real attendant reads real files."""

    program: Path

    def request(self, given: bytes, *, deadline: Deadline, wanted: int = 1) -> Answers:
        done = subprocess.run(
            [self.program], input=given, capture_output=True, check=True, timeout=deadline.remaining
        )
        assert done.stderr == b""
        heard = Answers(wanted=wanted)
        heard.take(done.stdout)
        return heard


@pytest.fixture(autouse=True, scope="module")
def here(attendant_program: Path) -> None:
    Here.program = attendant_program


def copied(*patterns: str | Path, limit: int = 1000) -> Capture:
    return capture(Here(), [str(pattern) for pattern in patterns], Deadline.after(30, "capture"), limit=limit)


def payload(pattern: int, state: int, name: bytes = b"", data: bytes = b"") -> bytes:
    return struct.pack(">3I", pattern, state, len(name)) + name + data


def test_proc_files_are_read_though_their_size_is_0() -> None:
    (file,) = copied("/proc/self/status").files
    assert file.data is not None
    assert file.data.startswith(b"Name:\tlabkit\n")


def test_a_plain_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    (file,) = copied(tmp_path / "nothing").files
    assert (file.data, file.why) == (None, "No such file or directory")


def test_a_glob_that_matches_nothing_brings_nothing(tmp_path: Path) -> None:
    assert copied(tmp_path / "*") == Capture(files=())


def test_a_folder_is_told_from_an_absent_file(tmp_path: Path) -> None:
    (file,) = copied(tmp_path).files
    assert (file.data, file.why) == (None, "Is a directory")


def test_files_come_in_the_order_of_the_patterns_and_once(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    paths = [file.path for file in copied(tmp_path / "c", tmp_path / "*").files]
    assert paths == [str(tmp_path / name) for name in ("c", "a", "b")]


def test_a_name_with_a_space_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("x")
    assert [file.path for file in copied(tmp_path / "a *").files] == [str(tmp_path / "a b")]


def test_what_is_longer_than_the_limit_is_cut_and_said(tmp_path: Path) -> None:
    for size in (999, 1000, 1001):
        (tmp_path / f"{size:04}").write_bytes(b"x" * size)
    assert [(len(file.data or b""), file.cut) for file in copied(tmp_path / "*").files] == [
        (999, False),
        (1000, False),
        (1000, True),
    ]


def test_a_link_to_an_endless_device_ends_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    (file,) = copied(tmp_path / "zero").files
    assert (file.data, file.cut) == (bytes(1000), True)


def test_a_fifo_without_a_writer_does_not_hold_the_capture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (file,) = copied(tmp_path / "fifo").files
    assert file.data == b""


def test_content_that_looks_like_frames_stays_content(tmp_path: Path) -> None:
    content = struct.pack(">2I", 1, 0) + payload(0, 0, b"/etc/shadow", b"x") + b"\0\xff"
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(b"b")
    first, second = copied(tmp_path / "*").files
    assert first.data == content
    assert second.data == b"b"


def test_hostile_names_are_refused_and_said_and_the_rest_is_kept(tmp_path: Path) -> None:
    for name in (b"a\nb", b"\x1b[2J", b"\xff"):
        (Path(os.fsdecode(bytes(tmp_path) + b"/" + name))).write_text("x")
    (tmp_path / "good").write_text("x")
    taken = copied(tmp_path / "*")
    assert [file.path for file in taken.files] == [str(tmp_path / "good")]
    assert len(taken.refused) == 3


def test_too_many_files_are_left_out_and_said(tmp_path: Path) -> None:
    for number in range(1001):
        (tmp_path / str(number)).touch()
    taken = copied(tmp_path / "*")
    assert len(taken.files) == 1000
    assert "more than 1000 files" in taken.refused[0]


@pytest.mark.parametrize(
    "path", ["etc/passwd", "/a/../etc", "/a//b", "/a/", "/", "", "/a\nb", "/" + "x" * 256]
)
def test_a_pattern_that_is_no_clean_absolute_path_is_the_labs_fault(path: str) -> None:
    assert odd_name(path)
    with pytest.raises(LabFileError):
        copied(path)


def test_a_file_that_was_not_asked_for_tears_the_capture() -> None:
    class Liar(Here):
        def request(self, *_: object, **__: object) -> Answers:
            return Answers(frames=[Frame(Say.FILE, payload(0, 0, b"/etc/shadow", b"x"))])

    with pytest.raises(Broken, match="/etc/shadow"):
        capture(Liar(), ["/lab/a"], Deadline.after(1, "capture"))


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.binary(), st.binary())
def test_files_survive_any_bytes(pattern: int, state: int, name: bytes, data: bytes) -> None:
    copy = parse_file(payload(pattern, state, name, data))
    assert (copy.pattern, copy.state, copy.name, copy.data) == (pattern, state, name, data)


@given(st.binary(max_size=40))
def test_garbage_is_broken_and_nothing_else(raw: bytes) -> None:
    with suppress(Broken):
        parse_file(raw)
