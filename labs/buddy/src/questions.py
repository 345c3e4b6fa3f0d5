"""Prints the questions that one seed asks: QUESTIONS of them, a line each, as exercise.h tells.

python3 questions.py SALT
"""

from __future__ import annotations

import random
import sys

MAX_ORDER = 10
FRAMES = 1 << 20
BUDDIES, SPLITS, MERGES = 400, 300, 300


def aligned(dice: random.Random, order: int) -> int:
    return dice.randrange(FRAMES >> order) << order


def buddy(dice: random.Random) -> str:
    order = dice.randrange(MAX_ORDER)
    return f"buddy {aligned(dice, order)}:{order}"


def split(dice: random.Random) -> str:
    found = dice.randrange(MAX_ORDER + 1)
    return f"split {aligned(dice, found)}:{found} {dice.randrange(found + 1)}"


def merge(dice: random.Random) -> str:
    """A freed block, free buddies for a while, and blocks beside it that only look like buddies."""
    order = dice.randrange(MAX_ORDER + 1)
    pfn = aligned(dice, order)
    free = []
    at, level = pfn, order
    for _ in range(dice.randrange(5)):
        if level < MAX_ORDER:
            free.append((at ^ 1 << level, level))
            at, level = at & ~(1 << level), level + 1
    size = 1 << level
    if level < MAX_ORDER and dice.random() < 0.6:
        # Free and adjacent, on the side where the buddy is not.
        free.append((at - size if at & size == 0 else at + size, level))
    if 0 < level < MAX_ORDER and dice.random() < 0.6:
        free.append((at ^ size, level - 1))  # where the buddy lies, but only half of it
    if level == MAX_ORDER:
        free.append((at ^ size, level))  # blocks of the largest order stay what they are
    seen = [(frame, n) for frame, n in free if frame >= 0]
    dice.shuffle(seen)
    return " ".join([f"merge {pfn}:{order}", *(f"{frame}:{n}" for frame, n in seen)])


def main(salt: str) -> None:
    dice = random.Random(salt)
    kinds = [buddy] * BUDDIES + [split] * SPLITS + [merge] * MERGES
    dice.shuffle(kinds)
    for kind in kinds:
        print(kind(dice))


if __name__ == "__main__":
    main(sys.argv[1])
