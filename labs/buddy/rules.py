"""The buddy allocator's rules, in which the host answers what the guest was asked.

A block is a pair (pfn, order). Linux v6.1 and v6.12, mm/page_alloc.c and mm/internal.h.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

MAX_ORDER = 10
Block = tuple[int, int]


def buddy(block: Block) -> Block:
    """__find_buddy_pfn()."""
    pfn, order = block
    return pfn ^ (1 << order), order


def split(found: Block, order: int) -> tuple[Block, ...]:
    """expand(): what goes back to the lists, in order."""
    pfn, high = found
    return tuple((pfn + (1 << low), low) for low in range(high - 1, order - 1, -1))


def merge(freed: Block, free: Collection[Block]) -> Block:
    """__free_one_page(): the block that lies on a list in the end."""
    while freed[1] < MAX_ORDER and buddy(freed) in free:
        pfn, order = freed
        freed = pfn & ~(1 << order), order + 1
    return freed


def answer(question: str) -> str:
    """The right answer to one line of questions.py."""
    kind, first, *rest = question.split()
    asked = parse(first)
    if kind == "buddy":
        return show([buddy(asked)])
    if kind == "split":
        return show(split(asked, int(rest[0])))
    return show([merge(asked, {parse(word) for word in rest})])


def parse(word: str) -> Block:
    pfn, _, order = word.partition(":")
    return int(pfn), int(order)


def show(blocks: Sequence[Block]) -> str:
    return " ".join(f"{pfn}:{order}" for pfn, order in blocks)


def is_split(deltas: Sequence[int], order: int) -> int | None:
    """The order of the block that was split for one of `order`, if the counts changed as they should.

    -1 in the list where it was found, +1 in each below, down to the order that was asked for.
    """
    return _chain([-delta for delta in deltas], order)


def is_merge(deltas: Sequence[int], order: int) -> int | None:
    """The order of the block that one of `order` became when it was freed: the exact inverse."""
    return _chain(deltas, order)


def _chain(deltas: Sequence[int], order: int) -> int | None:
    for top in range(order, len(deltas)):
        if list(deltas) == [-1 if order <= each < top else int(each == top) for each in range(len(deltas))]:
            return top
    return None
