"""Parcels → what is to be graded: whose it is, with which numbers, and the digest of all it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from labkit.attest.keyfolder import CourseKey
from labkit.intake.unpack import unpack
from labkit.keyring import Seal
from labkit.labfile.draw import parameters
from labkit.labfile.submission import read_submission
from labkit.labfile.workfolder import MARKER, parse_marker
from labkit.model.coursework import Parcel
from labkit.model.errors import HostError, SubmissionError
from labkit.model.lab import Lab
from labkit.model.official import Official
from labkit.provision import Platform
from labkit.session import HandedIn
from labkit.work import Work

SEED_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all attempts are graded under. `course_key` is None for practice."""

    lab: Lab
    base: Platform
    course_key: CourseKey | None

    def seal(self, parcel: Parcel) -> Seal | None:
        if self.course_key is None:
            return None
        official = Official(student=parcel.student.id, attempt=parcel.attempt)
        return Seal(official=official, key=self.course_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An attempt that was looked at. `refusal` says why nothing of it can be run; `note` what is odd in it.

    `handed_in` reads it once more: what it is does not wait in memory for its turn.
    """

    parcel: Parcel
    submission: str
    seed: str
    key: str
    handed_in: Callable[[], HandedIn]
    refusal: SubmissionError | HostError | None = None
    note: str = ""

    @property
    def name(self) -> str:
        student, attempt = self.parcel.student.id, self.parcel.attempt
        return student if attempt == 1 else f"{student} (attempt {attempt})"


def take(terms: Terms, parcel: Parcel) -> Taken:
    """Look at one parcel, enough to tell whether it was graded. What keeps it from being so stands in it."""
    seal = terms.seal(parcel)
    whose = (parcel.student.id, parcel.attempt)
    seed = seal.seed(terms.lab.id) if seal else practice_seed(terms.lab.id, *whose)
    note = ""
    refusal: SubmissionError | HostError | None = None
    try:
        contents = _contents(terms.lab, parcel)
        own = _own_seed(terms.lab, parcel, contents)
        if seal is None:
            seed = own or seed
        elif own not in (None, seed):
            note = "its folder was started for other numbers than this course draws"
        submission = _digest({name: data for name, data in contents.items() if name != MARKER})
    except (SubmissionError, HostError) as error:
        refusal = error
        submission = _digest({"refused": str(error).encode("utf-8", "surrogatepass")})
    return Taken(
        parcel=parcel,
        submission=submission,
        seed=seed,
        key=result_key(terms, whose, submission, seed),
        handed_in=partial(_handed_in, terms, parcel, seed, submission),
        refusal=refusal,
        note=note,
    )


def practice_seed(lab: str, student: str, attempt: int) -> str:
    """The seed of one who brings none: of this student and attempt, and known to anybody."""
    return _hash(["labkit-practice/1", lab, student, attempt])[:SEED_DIGITS]


def _handed_in(terms: Terms, parcel: Parcel, seed: str, submission: str) -> HandedIn:
    """Raises SubmissionError for one that has changed since it was looked at."""
    contents = {k: v for k, v in _contents(terms.lab, parcel).items() if k != MARKER}
    if _digest(contents) != submission:
        raise SubmissionError(
            where=parcel.origin, found="changed while the class was graded", fix="grade it again"
        )
    origin = _origin(parcel)
    return HandedIn(
        work=Work(name=parcel.student.id, folder=origin, seed=seed),
        numbers=parameters(terms.lab, seed),
        files=read_submission(terms.lab, contents, origin),
        seal=terms.seal(parcel),
    )


def _contents(lab: Lab, parcel: Parcel) -> Mapping[str, bytes]:
    return unpack(parcel, [*(item.name for item in lab.hand_in), MARKER]).files


def _own_seed(lab: Lab, parcel: Parcel, contents: Mapping[str, bytes]) -> str | None:
    """The seed of the folder it was done in. Raises SubmissionError where that is another lab's."""
    if MARKER not in contents:
        return None
    path = _origin(parcel) / MARKER
    marker = parse_marker(contents[MARKER].decode("utf-8", "replace"), path)
    if marker.lab != lab.id:
        found = f"the folder was started for {marker.lab}"
        raise SubmissionError(where=str(path), found=found, fix=f"hand in the work on {lab.id}")
    return marker.seed


def _origin(parcel: Parcel) -> Path:
    return Path(parcel.origin)


def result_key(terms: Terms, whose: tuple[str, int], submission: str, seed: str) -> str:
    """The digest of all that a result depends on. `whose` (student, attempt) is part of it: of two who handed
    in the same, each has a result.
    """
    key = terms.course_key
    return _hash(
        [
            *whose,
            submission,
            terms.lab.digest,
            terms.base.pack.key,
            seed,
            key.public.id if key else "",
            _labkit(),
        ]
    )


@cache
def _labkit() -> str:
    """This labkit's version; asked for once, it takes a millisecond and a class may have thousands."""
    return version("labkit")


def _digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over a listing of the files, by name, as sha256sum prints it."""
    listing = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def _hash(fields: list[object]) -> str:
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def pieces(shard: tuple[int, int] | None, parcels: tuple[Parcel, ...]) -> Iterator[Parcel]:
    """This shard's part of them, the same whoever asks: by the student's digest. (1, n) is first."""
    for parcel in parcels:
        if shard is None or int(_hash([parcel.student.id])[:8], 16) % shard[1] == shard[0] - 1:
            yield parcel
