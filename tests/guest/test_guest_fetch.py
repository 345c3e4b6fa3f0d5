"""What a guest says is laid below our folder or refused: no name, link or torn answer leads anywhere else."""

from __future__ import annotations

import itertools
import os
import struct
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from labkit.guest.attendant import Answers, fetch_request
from labkit.guest.fetch import Entry, Kind, check_pattern, landing, parse_entry, stays_below
from labkit.model.errors import Broken, UsageError

Fetch = Callable[..., tuple[str, ...]]


def entry(kind: Kind, name: str, data: bytes = b"", mode: int = 0o644) -> Entry:
    return Entry(kind=kind, mode=mode, name=name, data=data)


def file(name: str, data: bytes = b"new", mode: int = 0o644) -> list[Entry]:
    return [entry(Kind.FILE, name, mode=mode), entry(Kind.BYTES, "", data)]


def folder(name: str, mode: int = 0o755) -> list[Entry]:
    return [entry(Kind.FOLDER, name, mode=mode)]


def link(name: str, target: str) -> list[Entry]:
    return [entry(Kind.LINK, name, target.encode())]


def land(said: Iterable[Entry], into: Path, asked: tuple[str, ...]) -> tuple[str, ...]:
    with landing(into, asked) as target:
        for each in said:
            target.take(each)
    return tuple(target.left_out)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    into = tmp_path / "into"
    into.mkdir()
    return into


def tree(root: Path) -> dict[str, str]:
    """What links and files are below a folder: where they lead, what they hold."""

    def content(path: Path) -> str:
        return f"-> {path.readlink()}" if path.is_symlink() else path.read_text(encoding="latin-1")

    found = (path for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {str(path.relative_to(root)): content(path) for path in found}


def test_files_folders_and_links_are_laid_out(into: Path) -> None:
    said = [*folder("out"), *file("out/a", mode=0o755), *folder("out/b"), *link("out/b/to-a", "../a")]
    assert land(said, into, ("out",)) == ()
    assert tree(into) == {"out/a": "new", "out/b/to-a": "-> ../a"}
    assert (into / "out" / "a").stat().st_mode & 0o777 == 0o755 & ~umask()


def umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before


def test_a_file_takes_the_place_of_a_file_or_link_and_a_folder_is_merged(into: Path) -> None:
    (into / "out").mkdir()
    (into / "out" / "mine").write_text("mine")
    (into / "out" / "old").write_text("old")
    (into.parent / "elsewhere").write_text("elsewhere")
    (into / "out" / "link").symlink_to(into.parent / "elsewhere")
    assert land([*folder("out"), *file("out/old"), *file("out/link")], into, ("out",)) == ()
    assert tree(into) == {"out/mine": "mine", "out/old": "new", "out/link": "new"}
    assert (into.parent / "elsewhere").read_text() == "elsewhere"


def test_a_file_and_a_folder_never_take_each_others_place(into: Path) -> None:
    (into / "a").mkdir()
    (into / "b").write_text("mine")
    (into / "c").symlink_to(into / "a")
    said = [*file("a"), *folder("b"), *file("b/x"), *folder("c"), *file("c/x")]
    left_out = land(said, into, ("a", "b", "c"))
    assert [sentence.partition(":")[0] for sentence in left_out] == ["a", "b", "b/x", "c", "c/x"]
    assert tree(into) == {"b": "mine", "c": f"-> {into / 'a'}"}


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "out/../../x", "out//x", "out/./x", "", ".", "out/a\nb", "out/\x1b[2J", "x" * 256],
)
def test_an_odd_name_is_refused(into: Path, name: str) -> None:
    assert len(land([*folder("out"), *file(name)], into, ("out", "*"))) == 1
    assert tree(into.parent) == {}


@pytest.mark.parametrize("name", [".bashrc", "Makefile", "outer", "out2/x"])
def test_a_name_that_nobody_asked_for_is_refused(into: Path, name: str) -> None:
    (left_out,) = land([*file(name)], into, ("out", "*.txt"))
    assert left_out.endswith("nobody asked for it")
    assert tree(into) == {}


@pytest.mark.parametrize(
    ("name", "target", "stays"),
    [
        ("d/l", "x", True),
        ("d/e/l", "../x", True),
        ("d/e/l", "..", True),
        ("d/l", "../x", False),
        ("d/l", "..", False),
        ("d/e/l", "../../x", False),
        ("d/l", "e/../x", False),
        ("d/l", "/etc/passwd", False),
        ("d/l", "", False),
        ("d/l", "a\nb", False),
        ("l", "x", False),
    ],
)
def test_only_links_that_stay_below_what_was_asked_for_are_made(
    into: Path, name: str, target: str, stays: bool
) -> None:
    assert stays_below(name, target) is stays
    said = [*folder("d"), *folder("d/e"), *link(name, target)]
    assert len(land(said, into, ("d", "l"))) == (not stays)


