"""The doctor's page as an operator pastes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labkit.model.errors import ExitCode
from labkit.model.health import Health, Page, Symptom
from labkit.report.doctor_page import render_page

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), max_size=300)

PAGE = Page(
    when="2026-11-23T15:00:00Z",
    symptoms=(
        Symptom(name="QEMU", health=Health.OK, found="7.2.22 at /usr/bin/qemu-system-x86_64"),
        Symptom(
            name="accelerator",
            health=Health.WARN,
            found="TCG: KVM does not work here: ended at once with signal 6: failed to set MSR 0x10a",
            remedy="nothing need be done: labs run under TCG, only slower",
        ),
        Symptom(
            name="tools",
            health=Health.PROBLEM,
            found="missing: bwrap",
            remedy="sudo apt-get install bubblewrap",
        ),
    ),
)


def test_the_page_reads_as_one_column_of_names_one_of_states_one_of_findings() -> None:
    assert render_page(PAGE) == (
        "labkit doctor, 2026-11-23T15:00:00Z\n"
        "\n"
        "QEMU           ok      7.2.22 at /usr/bin/qemu-system-x86_64\n"
        "accelerator    warn    TCG: KVM does not work here: ended at once with signal 6:\n"
        "                       failed to set MSR 0x10a\n"
        "                       do: nothing need be done: labs run under TCG, only slower\n"
        "tools          PROBLEM missing: bwrap\n"
        "                       do: sudo apt-get install bubblewrap\n"
        "\n"
        "This machine cannot run labs yet. To solve: tools"
    )
    assert PAGE.exit_code is ExitCode.HOST_CANNOT


def test_a_warning_keeps_no_lab_from_running() -> None:
    page = Page(when="now", symptoms=PAGE.symptoms[:2])
    assert render_page(page).endswith("This machine can run labs.")
    assert page.exit_code is ExitCode.PASSED


@given(WORDS, WORDS)
def test_what_was_found_stays_within_80_columns(found: str, remedy: str) -> None:
    page = Page(when="now", symptoms=(Symptom(name="x", health=Health.OK, found=found, remedy=remedy),))
    for line in render_page(page).splitlines():
        assert len(line) <= 80 or line.split()[-1] in remedy
