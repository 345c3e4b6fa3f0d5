"""pagewalk: for every draw the pages lie where the key says, and the solution decodes known entries."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.labfile.load import load

FOLDER = Path(__file__).resolve().parents[2] / "labs" / "pagewalk"
LAB = load(FOLDER)
FORESEEN = sys.modules[LAB.answers.__module__]
DRAWS = {draw.name: draw.values for draw in LAB.draws}
PLACES = ("gib", "mib2", "back", "blocks", "gibs")
ROWS = {"row_pages": 600, "row_blocks": 540, "row_gibs": 60}
SLOT = 512 << 30
INCLUDES = FOLDER.parents[1] / "images" / "include"

gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def last_common_table(page: int, anchor: int) -> str:
    """The table in which the page's entry stands and is empty, when only the anchor has tables."""
    for shift, table in ((21, "pte"), (30, "pmd"), (39, "pud")):
        if page >> shift == anchor >> shift:
            return table
    return "pgd"


def test_the_walk_to_each_page_ends_where_the_key_says() -> None:
    for drawn in itertools.product(*((DRAWS[name][0], DRAWS[name][1]) for name in PLACES)):
        numbers = dict(zip(PLACES, drawn, strict=True))
        key = FORESEEN.key({"trees": DRAWS["trees"], **numbers, **ROWS})
        anchor = 20 * SLOT + int(key["anchor"], 16)
        pages = {page["name"]: 20 * SLOT + int(page["offset"], 16) for page in key["pages"]}
        assert anchor % (2 << 20) == (2 << 20) - 4096
        assert len({*pages.values(), anchor}) == 6
        assert {page["name"]: page["ends"] for page in key["pages"]} == {
            name: last_common_table(page, anchor) for name, page in pages.items()
        }
        # All but one in the anchor's range, and that one in the next, which the subject leaves empty.
        assert {name: page // SLOT for name, page in pages.items()} == {
            name: 21 if name == key["far"] else 20 for name in pages
        }


def test_tables_are_counted_level_by_level() -> None:
    assert FORESEEN._tables_for(512, 1) == 3
    assert FORESEEN._tables_for(513, 1) == 4
    assert FORESEEN._tables_for(512, 2) == 512 + 2
    assert FORESEEN._tables_for(513, 2) == 513 + 3
    assert FORESEEN._tables_for(60, 3) == 121


@gcc
@pytest.mark.parametrize(
    "source",
    sorted(FOLDER.glob("*/*.c")) + sorted(FOLDER.glob("wrong/*/*.c")),
    ids=lambda path: "-".join(path.parts[-3:]),
)
def test_it_compiles_without_a_warning(source: Path, tmp_path: Path) -> None:
    words = ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-I", str(INCLUDES), "-c"]
    subprocess.run([*words, "-o", str(tmp_path / "it.o"), str(source)], check=True)


# Entries of a guest with Linux 6.12: written, PROT_NONE, huge, and one that ends in the pmd.
ENTRIES = """\
4 0xa1e96f6f586 0x5a3f067 0x5a40067 0x5a3d067 0x800000000bde7867
4 0x6662411e2b4 0x5a39067 0x5a3a067 0x5a37067 0x40ffffff4200920
4 0x503f96bd077 0x5a38067 0x5a35067 0x800000000a0008e7
5 0x503f96bd077 0x5a38067 0x5a38067 0x5a35067 0x0
"""
MEANINGS = """\
index=20,122,183,367 leaf=pte pfn=48615 phys=0xbde7586 flags=PRESENT,RW,USER,ACCESSED,DIRTY,NX
index=12,408,288,286 leaf=pte pfn=48639 phys=0xbdff2b4 flags=ACCESSED
index=10,15,459,189 leaf=pmd pfn=40960 phys=0xa0bd077 flags=PRESENT,RW,USER,ACCESSED,DIRTY,HUGE,NX
index=0,10,15,459,189 leaf=none pfn=- phys=- flags=-
"""


@gcc
def test_the_solution_decodes_what_a_guest_had(tmp_path: Path) -> None:
    program = tmp_path / "decode"
    subprocess.run(["gcc", "-O1", "-o", str(program), str(FOLDER / "solution" / "decode.c")], check=True)
    said = subprocess.run([program], input=ENTRIES, capture_output=True, text=True, check=True).stdout
    assert said == MEANINGS
