"""Guests of all the labs' tests in one go.

A test that wants a submission played takes a parameter `case` and the fixture `played`. The first of them has
all cases of this session played out of one pool, guests of different labs and of forgers side by side, as a
class is graded: every core is kept busy, and no submission may harm another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playing import Case, play_all

from labkit.model.errors import LabkitError
from labkit.model.rows import RunDone

SECONDS = 3600  # of the first test, which waits for all


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_played(item):
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Case], RunDone]:
    """What became of a case. Raises what kept it from being graded."""
    cases = [item.callspec.params["case"] for item in request.session.items if _is_played(item)]
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")

    capture = request.config.pluginmanager.get_plugin("capturemanager")
    turn = threading.Lock()

    def say(line: str) -> None:
        """Who waits for all of them sees each that is done, in a log file too: past pytest's capture."""
        with turn, capture.global_and_fixture_disabled():
            terminal.write_line(line)
            terminal.flush()

    done = play_all(cases, tmp_path_factory.mktemp("runs"), say)

    def result(case: Case) -> RunDone:
        outcome = done[case]
        if isinstance(outcome, LabkitError):
            raise outcome
        return outcome

    return result


def _is_played(item: pytest.Item) -> bool:
    """Other rooms' tests are in a session too, and a parameter of theirs may be called `case` as well."""
    return "played" in getattr(item, "fixturenames", ())
