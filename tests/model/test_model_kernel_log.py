"""Which of the kernel's messages are worth a mark, in its own words on 6.1 and 6.12."""

from __future__ import annotations

import pytest

from labkit.model.kernel_log import notable


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Out of memory: Killed process 214 (hog) total-vm:98304kB, anon-rss:94208kB",
            ("killed", "hog (pid 214)"),
        ),
        (
            "Memory cgroup out of memory: Killed process 7 (a (b) c) total-vm:9kB, anon-rss:9kB",
            ("killed", "a (b) c (pid 7)"),
        ),
        (
            "insmod: page allocation failure: order:9, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
            ("refused", "insmod: page allocation failure: order:9, mode:0xcc0(GFP_KERNEL), nodemask=(null)"),
        ),
        ("Kernel panic - not syncing: Out of memory: system-wide", ("panic", "Out of memory: system-wide")),
        ("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)", None),
        ("EXT4-fs (vdb): mounted filesystem", None),
    ],
)
def test_a_message_is_told_in_a_word_and_its_gist(text: str, told: tuple[str, str] | None) -> None:
    assert notable(text) == told
