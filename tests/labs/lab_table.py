"""The table of labs in README.md, out of the labs' own files.

.venv/bin/python tests/labs/lab_table.py     # writes it anew
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from labkit.catalogue import course, in_order
from labkit.model.lab import Lab
from labkit.model.verdict import EvidenceClass
from labkit.places import places

PAGE = Path(__file__).resolve().parents[2] / "README.md"
BEGIN = "<!-- made by tests/labs/lab_table.py -->\n"
END = "<!-- end of the table -->\n"
GOLDEN_PASS = "pass-"
HEAD = "| lab | what it is about | sections of the course | tier | graded on | points | kernels |"


def every_lab() -> tuple[Lab, ...]:
    """The labs of this checkout, in the course's order. Raises what keeps one from being loaded."""
    labs = []
    for entry in in_order(places()):
        if not isinstance(entry.lab, Lab):
            raise entry.lab
        labs.append(entry.lab)
    return tuple(labs)


def kernels(lab: Lab) -> tuple[str, ...]:
    """Those for which recorded evidence of full marks lies in the lab's folder, the oldest first."""
    golden = (lab.folder / "evidence").glob(f"{GOLDEN_PASS}*/")
    names = [path.name.removeprefix(GOLDEN_PASS) for path in golden]
    return tuple(sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)]))


def render_table(labs: Iterable[Lab]) -> str:
    text = course(places())
    lines = [HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    for lab in labs:
        graded = {check.evidence for check in lab.checks if check.points}
        cells = (
            f"`{lab.id}`",
            lab.title,
            "; ".join(text.sections_of(lab.course)),
            lab.tier.value,
            ", ".join(kind.value for kind in EvidenceClass if kind in graded),
            str(lab.max_score),
            ", ".join(kernels(lab)),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The page with the table as it is now between its marks."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + render_table(every_lab()) + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
