"""A student's numbers: drawn from the seed alone, the same on every machine and for ever.

Each parameter has a stream of its own: block i is HMAC-SHA256(seed, "labkit-draw/1" NUL lab NUL name NUL i).
Adding, removing or reordering parameters therefore moves no other one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from typing_extensions import assert_never

from labkit.model.lab import Draw, DrawKind, Lab, Parameters, Scalar

TAG_NONCE = "tag_nonce"  # 16 hexadecimal digits; in a step's environment, as labkit_tags.h reads it
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def parameters(lab: Lab, seed: str) -> Parameters:
    """Draw every parameter of the lab for one seed, and the nonce of tagged pages where a lab wants one."""
    drawn = {draw.name: draw_one(draw, _words(seed, lab.id, draw.name)) for draw in lab.draws}
    if any(look.tags for look in lab.looks):
        drawn[TAG_NONCE] = f"{next(_words(seed, lab.id, TAG_NONCE)):016x}"
    return MappingProxyType(drawn)


def draw_one(draw: Draw, words: Iterator[int]) -> Scalar | tuple[Scalar, ...]:
    """One parameter out of a stream of 64-bit words."""
    match draw.kind:
        case DrawKind.CHOICE:
            return draw.values[_below(len(draw.values), words)]
        case DrawKind.SHUFFLE:
            deck = list(draw.values)
            for last in range(len(deck) - 1, 0, -1):  # Fisher-Yates
                other = _below(last + 1, words)
                deck[last], deck[other] = deck[other], deck[last]
            return tuple(deck)
        case DrawKind.RANGE:
            start, stop, step = (int(value) for value in draw.values)
            return start + step * _below((stop - start) // step + 1, words)
    assert_never(draw.kind)


def environment(values: Parameters) -> Mapping[str, str]:
    """The parameters as a step sees them: names in capitals, the members of a tuple separated by blanks."""
    return {name.upper(): _text(value) for name, value in values.items()}


def expand(text: str, values: Parameters) -> str:
    """Put parameters into a guest path: '/sys/fs/cgroup/{cgroup}/memory.max'. Braces of others stay."""

    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        return _text(values[name]) if name in values else match.group(0)

    return _PLACEHOLDER.sub(put, text)


def placeholders(text: str) -> tuple[str, ...]:
    """The names that stand in braces."""
    return tuple(_PLACEHOLDER.findall(text))


def _text(value: Scalar | tuple[Scalar, ...]) -> str:
    return " ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _words(seed: str, lab: str, name: str) -> Iterator[int]:
    counter = 0
    while True:
        message = "\0".join(("labkit-draw/1", lab, name, str(counter))).encode()
        block = hmac.new(seed.encode(), message, hashlib.sha256).digest()
        for at in range(0, len(block), 8):
            yield int.from_bytes(block[at : at + 8], "big")
        counter += 1


def _below(bound: int, words: Iterator[int]) -> int:
    """A number in [0, bound), each equally likely: words of the ragged end are drawn again."""
    fair = (1 << 64) - (1 << 64) % bound
    for word in words:
        if word < fair:
            return word % bound
    raise AssertionError("a stream of words does not end")
