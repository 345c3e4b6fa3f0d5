"""A course's folder: what was asked of it once, and a file for each result, whole or not there at all.

COURSE/course.json          a CourseRecord: one lab, one kernel, one key
COURSE/policy.toml          the rules that hold, as they were given
COURSE/rulings.json         what they make of the results
COURSE/class.html           for the instructor
COURSE/feedback/KEY.html    for the student: what may be seen by now
COURSE/results/KEY.json     a Result; never changed, a later one for the same attempt stands beside it
COURSE/proposed/KEY.json    what regrading found and nobody has applied yet
COURSE/claims/KEY.lock      held by the process that is at it; the kernel frees it when that process dies
COURSE/runs/                run directories
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from labkit.model.coursework import Result, Ruling
from labkit.model.errors import UsageError
from labkit.store import codec
from labkit.store.claims import claimed
from labkit.store.disk import host_errors, write_whole
from labkit.store.typed import read_typed

COURSE = "course.json"
RESULTS = "results"
PROPOSED = "proposed"
CLAIMS = "claims"
RUNS = "runs"
POLICY = "policy.toml"
RULINGS = "rulings.json"
PAGE = "class.html"
FEEDBACK = "feedback"

Attempt = tuple[str, int]  # whose, and which


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRecord:
    """course.json. `lab` is how a command line names it; `key` the name of the course's key, "" for practice.

    `submissions` and `roster` are where they were found.
    """

    lab: str
    kernel: str
    key: str
    submissions: str
    roster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The results in a course's folder. Several processes may write to one at once."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / RUNS

    def begin(self, record: CourseRecord) -> None:
        """Make the folder what `record` says. Raises UsageError for one of another lab, kernel or key."""
        path = self.folder / COURSE
        for part in (RESULTS, CLAIMS, RUNS):
            with host_errors(self.folder):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
        if path.exists():
            there = self.record()
            for name in ("lab", "kernel", "key"):
                if (old := getattr(there, name)) != (new := getattr(record, name)):
                    found = f"graded with {name} {old or 'none'!r}, not {new or 'none'!r}"
                    raise UsageError(where=str(self.folder), found=found, fix="give another --out DIR")
        write_whole(path, codec.to_text(record).encode())

    def record(self) -> CourseRecord:
        """What the folder is. Raises UsageError for one that is no course's."""
        path = self.folder / COURSE
        if not path.is_file():
            found, fix = f"no {COURSE} in it", "name the DIR of `labkit course grade … --out DIR`"
            raise UsageError(where=str(self.folder), found=found, fix=fix)
        return read_typed(_RECORD, path, _FIX)

    @property
    def policy(self) -> Path:
        """Where the rules that hold stand, if there are any."""
        return self.folder / POLICY

    def keep_policy(self, data: bytes) -> None:
        write_whole(self.policy, data)

    def keep_rulings(self, rulings: tuple[Ruling, ...]) -> None:
        write_whole(self.folder / RULINGS, codec.to_text(rulings).encode())

    @property
    def page(self) -> Path:
        """The instructor's page."""
        return self.folder / PAGE

    def keep_page(self, text: str) -> None:
        write_whole(self.page, text.encode("utf-8", "replace"))

    def keep_feedback(self, key: str, text: str) -> None:
        """A student's page about the result `key`."""
        folder = self.folder / FEEDBACK
        with host_errors(folder):
            folder.mkdir(exist_ok=True)
        write_whole(folder / f"{key}.html", text.encode("utf-8", "replace"))

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def get(self, key: str) -> Result:
        return read_typed(_RESULT, self._path(key), _FIX)

    def results(self, *, proposed: bool = False) -> tuple[Result, ...]:
        """All that stand in it, by key. Raises Broken for a file that nobody of labkit wrote."""
        folder = self.folder / (PROPOSED if proposed else RESULTS)
        return tuple(read_typed(_RESULT, path, _FIX) for path in sorted(folder.glob("*.json")))

    def put(self, result: Result, *, proposed: bool = False) -> None:
        folder = self.folder / (PROPOSED if proposed else RESULTS)
        with host_errors(folder):
            folder.mkdir(exist_ok=True)
        write_whole(folder / f"{result.key}.json", codec.to_text(result).encode())

    def apply(self) -> int:
        """Make what regrading proposed stand; the results before it stay. Returns how many there were."""
        folder = self.folder / PROPOSED
        found = sorted(folder.glob("*.json"))
        for path in found:
            path.replace(self.folder / RESULTS / path.name)
        return len(found)

    def drop_proposed(self) -> None:
        for path in (self.folder / PROPOSED).glob("*.json"):
            path.unlink()

    def claimed(self, key: str) -> AbstractContextManager[bool]:
        """Whether this attempt is ours to grade: nobody else is at it. Held until the block ends."""
        return claimed(self.folder / CLAIMS, key)

    def _path(self, key: str) -> Path:
        return self.folder / RESULTS / f"{key}.json"


def standing(results: Iterable[Result]) -> Mapping[Attempt, Result]:
    """Of each attempt the result that stands: the one graded last."""
    found: dict[Attempt, Result] = {}
    for result in sorted(results, key=lambda it: it.graded_at):
        found[result.student.id, result.attempt] = result
    return found


# A class may have tens of thousands of results; pydantic reads them ten times as fast as store.codec does.
_RESULT = TypeAdapter(Result)
_RECORD = TypeAdapter(CourseRecord)


_FIX = "put it back from a copy, or remove it and grade again"
