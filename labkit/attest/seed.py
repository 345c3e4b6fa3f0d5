"""The seed of an official run, which nobody without the course's secret can foresee."""

from __future__ import annotations

import hashlib
import hmac

from labkit.model.official import Official

SEED_DIGITS = 32  # hexadecimal: 128 bits


def official_seed(secret: bytes, lab: str, official: Official) -> str:
    """HMAC-SHA256(secret, fields), each field after its length in 8 bytes: no two runs share a message."""
    fields = ("labkit-official/1", lab, official.student, str(official.attempt))
    encoded = [field.encode("utf-8", "surrogatepass") for field in fields]
    message = b"".join(len(field).to_bytes(8, "big") + field for field in encoded)
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:SEED_DIGITS]
