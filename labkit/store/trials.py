"""An experiment's folder: what was asked of it once, and a file for each trial, whole or not there at all.

DIR/experiment/             the experiment's own folder as it was when the last trials were made
DIR/trials/KEY.json         a Trial; KEY is the digest of all that it depends on
DIR/claims/KEY.lock         held by the process that is at it
DIR/results.csv, .parquet   a row a trial
DIR/report.html             what they show
DIR/proof.json              deterministic trials that were made again
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from labkit.model.errors import UsageError
from labkit.model.trial import Trial
from labkit.store import codec
from labkit.store.claims import claimed
from labkit.store.disk import host_errors, write_whole
from labkit.store.typed import read_typed

EXPERIMENT = "experiment"
TRIALS = "trials"
CLAIMS = "claims"
CSV = "results.csv"
PARQUET = "results.parquet"
PAGE = "report.html"
PROOF = "proof.json"
_TRIAL = TypeAdapter(Trial)
_FIX = "put it back from a copy, or remove it and run again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """The trials in a folder. Several processes may write to one at once."""

    folder: Path

    @property
    def experiment(self) -> Path:
        """The copy of the experiment's folder. Raises UsageError where there is none."""
        found = self.folder / EXPERIMENT
        if not found.is_dir():
            fix = "name the DIR of `labkit tune run … --out DIR`"
            raise UsageError(where=str(self.folder), found="no experiment's results", fix=fix)
        return found

    def begin(self, files: Mapping[str, Path]) -> None:
        """Make the folder this experiment's, and keep its `files` by the names that they have in it."""
        with host_errors(self.folder):
            for part in (TRIALS, CLAIMS, EXPERIMENT):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
            for name, file in files.items():
                target = self.folder / EXPERIMENT / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.resolve() != file.resolve():
                    partial = target.with_name(f"%partial-{target.name}")
                    shutil.copyfile(file, partial)
                    partial.replace(target)

    def has(self, key: str) -> bool:
        return self._path(key).exists()

    def put(self, trial: Trial) -> None:
        write_whole(self._path(trial.key), codec.to_text(trial).encode("utf-8", "replace"))

    def get(self, key: str) -> Trial:
        return read_typed(_TRIAL, self._path(key), _FIX)

    def all(self) -> tuple[Trial, ...]:
        """By their number in the plan. Raises Broken for a file that nobody of labkit wrote."""
        found = (read_typed(_TRIAL, path, _FIX) for path in (self.folder / TRIALS).glob("*.json"))
        return tuple(sorted(found, key=lambda trial: (trial.number, trial.key)))

    def claimed(self, key: str) -> AbstractContextManager[bool]:
        """Whether this trial is ours to make. Held until the block ends."""
        return claimed(self.folder / CLAIMS, key)

    def keep(self, name: str, data: bytes) -> Path:
        """A file of what is made of the trials."""
        write_whole(self.folder / name, data)
        return self.folder / name

    def _path(self, key: str) -> Path:
        return self.folder / TRIALS / f"{key}.json"
