"""Experiments on a terminal: what is planned, what came out, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from labkit.model.experiment import Experiment, Level, Metric, MetricKind, Source
from labkit.model.study import CellSummary, Comparison, Contrast, Estimate, Outlook, Study
from labkit.model.trial import End
from labkit.report.terminal import WIDE
from labkit.report.text import count_of, human_seconds, oneline

SHOWN, SHOWN_WIDE = 3, 7  # metrics a row
MOST_CHANGES = 40
_STYLES = {End.COMPLETED: "", End.INVALID: "yellow", End.BROKEN: "cyan"}


def render_plan(outlook: Outlook) -> RenderableType:
    """What a run would be, before anything runs."""
    experiment = outlook.experiment
    facts = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    facts.add_row("question", oneline(experiment.question))
    for factor in experiment.factors:
        levels = ", ".join(str(level) for level in factor.levels)
        facts.add_row(factor.name, oneline(f"{factor.kind.value} {factor.target}: {levels}"))
    for knob in experiment.settings:
        facts.add_row("always", oneline(f"{knob.name} = {knob.levels[0]}"))
    facts.add_row("design", f"{experiment.design.kind.value}: {count_of(outlook.cells, 'cell')}")
    facts.add_row("trials", f"{outlook.trials}, {count_of(experiment.repeats, 'repeat')} of each cell")
    facts.add_row(
        "guests", f"{count_of(outlook.guests, 'boot')}, then clones; {outlook.at_once} at once fit here"
    )
    facts.add_row("time", f"about {human_seconds(outlook.seconds)}, under TCG")
    title = oneline(f"{experiment.id} · {experiment.title}", style="bold")
    return Group(title, Text(), facts)


def render_experiments(experiments: Sequence[Experiment]) -> RenderableType:
    """A row an experiment: its name, and what it asks."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("experiment", no_wrap=True, style="bold")
    table.add_column("question")
    for each in experiments:
        table.add_row(each.id, oneline(each.question))
    return Group(table, Text(), Text("labkit tune plan EXPERIMENT says what a run takes."))


@dataclass(frozen=True, slots=True)
class StudyPage:
    """The table of an experiment; it asks the console for its width when it is drawn."""

    study: Study
    page: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        yield _study(self.study, self.page, SHOWN_WIDE if options.max_width >= WIDE else SHOWN)


def render_study(study: Study, page: str) -> RenderableType:
    """A row a cell: how its repeats ended and the medians of what is asked."""
    return StudyPage(study, page)


def _study(study: Study, page: str, shown: int) -> RenderableType:
    experiment = study.experiment
    metrics = shown_metrics(experiment)[:shown]
    varied = [factor.name for factor in experiment.factors if len(factor.levels) > 1]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in varied:
        table.add_column(name, no_wrap=True, justify="right", style="bold")
    table.add_column("trials", no_wrap=True)
    for metric in metrics:
        table.add_column(metric.name, justify="right", no_wrap=True)
    for cell in study.cells:
        table.add_row(
            *(str(cell.levels[name]) for name in varied),
            _ends(cell),
            *(Text(median_of(cell.estimates.get(metric.name), metric)) for metric in metrics),
        )
    parts: list[RenderableType] = [oneline(f"{experiment.id} · {experiment.title}", style="bold"), Text()]
    parts += [table, Text(), Text(study_counts(study), style="bold")]
    parts += [oneline(line, style="yellow") for line in reasons(study)]
    if page:
        parts.append(oneline(f"page: {page}"))
    return Group(*parts)


