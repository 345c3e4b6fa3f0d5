"""What is in a process' pages, against what the process was told to put there."""

from __future__ import annotations

import pytest
from witnessed import Pair

from labkit.model.units import Deadline, Size
from labkit.model.witness import Contents, Look, Probe

pytestmark = pytest.mark.guest

# Maps 24 MiB: 8 with data at the end of each page, 8 with zeroes written, 8 only read; says when it is done.
PROGRAM = """
import mmap, time
page, part = 4096, 8 << 20
memory = mmap.mmap(-1, 3 * part, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, part, page):
    memory[at + page - 1] = 7
    memory[part + at] = 0
    memory[2 * part + at]
print("done", flush=True)
time.sleep(600)
"""


def test_pages_with_data_are_told_from_pages_of_zeroes_and_from_none(pair: Pair) -> None:
    before = idle(pair)
    pair.run(
        "cp /usr/bin/python3 /tmp/painter && cat >/tmp/painter.py <<'END'\n"
        + PROGRAM
        + "END\n(/tmp/painter /tmp/painter.py >/tmp/said 2>/tmp/wrong &)\n"
        "for n in $(seq 300); do grep -q done /tmp/said && exit; sleep 0.1; done; cat /tmp/wrong; exit 1"
    )
    seen = look(pair, "painter")
    assert Size.mib(16) <= seen.mapped - before.mapped < Size.mib(17)
    assert Size.mib(8) <= seen.filled - before.filled < Size.mib(9)
    pair.run("pkill -9 painter")


def idle(pair: Pair) -> Contents:
    """The same program with nothing of ours in it."""
    pair.run(
        "cp /usr/bin/python3 /tmp/painter && (/tmp/painter -c 'import mmap, time; time.sleep(600)' &) >&2"
    )
    pair.run("sleep 2")
    found = look(pair, "painter")
    pair.run("pkill -9 painter; rm /tmp/painter; sleep 0.2")
    return found


def look(pair: Pair, comm: str) -> Contents:
    reading = pair.witness.look(Look(contents_of=(comm,)), Deadline.after(30, "witness"))
    assert reading.incoherent == ()
    (found,) = reading.contents
    assert found.comm == comm
    return found


def test_a_name_that_nobody_bears_has_no_contents(pair: Pair) -> None:
    reading = pair.witness.look(
        Look(probes=(Probe.TASKS,), contents_of=("nobody",)), Deadline.after(30, "witness")
    )
    assert reading.contents == ()
    assert reading.tasks
