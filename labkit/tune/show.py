"""Experiments to this process' screens."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from labkit.model.experiment import Experiment
from labkit.model.study import Comparison, Outlook, Study
from labkit.report.experiment import (
    render_comparison,
    render_experiments,
    render_plan,
    render_study,
    study_counts,
)
from labkit.streams import console_on


def outlook(what: Outlook) -> None:
    """What a run would be."""
    console_on(sys.stdout).print(render_plan(what))


def study(what: Study, page: Path, *, quiet: bool = False) -> None:
    """A row a cell, or one line when quiet."""
    console_on(sys.stdout).print(Text(study_counts(what)) if quiet else render_study(what, str(page)))


def comparison(what: Comparison) -> None:
    console_on(sys.stdout).print(render_comparison(what))


def experiments(what: Sequence[Experiment]) -> None:
    console_on(sys.stdout).print(render_experiments(what))
