"""Official runs: whose attempt a run is, what is signed about it, and what verifying that comes to."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.model.errors import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    """Whose official attempt a run is; attempts count from 1."""

    student: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheck:
    """A check's part of a signed statement. `evidence` is the class its fact was read in."""

    id: str
    outcome: str
    points: float | None
    max_points: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an official run's signature vouches for. Digests are SHA-256 in hexadecimal.

    `pack` is the kernel pack's key, `verdict` the digest of verdict.json as it was written.
    """

    lab: str
    lab_digest: str
    student: str
    attempt: int
    seed: str
    tier: str
    kernel: str
    release: str
    pack: str
    accelerator: str
    started: str
    started_at: str
    practice: bool
    labkit: str
    submission: str
    evidence: str
    verdict: str
    score: float
    max_score: int
    checks: tuple[SignedCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """What a verifier needs of a course's key. `id` is the key id that envelopes name."""

    id: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key of this user at a glance. `folder` holds the private parts."""

    name: str
    folder: str
    public: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """What verifying found, in one sentence. Not `good`: the statement is not what it says."""

    good: bool
    says: str

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.PASSED if self.good else ExitCode.NOT_ALL_PASSED
