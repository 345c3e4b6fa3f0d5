"""The cache: whole or not at all, whatever happens to the builder, the disk or the files."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labkit.build.cache import Cache
from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.errors import HostError
from labkit.model.events import Event, Mood, silent
from labkit.model.units import Deadline, Size

KIND = ArtefactKind.PROGRAM
KEY = "0123456789abcdef" * 4


class Maker:
    """Fills data/ with one file and a folder, and counts how often it had to."""

    def __init__(self, content: bytes = b"built") -> None:
        self.content = content
        self.calls = 0

    def __call__(self, data: Path) -> None:
        self.calls += 1
        (data / "file").write_bytes(self.content)
        (data / "tree").mkdir()
        (data / "tree" / "leaf").write_bytes(b"leaf")
        (data / "tree" / "link").symlink_to("leaf")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def built(cache: Cache, maker: Maker, heard: list[Event] | None = None) -> Artefact:
    listen = silent if heard is None else heard.append
    return cache.get_or_build(KIND, "thing", KEY, maker, listen)


def partials(cache: Cache) -> list[Path]:
    return list((cache.root / "partial").glob("*"))


def test_what_is_built_is_found_again(cache: Cache) -> None:
    maker, heard = Maker(), list[Event]()
    first, second = built(cache, maker, heard), built(cache, maker, heard)
    assert first == second
    assert maker.calls == 1
    assert (first.path / "file").read_bytes() == b"built"
    assert first.bytes == len(b"built") + len(b"leaf")
    assert [event.mood for event in heard] == [Mood.BEGIN, Mood.DONE]
    assert heard[-1].bytes == first.bytes
    assert cache.list() == cache.named(KIND, "thing") == (first,)


def test_a_failed_build_leaves_nothing(cache: Cache) -> None:
    def fail(data: Path) -> None:
        (data / "half").write_bytes(b"x")
        raise ValueError("no")

    heard = list[Event]()
    with pytest.raises(ValueError, match="no"):
        cache.get_or_build(KIND, "thing", KEY, fail, heard.append)
    assert cache.list() == ()
    assert partials(cache) == []
    assert heard[-1].mood is Mood.FAILED


@pytest.mark.parametrize("damage", ["truncate", "grow", "remove", "fold", "meta", "no-meta", "meta-list"])
def test_a_damaged_entry_is_said_once_and_built_again(cache: Cache, damage: str) -> None:
    maker, heard = Maker(), list[Event]()
    entry = built(cache, maker).path.parent
    file, meta = entry / "data" / "file", entry / "meta.json"
    match damage:
        case "truncate":
            file.write_bytes(b"bui")
        case "grow":
            file.write_bytes(b"built!")
        case "remove":
            file.unlink()
        case "fold":
            file.unlink()
            file.mkdir()
        case "meta":
            meta.write_text(meta.read_text()[:40])
        case "no-meta":
            meta.unlink()
        case "meta-list":
            meta.write_text("[]")
    again = built(cache, maker, heard)
    assert maker.calls == 2
    assert [event.mood for event in heard] == [Mood.WARN, Mood.BEGIN, Mood.DONE]
    assert "damaged" in heard[0].text
    assert (again.path / "file").read_bytes() == b"built"
    assert cache.verify(again)


@pytest.mark.parametrize("victim", ["file", "tree/leaf"])
def test_verify_sees_one_changed_byte_of_the_same_size(cache: Cache, victim: str) -> None:
    artefact = built(cache, Maker())
    assert cache.verify(artefact)
    path = artefact.path / victim
    path.write_bytes(path.read_bytes().replace(path.read_bytes()[:1], b"!"))
    assert not cache.verify(artefact)


def test_the_digest_is_the_contents(cache: Cache, tmp_path: Path) -> None:
    one = built(cache, Maker())
    twin, other = Cache(tmp_path / "twin"), Cache(tmp_path / "other")
    assert cache.digest(one) == twin.digest(built(twin, Maker()))
    assert cache.digest(one) != other.digest(built(other, Maker(b"Built")))


def test_a_removed_artefact_is_gone_and_open_files_live(cache: Cache) -> None:
    artefact = built(cache, Maker())
    with (artefact.path / "file").open("rb") as file:
        cache.remove(artefact)
        assert file.read() == b"built"
    assert cache.list() == ()
    assert partials(cache) == []


BUILDER = """
import sys, time
from pathlib import Path
from labkit.build.cache import Cache
from labkit.model.artefact import ArtefactKind
from labkit.model.events import silent

