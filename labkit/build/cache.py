"""What was built once: published whole or not at all, checked at every use, built by one process at a time.

    ROOT/<kind>/<name>-<key>/meta.json    what it is, what it took, the digest of each part of data/
                             data/        what was built
    ROOT/partial/…                        what is being built, or was when labkit was killed
    ROOT/locks/…                          one lock a kind and name

An entry appears by one rename(2), so that a kill at any moment leaves nothing but partials; the next builder
of the same thing, who holds the lock that the kernel released with the dead process, removes them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labkit.build.key import content_key
from labkit.build.trees import measure, remove_tree
from labkit.model.artefact import Artefact, ArtefactKind
from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.events import Event, Listener, Mood
from labkit.model.units import Size

_FORMAT = 1
_LOCK_SECONDS = 1800.0
_NOTHING = Size(0)
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Cache:
    """The folder of built things. Every method may be called by any number of processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def get_or_build(
        self,
        kind: ArtefactKind,
        name: str,
        key: str,
        make: Callable[[Path], None],
        listen: Listener,
        *,
        room: Size = _NOTHING,
    ) -> Artefact:
        """The artefact of this key; `make` fills an empty folder if it is not there yet or is damaged.

        Raises HostError when the disk has less than `room` free, or fills up, and whatever `make` raises.
        """
        if found := self.find(kind, name, key):
            return found
        with self._locked(kind, name, listen):
            if found := self.find(kind, name, key):
                return found
            entry = self._entry(kind, name, key)
            if entry.exists():
                text = "the cached copy is damaged and will be built again"
                listen(Event(scope=kind.value, phase=name, mood=Mood.WARN, text=text))
                self._discard(entry)
            return self._build(kind, name, key=key, make=make, listen=listen, room=room)

    def find(self, kind: ArtefactKind, name: str, key: str) -> Artefact | None:
        """The published artefact of this key if its files are there and have their sizes."""
        return _read_entry(self._entry(kind, name, key), key)

    def named(self, kind: ArtefactKind, name: str) -> tuple[Artefact, ...]:
        """All artefacts of a kind and name, one a key."""
        return tuple(item for item in self.list() if (item.kind, item.name) == (kind, name))

    def list(self) -> tuple[Artefact, ...]:
        """Everything that is whole, sorted by kind and name."""
        entries = (entry for kind in ArtefactKind for entry in sorted((self.root / kind.value).glob("*")))
        return tuple(found for entry in entries if (found := _read_entry(entry)))

    def digest(self, artefact: Artefact) -> str:
        """The digest of an artefact's content, as it was when built: a key for what is built from it."""
        meta = _load_meta(artefact.path.parent)
        return content_key(*(f"{name} {part['digest']}" for name, part in sorted(meta["parts"].items())))

    def verify(self, artefact: Artefact) -> bool:
        """Read all of an artefact: is every byte still what was built?"""
        parts = _load_meta(artefact.path.parent)["parts"]
        return all(measure(artefact.path / name).digest == part["digest"] for name, part in parts.items())

    def remove(self, artefact: Artefact) -> None:
        """Forget an artefact. Who has a file of it open keeps that file."""
        self._discard(artefact.path.parent)

    def _build(
        self,
        kind: ArtefactKind,
        name: str,
        *,
        key: str,
        make: Callable[[Path], None],
        listen: Listener,
        room: Size,
    ) -> Artefact:
        partial = self.root / "partial" / f"{kind.value}-{name}"
        remove_tree(partial)
        (partial / "data").mkdir(parents=True)
        started = time.monotonic()
        listen(Event(scope=kind.value, phase=name, mood=Mood.BEGIN))
        try:
            with self._disk_errors_named():
                self._require(room)
                make(partial / "data")
                meta = _describe(kind, name, key, partial / "data", time.monotonic() - started)
                (partial / "meta.json").write_text(json.dumps(meta, indent=1))
                entry = self._entry(kind, name, key)
                entry.parent.mkdir(parents=True, exist_ok=True)
                partial.rename(entry)
        except BaseException as error:
            listen(Event(scope=kind.value, phase=name, mood=Mood.FAILED, text=str(error)))
            remove_tree(partial)
            raise
        artefact = _artefact(entry, meta)
        listen(
            Event(
                scope=kind.value,
                phase=name,
                mood=Mood.DONE,
                seconds=artefact.seconds,
                bytes=artefact.bytes,
            )
        )
        return artefact

    @contextlib.contextmanager
    def _locked(self, kind: ArtefactKind, name: str, listen: Listener) -> Iterator[None]:
        import filelock

        path = self.root / "locks" / f"{kind.value}-{name}.lock"
        with self._disk_errors_named():
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            text = "another labkit is building this; waiting for it"
            listen(Event(scope=kind.value, phase=name, mood=Mood.NOTE, text=text))
            try:
                lock.acquire(timeout=_LOCK_SECONDS)
            except filelock.Timeout:
                raise DeadlineExpired(
                    phase=f"wait for {name}",
                    seconds=_LOCK_SECONDS,
                    where=str(path),
                    fix=f"see who holds it: fuser {path}",
                ) from None
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _disk_errors_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise self._full("the disk filled up") from error
            if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
                raise HostError(
                    where=str(error.filename or self.root),
                    found=os.strerror(error.errno),
                    fix="make the cache folder writable, or name another in LABKIT_CACHE",
                ) from error
            raise

    def _require(self, room: Size) -> None:
        if shutil.disk_usage(self.root).free < room:
            raise self._full(f"{room >> 20} MiB are needed")

    def _full(self, found: str) -> HostError:
        free = shutil.disk_usage(self.root).free
        return HostError(
            where=str(self.root),
            found=f"{found}, {free >> 20} MiB are free",
            fix="free some, or name a folder on another disk in LABKIT_CACHE",
        )

    def _entry(self, kind: ArtefactKind, name: str, key: str) -> Path:
        return self.root / kind.value / f"{name}-{key[:16]}"

    def _discard(self, entry: Path) -> None:
        # Renamed first: half a removed entry must not be taken for a whole one. Who comes second, in another
        # thread or process, finds nothing to rename, and leaves the removal to the first.
        trash = self.root / "partial" / f"{entry.parent.name}-{entry.name}-{secrets.token_hex(4)}"
        trash.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            entry.rename(trash)
            remove_tree(trash)


