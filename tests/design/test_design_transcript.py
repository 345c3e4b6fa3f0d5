"""What a deterministic guest told becomes a trial's parts; half of it becomes nothing."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from labkit.design.transcript import parse_transcript

KNOBS, PLACES = ("/proc/sys/a", "/sys/b"), ("/proc/vmstat", "/proc/meminfo")
WHOLE = {
    "status": "0\n",
    "stdout": "steps=5\n",
    "stderr": "",
    "refused": "1\tInvalid argument\n",
    "knob-0": "60\n",
    "before/0": "pgfault 1\n",
    "after/0": "pgfault 3\n",
    "after/1": "MemFree: 1 kB\n",
}


def archive(files: Mapping[str, str]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        for name, text in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(text.encode())
            made.addfile(info, io.BytesIO(text.encode()))
    return target.getvalue()


def told(*archives: Mapping[str, str]) -> bytes:
    return b"".join(map(archive, archives))


END = {"end": ""}


def test_its_parts_are_told_by_their_paths() -> None:
    found = parse_transcript(told({"knob-0": "60\n"}, WHOLE, END), KNOBS, PLACES)
    assert (found.whole, found.prepared, found.status) == (True, None, 0)
    assert found.knobs == {"/proc/sys/a": "60\n"}
    assert found.before == {"/proc/vmstat": "pgfault 1\n"}
    assert found.after == {"/proc/vmstat": "pgfault 3\n", "/proc/meminfo": "MemFree: 1 kB\n"}
    assert (found.stdout, found.refused) == ("steps=5\n", "1\tInvalid argument\n")


def test_of_a_guest_that_died_in_its_job_the_knobs_are_known() -> None:
    found = parse_transcript(told({"knob-0": "60\n", "refused": ""}), KNOBS, PLACES)
    assert (found.whole, found.status, found.knobs) == (False, None, {"/proc/sys/a": "60\n"})


def test_a_preparation_that_failed_is_told() -> None:
    found = parse_transcript(told({}, {"prepared": "3\n"}, END), KNOBS, PLACES)
    assert (found.whole, found.prepared) == (True, 3)
    assert not parse_transcript(b"", KNOBS, PLACES).whole


@given(st.integers(0, len(told(WHOLE, END)) - 1))
def test_half_of_it_is_not_taken_for_whole_nor_half_a_file_for_one(cut: int) -> None:
    found = parse_transcript(told(WHOLE, END)[:cut], KNOBS, PLACES)
    assert found.stdout in ("", WHOLE["stdout"])
    assert set(found.after.items()) <= {
        ("/proc/vmstat", WHOLE["after/0"]),
        ("/proc/meminfo", WHOLE["after/1"]),
    }
    if cut < len(told(WHOLE)):
        assert not found.whole


@given(st.binary(max_size=2000))
def test_noise_is_no_result(data: bytes) -> None:
    assert not parse_transcript(data, KNOBS, PLACES).whole
