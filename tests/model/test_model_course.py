"""A lab finds its place in the course by the words that people use for its headings."""

from __future__ import annotations

import pytest

from labkit.model.course import WHOLE, Course, Place, Section, named

COURSE = Course(
    title="Memory",
    sections=(
        Section(name="Buddy Allocator", parts=("How Buddy Allocation Works", "Fragmentation Problem")),
        Section(name="Memory Reclaim", parts=("Swappiness",)),
        Section(name="Memory Cgroups"),
        Section(name="NUMA (Non-Uniform Memory Access)", parts=("NUMA Policies",)),
        Section(name="Interview Questions", parts=("Q1: What is a fault?",), also=("Interview",)),
        Section(name="Interview Deep-Dive"),
    ),
)


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("Buddy Allocator", (0, WHOLE)),
        ("buddy  allocator", (0, WHOLE)),
        ("How Buddy Allocation Works", (0, 0)),
        ("Fragmentation", (0, 1)),
        ("NUMA", (3, WHOLE)),
        ("numa policies", (3, 0)),
        ("Q1", (4, 0)),
        ("Q1: faults", (4, 0)),
        ("interview questions Q1 and Q2", (4, WHOLE)),
        ("Interview Deep-Dive 3", (5, WHOLE)),
        ("interview Q4", (4, WHOLE)),
        ("the follow-up on swap in the interview deep dive", (5, WHOLE)),
        ("Memory", None),  # of two sections
        ("Frag", None),  # no whole word
        ("Slab Allocator", None),
        ("", None),
    ],
)
def test_a_heading_is_found_by_its_words(word: str, place: Place | None) -> None:
    assert COURSE.find(word) == place


def test_a_lab_names_several_and_each_section_counts_once() -> None:
    words = "Memory Cgroups; nothing of it; Swappiness; Memory Reclaim;"
    assert named(words) == ("Memory Cgroups", "nothing of it", "Swappiness", "Memory Reclaim")
    assert COURSE.places(words) == ((2, WHOLE), (1, 0), (1, WHOLE))
    assert COURSE.sections_of(words) == ("Memory Cgroups", "Memory Reclaim")
