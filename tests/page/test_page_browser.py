"""The page in a real browser: fits a phone and a wide screen, and axe finds nothing serious.

Installs Debian's Chromium if it may; else the tests are skipped, with a sentence.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from experiments import FACTORS, write_experiment
from graded_class import BOB, LEDGER, VERDICTS
from trials import METRICS, trial

from labkit.design.summary import study
from labkit.grade.run import grade
from labkit.labfile.load import load
from labkit.labfile.tuning import load_experiment
from labkit.model.coursework import Showing, Visibility
from labkit.model.events import silent
from labkit.model.trial import End
from labkit.page import put_page
from labkit.report.page.course import Example, render_class, render_feedback
from labkit.report.page.experiment import render_experiment
from labkit.store.reader import read

pytest.importorskip("playwright", reason="playwright is not installed: pip install '.[dev]'")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

LABS = Path(__file__).resolve().parents[2] / "labs"
# Everything there is, one that fails, one with OOM tables, one with free blocks, one with reclaim.
GOLDEN = (
    "lab2/evidence/fail-6.12",
    "compaction/evidence/pass-6.1",
    "oom/evidence/fail-6.1",
    "lab1/evidence/pass-6.12",
)
PAGES = (*GOLDEN, "class", "feedback", "experiment")
WIDTHS = (375, 1024, 1600)
SERIOUS = {"serious", "critical"}
INSTALL_SECONDS = 600


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name in GOLDEN:
        golden = LABS / name
        lab, evidence = load(golden.parents[1]), read(golden)
        folder = tmp_path_factory.mktemp("run")
        put_page(folder, grade(lab, evidence), evidence, lab.id, silent)
        made[name] = folder / "report.html"
    made["class"], made["feedback"] = class_pages(tmp_path_factory.mktemp("course"))
    made["experiment"] = experiment_page(tmp_path_factory.mktemp("experiment"))
    return made


def experiment_page(folder: Path) -> Path:
    """The page of an experiment with a plot over numbers, one over words, and a trial that died."""
    factors = FACTORS + '[[factor]]\nname = "lru"\nparameter = "lru"\nlevels = ["n", "y"]\n'
    plots = '[[plot]]\nmetric = "faults"\nover = "swappiness"\nby = "lru"\n'
    plots += '[[plot]]\nmetric = "each"\nover = "lru"\nby = "swappiness"\n'
    made = load_experiment(write_experiment(folder / "x", factors=factors, metrics=METRICS, rest=plots))
    trials = [
        trial(
            number,
            swappiness=level,
            repeat=repeat,
            experiment=made.digest,
            levels={"swappiness": level, "lru": lru},
        )
        for repeat, number in enumerate((30, 32, 37), start=1)
        for level in (10, 60)
        for lru in "ny"
    ]
    trials[0] = replace(trials[0], end=End.PANICKED, detail="the guest's kernel panicked: a <b>panic</b>")
    page = folder / "report.html"
    page.write_text(render_experiment(study(made, trials)))
    return page


def class_pages(folder: Path) -> tuple[Path, Path]:
    """The instructor's page of a class with every end in it, and the page of a student who failed a check."""
    example = Example(finding=VERDICTS[BOB.key].checks[1], run="runs/x/report.html")
    whole, one = folder / "class.html", folder / "feedback.html"
    whole.write_text(render_class(LEDGER, {"order": example}, "0.1.0"))
    showing = Showing(checks={"touches": Visibility.HIDDEN})
    one.write_text(render_feedback(BOB, LEDGER.rulings[1], VERDICTS[BOB.key], showing, is_due=False))
    return whole, one


@pytest.mark.timeout(INSTALL_SECONDS + 60)
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, pages: dict[str, Path], name: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = opened(context.new_page(), pages[name])
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    found = Axe().run(page).response["violations"]
    assert [(it["id"], it["nodes"][0]["html"]) for it in found if it["impact"] in SERIOUS] == []
    context.close()


@pytest.mark.timeout(INSTALL_SECONDS + 60)
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen_and_nothing_is_asked_of_the_network(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = opened(context.new_page(), pages[name])
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {url for url in asked if not url.startswith("data:")} == {pages[name].as_uri()}
    context.close()


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_checks_open_and_close_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    page = opened(browser.new_page(), pages["compaction/evidence/pass-6.1"])
    first = page.locator("details.check").first
    assert first.get_attribute("open") is None
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.close()


@pytest.mark.timeout(INSTALL_SECONDS + 60)
def test_on_paper_what_is_closed_is_there_too(browser: Browser, pages: dict[str, Path]) -> None:
    page = opened(browser.new_page(), pages["compaction/evidence/pass-6.1"])
    hidden = page.locator("details.check dl").first
    assert not hidden.is_visible()
    page.emulate_media(media="print")
    assert hidden.is_visible()
    page.close()


def opened(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    return page
