"""labs/course.toml becomes a Course: the headings of the course's text, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from labkit.labfile.complaints import near, wrong
from labkit.labfile.document import Sentence, Table
from labkit.labfile.lint import Complaint
from labkit.labfile.load import LAB_FILE
from labkit.labfile.tomltext import load_table
from labkit.model.course import Course, Section, named
from labkit.model.lab import Lab

COURSE_FILE = "course.toml"


class SectionTable(Table):
    name: Sentence
    parts: list[Sentence] = Field(default_factory=list)
    also: list[Sentence] = Field(default_factory=list)


class CourseDocument(Table):
    """The whole of course.toml."""

    title: Sentence
    section: Annotated[list[SectionTable], Field(min_length=1)]


def load_course(path: Path) -> Course:
    """The course in the file `path`. Raises LabFileError, also for a heading that stands there twice."""
    document = load_table(path, CourseDocument)
    course = Course(
        title=document.title,
        sections=tuple(
            Section(name=item.name, parts=tuple(item.parts), also=tuple(item.also))
            for item in document.section
        ),
    )
    for number, section in enumerate(course.sections):
        for text in (section.name, *section.parts, *section.also):
            found = course.find(text)
            if found is None or found[0] != number:
                raise wrong(path, f"section[{number}]", f"'{text}' is another one's too", "say it once")
    return course


def unplaced(lab: Lab, course: Course) -> Iterator[Complaint]:
    """What a lab of the course names and the course has not."""
    for word in named(lab.course):
        if course.find(word) is None:
            known = [text for section in course.sections for text in (section.name, *section.parts)]
            yield Complaint(
                where=f"{lab.folder / LAB_FILE}: course",
                found=f"the course has no section '{word}'",
                fix=f"name one of {lab.folder.parent / COURSE_FILE}; {near(word, known)}",
            )
