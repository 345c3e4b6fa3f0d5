"""Hallway: the keys of this user's courses, and what they make of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labkit.attest.envelope import sign
from labkit.attest.keyfolder import CourseKey, create_key, key_names, load_key, load_public_key
from labkit.attest.seed import official_seed
from labkit.attest.statement import render_statement, state
from labkit.labfile.lint import forgeable
from labkit.model.errors import UsageError
from labkit.model.evidence import Request
from labkit.model.lab import Lab
from labkit.model.official import KeyRow, Official
from labkit.model.verdict import Verdict
from labkit.places import keys_folder
from labkit.store.disk import sha256

COURSE = "course"  # the name of a key that is given none


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What makes a run official: whose attempt it is, and the key it is drawn from and signed with."""

    official: Official
    key: CourseKey

    def seed(self, lab: str) -> str:
        return official_seed(self.key.secret, lab, self.official)

    def attestation(self, verdict: Verdict, request: Request, verdict_text: str) -> bytes:
        """The signed statement about a graded run, whose verdict.json is `verdict_text`."""
        statement = state(verdict, request, sha256(verdict_text.encode()))
        return sign(render_statement(statement), self.key.private_pem)


def new(name: str, keys: Path | None) -> KeyRow:
    """Make a key. Raises UsageError, HostError."""
    folder = create_key(keys_folder(keys), name)
    return row(name, folder.parent)


def row(name: str, keys: Path | None) -> KeyRow:
    """One key. Raises UsageError where there is none of that name."""
    folder = keys_folder(keys)
    return KeyRow(name=name, folder=str(folder / name), public=load_public_key(folder, name))


def rows(keys: Path | None) -> tuple[KeyRow, ...]:
    """Every key of this user."""
    return tuple(row(name, keys) for name in key_names(keys_folder(keys)))


def sealed(lab: Lab, official: Official, key: str) -> Seal:
    """The seal of an official run. Raises what course_key raises, and UsageError for a nameless student."""
    course = course_key(lab, key)
    if not official.student.strip() or not official.student.isprintable():
        raise UsageError(
            where=f"--student {official.student!r}",
            found="no name that can be printed",
            fix="give the name the course knows",
        )
    return Seal(official=official, key=course)


def is_path(key: str) -> bool:
    """Whether it says where the key lies; a name alone is looked for among this user's."""
    return "/" in key


def course_key(lab: Lab, key: str) -> CourseKey:
    """The key that official runs of a lab are drawn from and signed with: its name, or its folder's path.

    Raises UsageError for a lab whose graded checks could be forged and where the key is not; HostError for a
    key that others may read.
    """
    if weak := forgeable(lab):
        named = ", ".join(f"{check.id} ({check.evidence.value})" for check in weak)
        raise UsageError(
            where=f"--official {lab.id}",
            found=f"graded checks that tier {lab.tier.value} can forge: {named}",
            fix=f"run it as practice, or mend the lab: `labkit lint {lab.id}` says how",
        )
    folder = Path(key)
    return load_key(folder.parent, folder.name) if is_path(key) else load_key(keys_folder(), key)
