"""A guest that is called off from another thread: QEMU dies at once, and its end is still waited for."""

from __future__ import annotations

import threading
import time

import pytest
from qemu_machines import TWO_NODES, PlanMaker, soon

from labkit.pools.cancel import CancellablePace, Token
from labkit.qemu.process import start

pytestmark = pytest.mark.qemu


def test_killing_it_wakes_the_thread_that_waits_for_it(make_plan: PlanMaker) -> None:
    with start(TWO_NODES, make_plan(), soon()) as vm:
        threading.Timer(0.1, vm.kill).start()
        began = time.monotonic()
        assert vm.wait(soon()) == -9
        assert time.monotonic() - began < 5
        vm.kill()  # once more is no error
    assert vm.descent is not None
    assert vm.descent.ended_by == "itself"


def test_the_end_of_work_that_was_called_off_is_waited_for_all_the_same(make_plan: PlanMaker) -> None:
    token = Token()
    with start(TWO_NODES, make_plan(), soon(), pace=CancellablePace(token=token)) as vm:
        token.cancel()
    assert vm.descent is not None
    assert vm.descent.ended_by == "QMP quit"
    assert vm.exit_status == 0