def test_nothing_is_written_through_a_link_that_the_guest_sent(into: Path) -> None:
    said = [*folder("d"), *folder("d/e"), *link("d/l", "e"), *file("d/l/x"), *folder("d/l/f")]
    assert len(land(said, into, ("d",))) == 2
    assert tree(into) == {"d/l": "-> e"}


def test_a_file_that_could_not_be_read_to_its_end_leaves_what_was_there(into: Path) -> None:
    (into / "a").write_text("old")
    said = [*file("a", b"half"), entry(Kind.LEFT_OUT, "a", b"Input/output error")]
    assert land(said, into, ("a",)) == ("a: Input/output error",)
    assert tree(into) == {"a": "old"}


def test_an_answer_that_ends_early_leaves_no_partial_file(into: Path) -> None:
    def torn() -> Iterable[Entry]:
        yield entry(Kind.FILE, "a")
        yield entry(Kind.BYTES, "", b"half")
        raise Broken(where="guest", found="torn", fix="")

    with pytest.raises(Broken, match="torn"):
        land(torn(), into, ("a",))
    assert list(into.iterdir()) == []


def test_a_guest_that_tells_without_end_is_broken(into: Path) -> None:
    with pytest.raises(Broken, match="more than was asked for"):
        land(itertools.repeat(entry(Kind.LEFT_OUT, "a")), into, ("a",))


@pytest.mark.parametrize(
    "payload", [b"", bytes(11), struct.pack(">3I", 5, 0, 0), struct.pack(">3I", 1, 0, 1)]
)
def test_a_torn_entry_is_broken(payload: bytes) -> None:
    with pytest.raises(Broken, match="guest, fetch"):
        parse_entry(payload)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "bytes").write_bytes(bytes(range(256)) * 1000)
    (source / "a.txt").write_text("a")
    (source / "b.txt").write_text("b")
    return source


@pytest.fixture
def fetched(attendant_program: Path, into: Path) -> Fetch:
    """Fetches with the guest's own program, which runs on this machine as well."""

    def fetch(*patterns: Path, mib: int = 100, entries: int = 100) -> tuple[str, ...]:
        given = fetch_request(map(str, patterns), mib=mib, entries=entries)
        done = subprocess.run(
            [attendant_program], input=given, stdout=subprocess.PIPE, check=True, timeout=60
        )
        with landing(into, tuple(pattern.name for pattern in patterns)) as target:
            heard = Answers(each=lambda frame: target.take(parse_entry(frame.payload)))
            heard.take(done.stdout)
        assert heard.whole
        return tuple(target.left_out)

    return fetch


def test_the_guests_program_tells_a_folder_whole(source: Path, into: Path, fetched: Fetch) -> None:
    (source / "link").symlink_to("deep/bytes")
    os.mkfifo(source / "fifo")
    (left_out,) = fetched(source)
    assert left_out.startswith("source/fifo: neither a file")
    assert (into / "source/deep/bytes").read_bytes() == bytes(range(256)) * 1000
    assert (into / "source/link").readlink() == Path("deep/bytes")


def test_it_takes_globs_and_follows_what_was_named(source: Path, into: Path, fetched: Fetch) -> None:
    (source / "alias").symlink_to("deep")
    assert fetched(source / "*.txt", source / "alias") == ()
    assert set(tree(into)) == {"a.txt", "b.txt", "alias/bytes"}


def test_it_reads_proc(into: Path, fetched: Fetch) -> None:
    assert fetched(Path("/proc/self/status")) == ()
    assert "Name:" in (into / "status").read_text()


def test_what_is_not_there_is_told(source: Path, fetched: Fetch) -> None:
    assert fetched(source / "gone", source / "*.c") == (
        "gone: No such file or directory",
        f"{source}/*.c: nothing of that name",
    )


def test_what_is_too_much_is_told_once(source: Path, into: Path, fetched: Fetch) -> None:
    (source / "deep" / "big").write_bytes(bytes(2 << 20))
    assert fetched(source, mib=1) == ("source/deep/big: too much for one fetch, as is what would follow",)
    assert not (into / "source" / "deep" / "big").exists()
    (left_out,) = fetched(source, entries=2)
    assert "too much for one fetch" in left_out


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a", "/lab/a"),
        ("a/b/", "/lab/a/b"),
        ("./a", "/lab/a"),
        ("../etc/passwd", "/etc/passwd"),
        ("/a*", "/a*"),
    ],
)
def test_a_pattern_is_a_path_from_lab(pattern: str, path: str) -> None:
    assert check_pattern(pattern) == path


@pytest.mark.parametrize("pattern", ["/", "..", "a\nb"])
def test_a_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="--fetch"):
        check_pattern(pattern)
