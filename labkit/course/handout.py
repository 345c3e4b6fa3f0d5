"""What a class starts from: a working folder a student, with the numbers that their work is graded with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from labkit.attest.seed import official_seed
from labkit.course.take import practice_seed
from labkit.desk import start
from labkit.intake.roster import load_roster
from labkit.keyring import course_key
from labkit.labfile.load import load
from labkit.model.official import Official
from labkit.places import lab_folder, places


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoutAsk:
    """What `labkit course handout` was asked for. `key` names the course's key, None for practice."""

    lab: str
    roster: Path
    out: Path
    key: str | None = None
    attempt: int = 1


def hand_out(ask: HandoutAsk) -> tuple[Path, ...]:
    """Lay out a folder for each student of the roster, named after their id.

    Raises BadInput for the lab, the roster, the key, and where there is something already.
    """
    lab = load(lab_folder(places(), ask.lab))
    key = None if ask.key is None else course_key(lab, ask.key)
    made = []
    for student in load_roster(ask.roster).students:
        if key is None:
            seed = practice_seed(lab.id, student.id, ask.attempt)
        else:
            seed = official_seed(key.secret, lab.id, Official(student=student.id, attempt=ask.attempt))
        folder, _ = start(ask.lab, ask.out / folder_name(student.id), seed)
        made.append(folder)
    return tuple(made)


def folder_name(student: str) -> str:
    """An id as the name of a folder, whatever is in it.

    >>> folder_name("ada"), folder_name("../x")
    ('ada', '%2E%2E%2Fx')
    """
    name = quote(student, safe="@+,=_-", errors="surrogatepass")
    return name.replace(".", "%2E") if name.startswith(".") else name
