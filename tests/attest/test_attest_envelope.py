"""What was signed comes back; whatever else somebody makes of the file is never taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.attest.envelope import (
    is_signed_by,
    load_public,
    new_private_key,
    parse_envelope,
    public_of,
    sign,
)
from labkit.model.errors import BadInput

PRIVATE = new_private_key()
PUBLIC = public_of(PRIVATE, "test")
ENVELOPE = sign(b'{"score": 15}', PRIVATE)


def taken(data: bytes) -> bool:
    """Whether a file passes for one that the key signed."""
    try:
        parse_envelope(data, "test")
    except BadInput:
        return False
    return is_signed_by(data, PUBLIC)


@given(payload=st.binary(max_size=300))
def test_a_signed_payload_comes_back(payload: bytes) -> None:
    data = sign(payload, PRIVATE)
    found = parse_envelope(data, "test")
    assert (found.payload, found.key_id) == (payload, PUBLIC.id)
    assert taken(data)


@given(at=st.integers(0, len(ENVELOPE) - 1), bits=st.integers(1, 255))
def test_no_byte_can_change_unseen(at: int, bits: int) -> None:
    spoilt = bytearray(ENVELOPE)
    spoilt[at] ^= bits
    assert not taken(bytes(spoilt))


def test_no_bit_of_any_byte_can_change_unseen() -> None:
    for at in range(len(ENVELOPE)):
        for bit in range(8):
            spoilt = bytearray(ENVELOPE)
            spoilt[at] ^= 1 << bit
            assert not taken(bytes(spoilt)), (at, bit)


def test_no_cut_file_is_taken() -> None:
    for length in range(len(ENVELOPE)):
        with pytest.raises(BadInput):
            parse_envelope(ENVELOPE[:length], "test")


@given(
    data=st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps({"payload": value, "payloadType": value, "signatures": value}).encode()
    )
)
def test_whatever_is_no_envelope_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_envelope(data, "test")


def test_another_keys_signature_under_this_keys_name_is_not_taken() -> None:
    other = json.loads(sign(b'{"score": 20}', new_private_key()))
    other["signatures"][0]["keyid"] = PUBLIC.id
    data = json.dumps(other, indent=2).encode() + b"\n"
    assert parse_envelope(data, "test").key_id == PUBLIC.id
    assert not taken(data)


def test_a_public_key_is_read_from_what_key_show_prints() -> None:
    printed = f"key id {PUBLIC.id}\n{PUBLIC.pem}".encode()
    assert load_public(printed, "test") == PUBLIC


@pytest.mark.parametrize("pem", [b"", b"nonsense", PRIVATE])
def test_what_is_no_public_key_is_refused(pem: bytes) -> None:
    with pytest.raises(BadInput, match="no public key"):
        load_public(pem, "test")
