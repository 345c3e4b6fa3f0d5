"""The course that the labs belong to: the headings of its text in order, and where a lab stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Place = tuple[
    int, int
]  # number of the section, number of the heading inside it; -1 for the section as a whole
WHOLE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the text, the headings inside it, and other words by which labs may call it."""

    name: str
    parts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The text's sections, in order."""

    title: str
    sections: tuple[Section, ...]

    def find(self, word: str) -> Place | None:
        """Where the heading is that a lab calls `word`.

        Capitals, signs, and what follows a colon or a bracket do not count. Best is a heading spelt like it,
        then the longest one in it ("interview questions Q2 and Q4"), then the only one that begins with it
        ("Fragmentation"), whole words all of them.
        """
        asked = _bare(word)
        known = list(self._headings())
        same = [place for text, place in known if text == asked]
        if same:
            return same[0]
        inside = [(len(text), place) for text, place in known if f" {text} " in f" {asked} "]
        if inside:
            return max(inside, key=lambda found: found[0])[1]
        begun = {place for text, place in known if text.startswith(asked + " ")}
        return begun.pop() if asked and len(begun) == 1 else None

    def places(self, words: str) -> tuple[Place, ...]:
        """The places of all that a lab's `course` names, in its order; what is not found is left out."""
        return tuple(place for word in named(words) if (place := self.find(word)) is not None)

    def sections_of(self, words: str) -> tuple[str, ...]:
        """The sections in which these places are, each once."""
        return tuple(dict.fromkeys(self.sections[number].name for number, _ in self.places(words)))

    def _headings(self) -> Iterator[tuple[str, Place]]:
        for number, section in enumerate(self.sections):
            for text in (section.name, *section.also):
                yield _bare(text), (number, WHOLE)
            for inner, text in enumerate(section.parts):
                yield _bare(text), (number, inner)


def named(words: str) -> tuple[str, ...]:
    """The members of a lab's `course`.

    >>> named("OOM Killer; Memory Cgroups")
    ('OOM Killer', 'Memory Cgroups')
    """
    return tuple(word.strip() for word in words.split(";") if word.strip())


def _bare(text: str) -> str:
    """A heading as it is compared: 'NUMA (Non-Uniform …)' is 'numa', 'Lab 2: OOM …' is 'lab 2'."""
    return " ".join(re.findall(r"\w+", re.split(r"[:(]", text.casefold())[0]))
