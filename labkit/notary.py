"""Hallway: is a signed result what it says? Signature, digests, verdict and seed, the last two made anew."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from labkit.attest.envelope import is_signed_by, parse_envelope
from labkit.attest.keyfolder import key_names, load_key, load_public_file, load_public_key
from labkit.attest.seed import official_seed
from labkit.attest.statement import parse_statement, state
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.model.errors import Broken, LabkitError, UsageError
from labkit.model.evidence import Evidence
from labkit.model.lab import Lab
from labkit.model.official import Assurance, Official, PublicKey, Statement
from labkit.model.verdict import Status
from labkit.places import keys_folder, lab_folder, places
from labkit.store import layout
from labkit.store.disk import sha256
from labkit.store.reader import digest, read

MAX_BYTES = 4 << 20  # of an envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be verified. `path` is an envelope or a run directory; `key` a file or a name of our own.

    `run` is the run directory of an envelope that lies elsewhere, `lab` the lab's folder if it is not the one
    of this checkout.
    """

    path: Path
    key: str | None = None
    run: Path | None = None
    lab: str | None = None


class _Lie(Exception):
    """The statement is not what it says; the text says in what."""


def verify(question: Question) -> Assurance:
    """Look at all of it. Good only when nothing was left unproven but a seed whose secret is elsewhere.

    Raises BadInput for what cannot be verified at all: no such file, one cut short, a key that nobody gave,
    no run directory, a lab that has changed since. None of them says that somebody lied.
    """
    file = _file(question.path)
    key, statement = None, None
    try:
        key, statement = _signed(file, question.key)
        run = _run(question, file)
        evidence = _evidence(run, statement)
        _same_verdict_file(run, statement)
        lab = _lab(question, statement)
        _same_verdict(lab, evidence, statement)
        seed = _seed(key, statement)
    except _Lie as lie:
        return Assurance(good=False, says=f"{file}: {lie}")
    whose = f"{statement.student}, attempt {statement.attempt}: {statement.lab} {statement.score:g}"
    proven = f"signature, evidence, verdict{' and seed' if seed else ''} hold"
    rest = "" if seed else "; the seed was not drawn again, its secret is not here"
    return Assurance(good=True, says=f"good: {whose} of {statement.max_score}; {proven} (key {key.id}){rest}")


def _file(path: Path) -> Path:
    if path.is_dir():
        inside = path / layout.ATTESTATION
        if not inside.is_file():
            found = f"no {layout.ATTESTATION}: only an official run that was graded is signed"
            raise UsageError(where=str(path), found=found, fix="name the directory of such a run")
        return inside
    if not path.is_file():
        raise UsageError(where=str(path), found="no such file", fix="name an attestation or a run directory")
    return path


def _signed(file: Path, wanted: str | None) -> tuple[PublicKey, Statement]:
    """The key that signed and what it signed."""
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES)
    claimed = parse_envelope(data, str(file))
    key = _key(file, claimed.key_id, wanted)
    if not is_signed_by(data, key):
        raise _Lie(f"edited after it was signed: the signature of key {key.id} does not fit the statement")
    return key, parse_statement(claimed.payload, str(file))


def _key(file: Path, claimed: str, wanted: str | None) -> PublicKey:
    keys = keys_folder()
    if wanted is not None:
        path = Path(wanted)
        given = load_public_file(path) if path.is_file() else load_public_key(keys, wanted)
        if given.id != claimed:
            raise _Lie(f"signed with another key: {claimed}, not {given.id}")
        return given
    known = {key.id: key for key in (load_public_key(keys, name) for name in key_names(keys))}
    if claimed not in known:
        raise UsageError(
            where=str(file),
            found=f"signed with key {claimed}, which is not known here",
            fix="give the course's public key with --key FILE",
        )
    return known[claimed]


def _run(question: Question, file: Path) -> Path:
    run = question.run or file.parent
    if not (run / layout.REQUEST).is_file():
        raise UsageError(
            where=str(run),
            found="no run directory: the signature is good, but there is no evidence to hold it against",
            fix="name the run directory with --run DIR",
        )
    return run


def _evidence(run: Path, statement: Statement) -> Evidence:
    try:
        found, evidence = digest(run), read(run)
    except Broken as error:
        raise _Lie(f"the evidence was changed after it was signed: {error.where} {error.found}") from error
    if found != statement.evidence:
        raise _Lie("the evidence is not what was signed: its digest differs")
    return evidence


def _same_verdict_file(run: Path, statement: Statement) -> None:
    path = run / layout.VERDICT
    if not path.is_file():
        raise _Lie(f"{layout.VERDICT} is gone from the run directory")
    if sha256(path.read_bytes()) != statement.verdict:
        raise _Lie(f"{layout.VERDICT} is not the one that was signed: edited, or graded again")


def _lab(question: Question, statement: Statement) -> Lab:
    fix = "verify it with the lab as it was then: --lab DIR"
    try:
        lab = load(lab_folder(places(), question.lab or statement.lab))
    except LabkitError as error:
        found = f"the verdict cannot be judged anew: {error.where}: {error.found}"
        raise UsageError(where=f"lab {statement.lab}", found=found, fix=fix) from error
    if lab.digest != statement.lab_digest:
        raise UsageError(
            where=str(lab.folder),
            found="the lab has changed since this run, so its verdict cannot be judged anew; "
            "signature and evidence hold",
            fix=fix,
        )
    return lab


def _same_verdict(lab: Lab, evidence: Evidence, statement: Statement) -> None:
    verdict = grade(lab, evidence, evidence_digest=statement.evidence)
    if verdict.status is not Status.GRADED:
        raise _Lie(f"the evidence was changed after it was signed: {verdict.reason}")
    if evidence.request.official is None:
        raise _Lie("the run directory is a practice run's")
    again = state(verdict, evidence.request, statement.verdict)
    for item in fields(Statement):
        signed, found = getattr(statement, item.name), getattr(again, item.name)
        if signed != found:
            raise _Lie(f"the evidence gives another {item.name}: {found}, not {signed}")


def _seed(key: PublicKey, statement: Statement) -> bool:
    """Whether the seed was drawn again; it cannot be where the course's secret is not."""
    keys = keys_folder()
    for name in key_names(keys):
        if load_public_key(keys, name).id == key.id:
            official = Official(student=statement.student, attempt=statement.attempt)
            if official_seed(load_key(keys, name).secret, statement.lab, official) != statement.seed:
                raise _Lie("its numbers were not drawn for this student and attempt")
            return True
    return False
