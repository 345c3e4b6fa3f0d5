"""`labkit exec` beside virtme-ng: the same program in a guest, whole process against whole process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import virtme
from timing import Measure, Sample, command, in_turn

from labkit.model.errors import LabkitError
from labkit.model.events import silent
from labkit.model.machine import Accel
from labkit.places import places
from labkit.provision import platform

KERNEL = "6.1"  # of both: Debian's cloud kernel here, its generic one there
MEMORY_MIB = 512
CPUS = 2


def compare(labkit: Path, count: int) -> tuple[Measure, ...]:
    """`uname -r` by turns in a guest of each; says the ratio, or in a sentence why there is none."""
    base = platform(places(), KERNEL, "auto", silent)
    samples: dict[str, Sample] = {
        f"labkit exec, {KERNEL}": command(
            labkit, "exec", "--kernel", KERNEL, "--", "uname", "-r", says=base.pack.release
        )
    }
    try:
        rival = virtme.ready()
        words = rival.argv("uname", "-r", memory_mib=MEMORY_MIB, cpus=CPUS, kvm=base.probe.accel is Accel.KVM)
        run = command(*words, says=rival.release, env=rival.env)
        run()  # once, so that a host where it cannot run says so now
        samples[f"virtme-ng {virtme.VERSION}, {KERNEL}"] = run
    except (LabkitError, OSError, subprocess.CalledProcessError, ValueError) as error:
        print(f"virtme-ng cannot be measured here: {error}", flush=True)
    next(iter(samples.values()))()  # makes the template where there is none
    measures = in_turn(samples, count)
    if len(measures) == 2:
        ratio = measures[1].median / measures[0].median
        print(f"labkit exec is {ratio:.1f} times as fast as virtme-ng ({base.probe.accel.value})", flush=True)
    return measures
