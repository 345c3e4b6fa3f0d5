"""Finds the pages that a lab's program has tagged (images/include/labkit_tags.h), wherever they now lie."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labkit.model.tags import Store, TagRun, Tags
from labkit.witness.ram import PAGE, Piece, Words, read_heads, written_pages

MAGIC = 0x4741544B4C4C4142
_WORDS = 4  # magic, nonce, index, seal
_MAGIC, _NONCE, _INDEX, _SEAL = range(_WORDS)

Places = NDArray[np.int64]


def scan(pid: int, pieces: Sequence[Piece], nonce: int, swap: Path | None = None) -> Tags:
    """All tags of a nonce in the guest's RAM and on its swap disk. The VM is to be paused.

    Raises Broken when QEMU's memory cannot be read, OSError for the disk.
    """
    runs: list[TagRun] = []
    torn = 0
    for piece in pieces:
        written = written_pages(pid, piece)
        heads = read_heads(
            pid, np.uint64(piece.address) + written.astype(np.uint64) * np.uint64(PAGE), _WORDS
        )
        places, indices, bad = _tags(heads, written + piece.frame, nonce)
        runs += _runs(places, indices, Store.RAM, piece.node)
        torn += bad
    for slot, heads in _disk(swap) if swap else ():
        places, indices, bad = _tags(heads, np.arange(slot, slot + len(heads)), nonce)
        runs += _runs(places, indices, Store.SWAP, None)
        torn += bad
    return Tags(runs=tuple(sorted(runs, key=lambda run: (run.index, run.store.value, run.place))), torn=torn)


def seals(nonce: int, indices: Words) -> Words:
    """tag_seal() of labkit_tags.h."""
    with np.errstate(over="ignore"):
        x = np.uint64(nonce) ^ ((indices + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    sealed: Words = x ^ (x >> np.uint64(31))
    return sealed


def _tags(heads: Words, places: Places, nonce: int) -> tuple[Places, Words, int]:
    """Places and indices of the tags among pages' first words, and how many bear a wrong seal."""
    ours = (heads[:, _MAGIC] == np.uint64(MAGIC)) & (heads[:, _NONCE] == np.uint64(nonce))
    heads, places = heads[ours], places[ours]
    whole = heads[:, _SEAL] == seals(nonce, heads[:, _INDEX])
    return places[whole], heads[whole, _INDEX], int(np.count_nonzero(~whole))


def _runs(places: Places, indices: Words, store: Store, node: int | None) -> Iterator[TagRun]:
    """The places ascend."""
    if not len(places):
        return
    follows = (np.diff(places) == 1) & (np.diff(indices) == 1)
    starts = np.concatenate(([0], np.flatnonzero(~follows) + 1))
    lengths = np.diff(np.concatenate((starts, [len(places)])))
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        yield TagRun(
            index=int(indices[start]), store=store, node=node, place=int(places[start]), pages=length
        )


def _disk(path: Path) -> Iterator[tuple[int, Words]]:
    """First slot and the first words of each page, for each part of a sparse disk that holds data."""
    with path.open("rb") as file:
        size = path.stat().st_size
        at = 0
        while at < size:
            try:
                start = os.lseek(file.fileno(), at, os.SEEK_DATA) // PAGE * PAGE
            except OSError:  # ENXIO: a hole to the end
                return
            at = os.lseek(file.fileno(), max(start, at), os.SEEK_HOLE)
            pages = -(-(at - start) // PAGE)
            data = np.frombuffer(
                os.pread(file.fileno(), pages * PAGE, start).ljust(pages * PAGE, b"\0"), "<u8"
            )
            yield start // PAGE, data.reshape(pages, PAGE // 8)[:, :_WORDS]
