"""Keys change with everything that shapes a thing, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.build.key import content_key
from labkit.build.recipe import load_buildroot, load_guest, load_packs
from labkit.build.sources import clean_sources, sources_key
from labkit.model.errors import BadInput, SubmissionError

IMAGES = Path(__file__).resolve().parents[2] / "images"
PARTS = st.lists(st.binary(max_size=8), max_size=5)
SOURCES = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}\.[ch]", fullmatch=True), st.binary(max_size=40), max_size=4
)


@given(one=PARTS, other=PARTS)
def test_keys_are_equal_only_for_equal_parts(one: list[bytes], other: list[bytes]) -> None:
    assert (content_key(*one) == content_key(*other)) == (one == other)


@given(one=SOURCES, other=SOURCES)
def test_sources_have_one_key_whatever_their_order(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert sources_key(one) == sources_key(dict(reversed(one.items())))
    assert (sources_key(one) == sources_key(other)) == (one == other)


def test_build_files_are_no_sources() -> None:
    kept = clean_sources({"Makefile": b"all:; evil", "Kbuild": b"evil", "b.c": b"", "a.h": b""})
    assert list(kept) == ["a.h", "b.c"]


@pytest.mark.parametrize("name", ["../a.c", "a/b.c", ".c", "-o.c", "a.o", "a b.c", "a.c\n"])
def test_odd_source_names_are_refused(name: str) -> None:
    with pytest.raises(SubmissionError, match="not a C source's name"):
        clean_sources({name: b"", "ok.c": b""})


def test_headers_alone_are_refused() -> None:
    with pytest.raises(SubmissionError, match=r"no \.c file"):
        clean_sources({"a.h": b""})


def test_the_shipped_recipes_load() -> None:
    assert "dropbear-bin" in load_guest(IMAGES).packages
    assert "gcc" in load_buildroot(IMAGES).packages
    assert list(load_packs(IMAGES).kernels) == ["6.1", "6.12"]


def copy_of(recipe: Path, name: str, old: str, new: str) -> Path:
    text = (IMAGES / name).read_text()
    assert old in text
    (recipe / name).write_text(text.replace(old, new, 1))
    return recipe


def test_an_unknown_key_in_a_recipe_is_named(tmp_path: Path) -> None:
    recipe = copy_of(tmp_path, "guest.toml", "room_mib", "rom_mib")
    with pytest.raises(BadInput, match=r"guest\.toml: (room_mib|rom_mib)"):
        load_guest(recipe)


def test_broken_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    recipe = copy_of(tmp_path, "packs.toml", "[kernels]", "[kernels")
    with pytest.raises(BadInput, match=r"packs\.toml.*line \d+"):
        load_packs(recipe)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"buildroot\.toml: no such file"):
        load_buildroot(tmp_path)
