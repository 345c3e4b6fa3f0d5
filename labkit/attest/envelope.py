"""Signed bytes: a DSSE envelope with one ed25519 signature, written in one way only.

DSSE (github.com/secure-systems-lab/dsse, protocol v1) signs the payload's type and bytes, not the JSON around
them; and base64 has spellings that decode alike. So an envelope is taken only as `sign` would write it: then
no byte of the file can change unseen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from labkit.model.errors import BadInput
from labkit.model.official import PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"  # in-toto attestation spec v1, envelope.md


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An envelope as it was read: nothing is known yet of its signature. `key_id` is what it claims."""

    payload: bytes
    key_id: str
    signature: str


def new_private_key() -> bytes:
    """A fresh ed25519 key as PEM (PKCS #8, not encrypted)."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_of(private_pem: bytes, where: str) -> PublicKey:
    """The public half. Raises BadInput, as `sign` does, for what is no private ed25519 key."""
    return _public(_private(private_pem, where).public_key())


def load_public(pem: bytes, where: str) -> PublicKey:
    """The public key in a PEM file. Raises BadInput."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(where, "no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(where, "a public key that is not ed25519")
    return _public(key)


def sign(payload: bytes, private_pem: bytes, where: str = "signing key") -> bytes:
    """The envelope's file."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(_private(private_pem, where)))
    return _written(envelope)


def parse_envelope(data: bytes, where: str) -> Sealed:
    """Raises BadInput for anything that `sign` does not write."""
    try:
        envelope = Envelope.from_dict(json.loads(data))
        same = _written(envelope) == data
    # Whatever JSON may hold instead of an envelope; FormatError of the library is among its Error.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Error) as error:
        raise _no_envelope(where, "no whole DSSE envelope: cut short or damaged") from error
    if not same or envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise _no_envelope(where, "an envelope that is not as labkit wrote it")
    ((key_id, signature),) = envelope.signatures.items()
    return Sealed(payload=envelope.payload, key_id=key_id, signature=signature.signature)


def is_signed_by(data: bytes, key: PublicKey) -> bool:
    """Whether an envelope that `parse_envelope` took bears this key's signature."""
    public = serialization.load_pem_public_key(key.pem.encode())
    assert isinstance(public, Ed25519PublicKey)
    try:
        Envelope.from_dict(json.loads(data)).verify([SSlibKey.from_crypto(public)], threshold=1)
    except VerificationError:
        return False
    return True


def _written(envelope: Envelope) -> bytes:
    return json.dumps(envelope.to_dict(), indent=2).encode() + b"\n"


def _private(pem: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(where, "no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(where, "a private key that is not ed25519")
    return key


def _public(key: Ed25519PublicKey) -> PublicKey:
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    return PublicKey(id=SSlibKey.from_crypto(key).keyid, pem=pem)


def _no_key(where: str, found: str) -> BadInput:
    return BadInput(where=where, found=found, fix="`labkit key show NAME` prints the one of a course")


def _no_envelope(where: str, found: str) -> BadInput:
    return BadInput(where=where, found=found, fix="take attestation.json from the run directory itself")
