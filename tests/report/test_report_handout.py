"""A handout has no holes: every name has a value or the author hears which one has not."""

from __future__ import annotations

import pytest

from labkit.model.errors import LabFileError
from labkit.report.handout import render_handout

VALUES = {"p": {"limit_mib": 96, "names": ("birch", "cedar")}, "seed": "ada"}


def test_numbers_and_loops_are_filled_in() -> None:
    template = "Limit: {{ p.limit_mib }} MiB\n{% for name in p.names %}\n- {{ name }}\n{% endfor %}\nEnd\n"
    assert render_handout(template, VALUES, "README.md.j2") == "Limit: 96 MiB\n- birch\n- cedar\nEnd\n"


def test_markdown_is_not_escaped() -> None:
    assert render_handout("`a < b && c`", VALUES, "README.md.j2") == "`a < b && c`"


@pytest.mark.parametrize(
    ("template", "where", "found"),
    [
        ("one\n{{ p.limit }}\n", "README.md.j2:2", "limit"),
        ("one\n\n{{ sed }}\n", "README.md.j2:3", "'sed' is undefined"),
        ("{% for x in p.names %}\n", "README.md.j2:1", "endfor"),
        ("one\n{{ p.limit_mib // 0 }}\n", "README.md.j2:2", "zero"),
    ],
)
def test_a_hole_is_refused_with_its_line(template: str, where: str, found: str) -> None:
    with pytest.raises(LabFileError) as caught:
        render_handout(template, VALUES, "README.md.j2")
    assert caught.value.where == where
    assert found in caught.value.found
