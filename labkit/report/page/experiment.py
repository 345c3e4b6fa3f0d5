"""The page of an experiment: its question, its plots, and the numbers behind each."""

from __future__ import annotations

from labkit.model.study import Study
from labkit.report.experiment import median_of, reasons, spelled, study_counts
from labkit.report.page.render import world
from labkit.report.plots import ends_map, plots

TEMPLATE = "experiment.html.j2"


def render_experiment(study: Study) -> str:
    """The whole page."""
    experiment = study.experiment
    under = sorted({f"{row.trial.accel}, QEMU {row.trial.qemu}" for row in study.rows})
    releases = sorted({row.trial.release for row in study.rows})
    return (
        world()
        .get_template(TEMPLATE)
        .render(
            study=study,
            experiment=experiment,
            counts=study_counts(study),
            reasons=reasons(study),
            ends=ends_map(study),
            plots=plots(study),
            varied=[factor.name for factor in experiment.factors if len(factor.levels) > 1],
            median_of=median_of,
            spelled=spelled,
            under=under,
            releases=releases,
        )
    )
