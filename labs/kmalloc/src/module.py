"""labkit's kernel module, for the programs of this lab."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

MODULE = Path("/proc/labkit")


def tell(command: str) -> dict[str, object]:
    """One command: what the module answers, a refusal too."""
    with suppress(OSError):  # the result says why
        (MODULE / "cmd").write_text(command)
    answer = json.loads((MODULE / "result").read_text())
    assert isinstance(answer, dict)
    return answer


def free_all() -> None:
    """Gives back what kmalloc, kvmalloc and vmalloc gave."""
    for command in ("kfree all", "vfree all"):
        tell(command)
