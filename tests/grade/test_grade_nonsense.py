"""A map that could not be read is no reason to judge nobody: it is a picture."""

from __future__ import annotations

from readings import reading

from labkit.grade.conservation import nonsense, violations
from labkit.model.witness import Incoherent, Probe


def test_a_map_without_sense_breaks_no_law() -> None:
    odd = reading(incoherent=(Incoherent(probe=Probe.MAP, found="a kernel stack of 99 pages"),))
    assert nonsense(odd) == ()
    assert violations(odd) == ()


def test_every_other_probe_without_sense_breaks_one() -> None:
    odd = tuple(Incoherent(probe=probe, found="no end") for probe in Probe if probe is not Probe.MAP)
    assert nonsense(reading(incoherent=odd)) == odd
    assert len(violations(reading(incoherent=odd))) == len(odd)
