"""Hostile input: whatever is written, the kernel does not complain and the module answers on."""

from __future__ import annotations

import random

import pytest
from kmod_guest import KmodGuest, Reply

pytestmark = pytest.mark.guest

ERRNOS = {None, "EINVAL", "E2BIG", "ENOENT", "ESRCH", "ENOMEM", "ENOSPC", "EEXIST", "EBUSY"}
NAMES = ("lab_a", "lab_b", "lab_c", "kmalloc-64", "")
FLAGS = ("none", "SLAB_RED_ZONE|SLAB_POISON", "SLAB_ACCOUNT", "SLAB_CACHE_DMA", "SLAB_PANIC", "|", "7")
GFPS = ("GFP_KERNEL", "GFP_ATOMIC", "GFP_DMA", "GFP_DMA32", "GFP_HIGHUSER_MOVABLE", "GFP_KERNEL_ACCOUNT", "x")


def random_command(dice: random.Random) -> bytes:
    """Something between noise and a command with absurd numbers."""
    absurd = ["-1", "0", "1", "7", "10", "1e9", "", str(dice.getrandbits(70)), str(1 << dice.randrange(64))]
    number = dice.choice(absurd)
    other = dice.choice(absurd)
    pfn = dice.choice([number, str(dice.randrange(1 << 17)), str(dice.getrandbits(dice.randrange(1, 66)))])
    name, flags, gfp = dice.choice(NAMES), dice.choice(FLAGS), dice.choice(GFPS)
    held = str(dice.randrange(300))
    words = dice.choice(
        [
            f"alloc {number} {dice.choice(['any', '0', '1', other])} {gfp}",
            f"still alloc {number} any {gfp}",
            f"still free {held}",
            f"free {dice.choice(['all', held])}",
            f"is_free {pfn}",
            f"pageinfo {pfn}",
            f"is_slab {pfn}",
            f"unmovable {number} {other}",
            "unmovable free",
            f"kmalloc {number} {gfp}",
            f"{dice.choice(['vmalloc', 'kvmalloc'])} {dice.choice([number, str(dice.randrange(1 << 22))])}",
            f"{dice.choice(['kfree', 'vfree', 'ksize'])} {dice.choice(['all', held])}",
            f"runs {held} {number}",
            f"atomic {number}",
            f"cache create {name} {dice.choice([number, '8', '100'])} {other} {flags}",
            f"cache create {name} 100 0 {flags} ctor",
            f"cache alloc {name} {dice.choice([number, '300'])}",
            f"cache free {name} {dice.choice(['all', number, f'every {number}'])}",
            f"cache {dice.choice(['shrink', 'destroy'])} {name}",
            f"walk {dice.choice(['1', '2', number])} {dice.getrandbits(dice.randrange(1, 66)):#x}",
            "fa",
            "drain",
            "help",
        ]
    )
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(200))
    return words.encode()


@pytest.mark.parametrize("seed", range(4))
def test_noise_does_no_harm(kmod: KmodGuest, seed: int) -> None:
    dice = random.Random(seed)
    commands = [random_command(dice) for _ in range(2000)] + [dice.randbytes(1 << 20)]
    replies: list[Reply] = kmod.tell_all(commands)
    assert {reply.errno for reply in replies} <= ERRNOS
    assert {reply.lines[0]["cmd"] for reply in replies if reply.errno is None} > {"still", "cache", "vmalloc"}
    assert kmod.ask("drain")["ok"]
    kmod.reload()
    kmod.assert_kernel_is_well()
