"""A course's key on disk: KEYS/NAME/ with the signing key, the course secret and the public key.

    KEYS/NAME/signing.pem    ed25519, PKCS #8, for this user alone
    KEYS/NAME/course.secret  32 random bytes in hexadecimal, for this user alone
    KEYS/NAME/public.pem     to hand out

The folder appears whole or not at all and is never written again: a lost secret cannot be drawn twice, and
another one under the same name would make honest runs look forged.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labkit.attest.envelope import load_public, new_private_key, public_of
from labkit.model.errors import BadInput, HostError, UsageError
from labkit.model.official import PublicKey

SIGNING = "signing.pem"
SECRET = "course.secret"
PUBLIC = "public.pem"
SECRET_BYTES = 32
MAX_BYTES = 4096
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseKey:
    """A key with its private parts, which no repr ever shows."""

    name: str
    private_pem: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    public: PublicKey


def create_key(keys: Path, name: str) -> Path:
    """Make a key; returns its folder.

    Raises UsageError for a name that is taken or impossible and for a folder in a git work tree, HostError
    when the host refuses.
    """
    if not _NAME.fullmatch(name):
        fix = "use up to 64 small letters, digits, - and _"
        raise UsageError(where=f"NAME {name}", found="cannot name a folder", fix=fix)
    keys = keys.resolve()
    folder = keys / name
    refuse_repository(keys)
    if folder.exists():
        fix = "name another, or move it away by hand: what it signed needs it"
        raise UsageError(where=str(folder), found="there is such a key already", fix=fix)
    partial = keys / f".partial-{os.getpid()}-{name}"
    private = new_private_key()
    with _host_errors(folder):
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
        try:
            _write(partial / SIGNING, private)
            _write(partial / SECRET, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
            _write(partial / PUBLIC, public_of(private, SIGNING).pem.encode())
            _sync(partial)
            partial.rename(folder)  # refused where another process has just made one: it is not empty
            _sync(keys)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def load_key(keys: Path, name: str) -> CourseKey:
    """A key and its private parts. Raises UsageError where there is none, HostError if others may read it."""
    folder = _there(keys, name)
    for path in (folder, folder / SIGNING, folder / SECRET):
        with _host_errors(path):
            mode = path.stat().st_mode
        if mode & 0o077:
            fix = f"see who read it, then: chmod go= {path}"
            raise HostError(where=str(path), found=f"open to others (mode {mode & 0o777:o})", fix=fix)
    private = _read(folder / SIGNING)
    text = _read(folder / SECRET).decode("ascii", "replace").strip()
    if not re.fullmatch(rf"[0-9a-f]{{{2 * SECRET_BYTES}}}", text):
        fix = "bring it back from where you keep a copy"
        raise BadInput(where=str(folder / SECRET), found="no course secret", fix=fix)
    public = public_of(private, str(folder / SIGNING))
    return CourseKey(name=name, private_pem=private, secret=bytes.fromhex(text), public=public)


def load_public_key(keys: Path, name: str) -> PublicKey:
    """The public half of a key of this user. Raises UsageError, BadInput, HostError."""
    path = _there(keys, name) / PUBLIC
    return load_public(_read(path), str(path))


def load_public_file(path: Path) -> PublicKey:
    """A public key that was handed out as a file. Raises BadInput, HostError."""
    return load_public(_read(path), str(path))


def key_names(keys: Path) -> tuple[str, ...]:
    """The keys there are, sorted; none if the folder does not exist."""
    return tuple(sorted(path.parent.name for path in keys.glob(f"[!.]*/{PUBLIC}")))


def refuse_repository(folder: Path) -> None:
    """Raises UsageError for a folder in a git work tree: what lies there gets committed one day."""
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():  # a folder, or in a worktree and a submodule a file
            raise UsageError(
                where=str(folder),
                found=f"inside the git work tree {parent}",
                fix="keep keys outside of every repository: --dir DIR",
            )


def _there(keys: Path, name: str) -> Path:
    folder = keys / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        known = ", ".join(key_names(keys))
        fix = f"the keys are: {known}" if known else f"make one: labkit key new {name}"
        raise UsageError(where=str(keys), found=f"no key '{name}'", fix=fix)
    return folder


def _read(path: Path) -> bytes:
    with _host_errors(path), path.open("rb") as file:
        return file.read(MAX_BYTES)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _host_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = error.strerror or "cannot be used"
        raise HostError(where=str(path), found=found, fix="see that it is there and yours") from error
