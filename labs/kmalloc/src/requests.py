"""Prints the requests that one seed asks in a scene, a line each: ID SIZE USE CONTEXT.

python3 requests.py fresh|torn SALT

SIZE is in bytes. USE is cpu, device (it does DMA by itself, to any address) or old-device (it has 24 address
lines); CONTEXT is process (may sleep) or atomic (may not).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
LARGEST = 4 * MIB

Make = Callable[[random.Random], tuple[int, str, str]]


def between(low: int, high: int, use: str = "cpu", context: str = "process") -> Make:
    return lambda dice: (dice.randrange(low, high), use, context)


SMALL = between(100, 2000)
BIG = between(MIB, LARGEST)
HUGE = between(5 * MIB, 7 * MIB)
# A device's buffer of one page at most would be one run of frames from wherever it is.
DEVICE = between(5 * KIB, 128 * KIB, "device")
LONG_DEVICE = between(128 * KIB, LARGEST, "device")
OLD_DEVICE = between(100, 64 * KIB, "old-device")
ATOMIC = between(100, 8 * KIB, "cpu", "atomic")
NO_DEVICE = between(5 * MIB, 64 * MIB, "device")
NO_ATOMIC = between(5 * MIB, 8 * MIB, "cpu", "atomic")
NO_MEMORY = between(2 * GIB, 20 * GIB)

SCENES: dict[str, list[tuple[int, Make]]] = {
    "fresh": [
        (8, SMALL),
        (6, BIG),
        (4, HUGE),
        (5, DEVICE),
        (4, LONG_DEVICE),
        (5, OLD_DEVICE),
        (6, ATOMIC),
        (3, NO_DEVICE),
        (2, NO_ATOMIC),
        (3, NO_MEMORY),
    ],
    # Of a device's buffers none: where kmalloc finds no block, nobody else does.
    "torn": [(6, SMALL), (10, BIG), (4, HUGE)],
}


def requests(scene: str, salt: str) -> list[tuple[int, str, str]]:
    dice = random.Random(f"{scene} {salt}")
    drawn = [make(dice) for times, make in SCENES[scene] for _ in range(times)]
    dice.shuffle(drawn)
    return drawn


def main(scene: str, salt: str) -> None:
    for number, (size, use, context) in enumerate(requests(scene, salt), start=1):
        print(number, size, use, context)


if __name__ == "__main__":
    main(*sys.argv[1:])
