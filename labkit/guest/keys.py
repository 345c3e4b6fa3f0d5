"""The keys of one guest, or of one template and its clones: made for them and used by nothing else.

A clone's student, root in the guest, may read the host key: it proves to labkit that a guest of the template
answers, and labkit reaches each of them over a port of 127.0.0.1 that its own QEMU holds. The client key
never enters a guest.
"""

from __future__ import annotations

import base64
import io
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_TYPE = b"ssh-ed25519"


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where the keys of a folder lie. `authorized_key` and `host_key` are handed to the guest through fw_cfg;
    `client_key` serves a person who wants to log in with OpenSSH's own client.
    """

    folder: Path

    @property
    def client_key(self) -> Path:
        return self.folder / "client_key"

    @property
    def authorized_key(self) -> Path:
        return self.folder / "authorized_key"

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    @property
    def host_public(self) -> Path:
        return self.folder / "host_public"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestKeys:
    """What labkit proves itself with (`client`) and what the guest must prove itself with (`host_public`)."""

    client: paramiko.PKey = field(repr=False)
    host_public: bytes
    files: KeyFiles


def make_keys(folder: Path) -> GuestKeys:
    """Make both key pairs of a guest and write their files, mode 0600, into its live folder."""
    client, host = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pem = client.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    line = b"%s %s labkit\n" % (KEY_TYPE, base64.b64encode(public_wire(client)))
    files = KeyFiles(folder)
    _write_private(files.client_key, pem)
    _write_private(files.authorized_key, line)
    _write_private(files.host_key, dropbear_key(host))
    _write_private(files.host_public, public_wire(host))
    return load_keys(folder)


def load_keys(folder: Path) -> GuestKeys:
    """The keys that make_keys left in a folder."""
    files = KeyFiles(folder)
    return GuestKeys(
        client=paramiko.Ed25519Key.from_private_key(
            io.StringIO(files.client_key.read_text(encoding="ascii"))
        ),
        host_public=files.host_public.read_bytes(),
        files=files,
    )


def public_wire(key: Ed25519PrivateKey) -> bytes:
    """The public key as SSH sends it (RFC 8709 section 4)."""
    return _string(KEY_TYPE) + _string(_raw_public(key))


def dropbear_key(key: Ed25519PrivateKey) -> bytes:
    """The private key as dropbear keeps it on disk (src/ed25519.c: buf_put_ed25519_priv_key).

    The type's name, then one string of 64 bytes: the seed followed by the public key.
    """
    seed = key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return _string(KEY_TYPE) + _string(seed + _raw_public(key))


def _raw_public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _write_private(path: Path, data: bytes) -> None:
    # O_EXCL: a key file that is there already belongs to another guest. The mode stands before any byte.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
