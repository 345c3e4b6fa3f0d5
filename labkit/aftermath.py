"""Hallway: why a guest went while something ran in it, told from its console and from how QEMU ended."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.guest.door import Ending
from labkit.guest.logbook import Word, read_log, sightings
from labkit.stage import Stage

_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a guest, in a sentence."""

    says: str
    panicked: bool = False
    hangs: bool = False


def fate(stage: Stage, ending: Ending) -> Fate:
    """The end of a guest that was lost: a panic is on its console."""
    if ending is Ending.KILLED:
        return Fate(says="labkit's process in the guest was killed, which alone knows how the command ended")
    if ending is Ending.LOST:
        # A panic reboots at once (panic=-1) and -no-reboot ends QEMU: give it the moment that takes.
        for _ in stage.pace.deadline(_SECONDS, "aftermath").polls(0.02):
            if not stage.vm.alive:
                break
    seen = sightings(read_log(stage.vm.plan.console_log))
    panics = [sighting.text for sighting in seen if sighting.word is Word.PANIC]
    if panics:
        return Fate(says=f"the guest's kernel panicked: {panics[-1]}", panicked=True)
    last = f"; the last that its kernel told: {seen[-1].text}" if seen else ""
    if ending is Ending.HUNG:
        return Fate(says=f"the guest hangs: it does not answer{last}", hangs=True)
    if stage.vm.alive:
        return Fate(says=f"the guest lives, but ended its connection{last}")
    reason = stage.vm.shutdown_reason or f"QEMU's exit status {stage.vm.exit_status}"
    return Fate(says=f"the guest was switched off under the command ({reason}){last}")
