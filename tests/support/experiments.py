"""A small experiment's folder, for tests."""

from __future__ import annotations

from pathlib import Path

HEAD = """
id = "small"
title = "A small one"
question = "What does it cost?"
expected = "Little."
repeats = 2
about_seconds = 1
"""
MACHINE = """
[machine]
node = [{cpus = 1, memory = "256MiB"}]
"""
FACTORS = """
[[factor]]
name = "swappiness"
sysctl = "vm.swappiness"
levels = [10, 60]
"""
WORKLOAD = """
[workload]
run = "echo steps=5"
"""
METRICS = """
[[metric]]
name = "steps"
kind = "count"
output = "steps"
"""


def write_experiment(
    folder: Path,
    *,
    head: str = HEAD,
    machine: str = MACHINE,
    factors: str = FACTORS,
    workload: str = WORKLOAD,
    metrics: str = METRICS,
    rest: str = "",
    sources: dict[str, str] | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.toml").write_text(head + machine + factors + workload + metrics + rest)
    for name, text in (sources or {}).items():
        (folder / "src").mkdir(exist_ok=True)
        (folder / "src" / name).write_text(text)
    return folder
