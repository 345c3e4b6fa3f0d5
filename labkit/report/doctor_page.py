"""The doctor's page: plain text of 80 columns that survives being pasted into a bug report."""

from __future__ import annotations

import textwrap

from labkit.model.health import Health, Page, Symptom

_COLUMNS = 80
_MARKS = {Health.OK: "ok", Health.WARN: "warn", Health.PROBLEM: "PROBLEM"}
_NAME = 15
_MARK = 8
_INDENT = " " * (_NAME + _MARK)


def render_page(page: Page) -> str:
    """One block a symptom, its remedy under it, and at the end whether labs can run.

    accelerator    warn    TCG: KVM does not work here: there is no /dev/kvm
                           do: enable virtualisation in the firmware
    """
    return "\n".join((f"labkit doctor, {page.when}", "", *map(_block, page.symptoms), "", _conclusion(page)))


def _block(symptom: Symptom) -> str:
    head = f"{symptom.name:<{_NAME}}{_MARKS[symptom.health]:<{_MARK}}"
    lines = textwrap.wrap(
        symptom.found, _COLUMNS, initial_indent=head, subsequent_indent=_INDENT, break_on_hyphens=False
    )
    # A remedy is pasted: it is never broken inside a word, and rather runs over than is cut.
    lines += textwrap.wrap(
        symptom.remedy,
        _COLUMNS,
        initial_indent=f"{_INDENT}do: ",
        subsequent_indent=f"{_INDENT}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines or [head.rstrip()])


def _conclusion(page: Page) -> str:
    if not page.problems:
        return "This machine can run labs."
    names = ", ".join(symptom.name for symptom in page.problems)
    return f"This machine cannot run labs yet. To solve: {names}"