def _describe(kind: ArtefactKind, name: str, key: str, data: Path, seconds: float) -> dict[str, Any]:
    parts = {}
    for path in sorted(data.iterdir()):
        content = measure(path)
        parts[path.name] = {"bytes": content.bytes, "digest": content.digest, "folder": path.is_dir()}
    return {
        "format": _FORMAT,
        "kind": kind.value,
        "name": name,
        "key": key,
        "seconds": round(seconds, 3),
        "bytes": sum(part["bytes"] for part in parts.values()),
        "parts": parts,
    }


def _load_meta(entry: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((entry / "meta.json").read_text())
    return meta


def _read_entry(entry: Path, key: str | None = None) -> Artefact | None:
    try:
        meta = _load_meta(entry)
        if meta["format"] != _FORMAT or (key is not None and meta["key"] != key):
            return None
        for name, part in meta["parts"].items():
            path = entry / "data" / name
            if part["folder"] != path.is_dir() or (
                not part["folder"] and path.stat().st_size != part["bytes"]
            ):
                return None
        return _artefact(entry, meta)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # whatever is wrong with it, it is not what was published


def _artefact(entry: Path, meta: dict[str, Any]) -> Artefact:
    return Artefact(
        kind=ArtefactKind(meta["kind"]),
        name=meta["name"],
        key=meta["key"],
        path=entry / "data",
        bytes=meta["bytes"],
        seconds=meta["seconds"],
    )
