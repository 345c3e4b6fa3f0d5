"""The table of labs/forgers/README.md: each cheat, its tier, what it is after and what stops it.

.venv/bin/python tests/labs/forger_table.py     # writes it anew
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from labkit.labfile.forgers import Forger, forgers
from labkit.labfile.load import load
from labkit.model.lab import Lab, Tier

LABS = Path(__file__).resolve().parents[2] / "labs"
PAGE = LABS / "forgers" / "README.md"
BEGIN = "<!-- made by tests/labs/forger_table.py -->\n"


def every_forger() -> tuple[tuple[Lab, Forger], ...]:
    """Those of the proving grounds, tier by tier, then the labs' own."""
    grounds = [LABS / "forgers" / tier.value for tier in Tier]
    own = sorted(path.parent for path in LABS.glob("*/forgers") if path.parent.name != "forgers")
    return tuple((lab, forger) for lab in map(load, (*grounds, *own)) for forger in forgers(lab))


def render_table(rows: Iterable[tuple[Lab, Forger]]) -> str:
    lines = ["| tier | forger | what it does | it is after | what stops it |", "|---|---|---|---|---|"]
    for lab, forger in rows:
        aims = ", ".join(f"`{check.id}`" for check in lab.checks if check.id in forger.aims)
        name = forger.name if lab.id.startswith("forge_") else f"{lab.id}: {forger.name}"
        lines.append(f"| {lab.tier.value} | {name} | {forger.says} | {aims} | {forger.stopped_by} |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The page with the table as it is now behind its mark."""
    return text.partition(BEGIN)[0] + BEGIN + "\n" + render_table(every_forger())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
