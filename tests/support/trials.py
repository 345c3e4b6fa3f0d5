"""Trials as values, for tests: what an experiment of tests/support/experiments.py would have read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from labkit.model.trial import End, Reading, Trial

METRICS = """
[[metric]]
name = "faults"
kind = "count"
counter = "vmstat pgfault"
better = "less"
[[metric]]
name = "anon"
kind = "bytes"
gauge = "meminfo AnonPages"
[[metric]]
name = "steps"
kind = "count"
output = "steps"
[[metric]]
name = "each"
kind = "ratio"
formula = "faults / steps"
[[invariant]]
holds = "steps > 1"
says = "it did nothing"
"""
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def trial(faults: int = 30, *, swappiness: int = 10, repeat: int = 1, **changes: object) -> Trial:
    made = Trial(
        key=f"{swappiness}-{repeat}",
        experiment="a digest",
        levels={"swappiness": swappiness},
        repeat=repeat,
        number=repeat,
        end=End.COMPLETED,
        status=0,
        readings=(
            Reading(
                name="swappiness",
                path="/proc/sys/vm/swappiness",
                requested=str(swappiness),
                read=f"{swappiness}\n",
            ),
        ),
        before={"/proc/vmstat": "pgfault 100\npgfault_x 3\n", "/proc/meminfo": "AnonPages:   1 kB\n"},
        after={"/proc/vmstat": f"pgfault {100 + faults}\n", "/proc/meminfo": "AnonPages:   8 kB\n"},
        stdout="steps=3\nnoise\n",
        kernel="6.12",
        release="6.12.1",
        qemu="7.2",
        accel="tcg",
        seed="s",
        made_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