def make(data):
    (data / "file").write_bytes(b"half")
    Path(sys.argv[2]).touch()
    time.sleep(float(sys.argv[3]))
    (data / "file").write_bytes(b"built")
    (data / "tree").mkdir()

Cache(Path(sys.argv[1])).get_or_build(ArtefactKind.PROGRAM, "thing", sys.argv[4], make, silent)
"""


def builder(cache: Cache, flag: Path, seconds: float) -> subprocess.Popen[bytes]:
    """Another process that is in the middle of building the same thing when `flag` exists."""
    argv = [sys.executable, "-c", BUILDER, str(cache.root), str(flag), str(seconds), KEY]
    process = subprocess.Popen(argv)
    for _ in Deadline.after(30, "builder").polls(0.02):
        if flag.exists():
            return process
    process.kill()
    raise AssertionError("the builder never began")


def test_a_builder_killed_in_the_middle_leaves_only_a_partial(cache: Cache, tmp_path: Path) -> None:
    process = builder(cache, tmp_path / "flag", 300)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert cache.list() == ()
    assert len(partials(cache)) == 1
    maker = Maker()
    assert (built(cache, maker).path / "file").read_bytes() == b"built"
    assert maker.calls == 1
    assert partials(cache) == []


def test_who_comes_second_waits_and_builds_nothing(cache: Cache, tmp_path: Path) -> None:
    process = builder(cache, tmp_path / "flag", 0.5)
    maker, heard = Maker(), list[Event]()
    artefact = built(cache, maker, heard)
    assert process.wait() == 0
    assert maker.calls == 0
    assert "another labkit" in heard[0].text
    assert (artefact.path / "file").read_bytes() == b"built"


def test_threads_of_one_process_build_once(cache: Cache) -> None:
    maker = Maker()
    threads = [threading.Thread(target=built, args=(cache, maker)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert maker.calls == 1


def test_threads_that_remove_one_artefact_at_once_do_not_meet(cache: Cache) -> None:
    for _ in range(30):
        artefact, met = built(cache, Maker()), list[BaseException]()
        for number in range(200):
            (artefact.path / "tree" / str(number)).touch()
        start = threading.Barrier(3)

        def remove(
            artefact: Artefact = artefact,
            met: list[BaseException] = met,
            start: threading.Barrier = start,
        ) -> None:
            start.wait(10)
            try:
                cache.remove(artefact)
            except OSError as error:
                met.append(error)

        threads = [threading.Thread(target=remove) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert met == []
        assert not artefact.path.exists()
        assert partials(cache) == []


def test_too_small_a_disk_is_told_before_anything_is_made(cache: Cache) -> None:
    maker = Maker()
    with pytest.raises(HostError, match=r"\d+ MiB are needed, \d+ MiB are free") as caught:
        cache.get_or_build(KIND, "thing", KEY, maker, silent, room=Size(1 << 60))
    assert caught.value.where == str(cache.root)
    assert maker.calls == 0
    assert partials(cache) == []


def test_a_disk_that_fills_up_is_the_hosts_fault(cache: Cache) -> None:
    def fill(data: Path) -> None:
        (data / "file").write_bytes(b"x")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(HostError, match="the disk filled up"):
        cache.get_or_build(KIND, "thing", KEY, fill, silent)
    assert partials(cache) == []


def test_other_errors_of_a_build_pass_through(cache: Cache) -> None:
    def fail(data: Path) -> None:
        (data / "missing" / "file").write_bytes(b"x")

    with pytest.raises(FileNotFoundError):
        cache.get_or_build(KIND, "thing", KEY, fail, silent)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_the_hosts_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(HostError, match="make the cache folder writable"):
        built(Cache(tmp_path / "cache"), Maker())


def test_an_entry_of_another_format_is_not_taken(cache: Cache) -> None:
    maker = Maker()
    meta = built(cache, maker).path.parent / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": 0}))
    assert cache.find(KIND, "thing", KEY) is None