def render_comparison(comparison: Comparison) -> RenderableType:
    """What became worse first, then what differs; what does not is counted."""
    differs = [it for it in comparison.contrasts if it.difference is not None and it.difference.is_sure]
    same = len(comparison.contrasts) - len(differs)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "metric", "cell"):
        table.add_column(name)
    for name in (comparison.first, comparison.second, "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for contrast in differs[:MOST_CHANGES]:
        table.add_row(*_contrast(contrast))
    worse = sum(bool(it.worse) for it in comparison.contrasts)
    counts = f"{worse} worse, {len(differs) - worse} otherwise different, {same} not surely different"
    parts: list[RenderableType] = [table, Text()] if differs else []
    if len(differs) > MOST_CHANGES:
        parts.append(Text(f"… and {len(differs) - MOST_CHANGES} more"))
    for levels, was, now in comparison.ends:
        parts.append(oneline(f"{spelled(levels)}: ended {was}; then {now}", style="yellow"))
    parts.append(Text(counts, style="bold"))
    if comparison.alone:
        parts.append(Text(f"{count_of(comparison.alone, 'cell')} that only one of them has"))
    return Group(*parts)


def shown_metrics(experiment: Experiment) -> Sequence[Metric]:
    """What a plot is of, then what is worked out, then the rest; a terminal has room for few."""
    plotted = [plot.metric for plot in experiment.plots]

    def rank(metric: Metric) -> int:
        if metric.name in plotted:
            return plotted.index(metric.name)
        return len(plotted) + (metric.source is not Source.FORMULA)

    return sorted(experiment.metrics, key=rank)


def median_of(found: Estimate | None, metric: Metric) -> str:
    """'0.41', '25,599', '1.5 MiB', with its interval where that is not a point."""
    if found is None:
        return "–"
    middle = number(found.median, metric.kind)
    if found.low == found.high:
        return middle
    return f"{middle} [{number(found.low, metric.kind)}, {number(found.high, metric.kind)}]"


def number(value: float, kind: MetricKind) -> str:
    match kind:
        case MetricKind.RATIO:
            return f"{value:.3g}"
        case MetricKind.BYTES:
            return f"{value / (1 << 20):,.1f} MiB" if abs(value) >= 1 << 20 else f"{value / 1024:,.0f} KiB"
        case MetricKind.TIME:
            return f"{value:.3g} s"
        case MetricKind.COUNT | MetricKind.INSTRUCTIONS:
            return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def study_counts(study: Study) -> str:
    ends = ", ".join(f"{number} {end.value}" for end, number in study.ends.items())
    words = [f"{count_of(len(study.rows), 'trial')} of {count_of(len(study.cells), 'cell')}: {ends}"]
    if study.stale:
        words.append(f"{study.stale} made otherwise (another form, accelerator, kernel or QEMU) are left out")
    if study.proofs:
        same = sum(proof.same for proof in study.proofs)
        words.append(f"{same} of {len(study.proofs)} that were made again said the same bytes")
    return "; ".join(words)


def reasons(study: Study) -> list[str]:
    """Why trials are invalid, or broken, or failed: each reason once."""
    found: dict[str, int] = {}
    for row in study.rows:
        if row.end is not End.COMPLETED and row.why:
            line = f"{row.end.value}: {row.why.splitlines()[0]}"
            found[line] = found.get(line, 0) + 1
    return [f"{number} × {line}" for line, number in sorted(found.items(), key=lambda item: -item[1])]


def spelled(levels: Mapping[str, Level]) -> str:
    return " ".join(f"{name}={level}" for name, level in levels.items())


def _ends(cell: CellSummary) -> Text:
    text = Text()
    for end, count in cell.ends.items():
        word = str(count) if end is End.COMPLETED else f"{count} {end.value}"
        text.append(("" if not text else ", ") + word, style=_STYLES.get(end, "red"))
    return text


def _contrast(contrast: Contrast) -> tuple[Text, ...]:
    assert contrast.difference is not None
    share = "" if contrast.share is None else f" ({100 * contrast.share:+.0f} %)"
    return (
        Text("worse", style="red") if contrast.worse else Text(""),
        Text(contrast.metric, style="bold"),
        oneline(spelled(contrast.levels)),
        Text("–" if contrast.first is None else f"{contrast.first.median:,.4g}"),
        Text("–" if contrast.second is None else f"{contrast.second.median:,.4g}"),
        Text(f"{contrast.difference.by:+,.4g}{share}"),
    )
