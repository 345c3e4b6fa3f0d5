"""What a Gradescope autograder's zip holds beside labkit itself: setup.sh and run_autograder."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_setup(lab: str, kernel: str) -> str:
    """Runs once, as root, when the container's image is made."""
    return _world().get_template("setup.sh.j2").render(lab=lab, kernel=kernel)


def render_run(lab: str, kernel: str, *, policy: bool) -> str:
    """Runs for each submission."""
    return _world().get_template("run_autograder.j2").render(lab=lab, kernel=kernel, policy=policy)


@cache
def _world() -> Environment:
    return Environment(
        loader=PackageLoader("labkit.report.export", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # shell, of a lab's id and a kernel's name that were checked
        keep_trailing_newline=True,
    )
