"""Guests that do not live through the test: each boots its own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from guests import raise_guest

from labkit.build.cache import Cache
from labkit.build.module import module
from labkit.build.pack import pack
from labkit.guest.capture import capture
from labkit.guest.console import last_resort
from labkit.guest.deploy import Load, load_module
from labkit.guest.door import Ending, GuestLost
from labkit.guest.kmsg import read_kmsg
from labkit.guest.logbook import Word, read_log, sightings
from labkit.model.events import silent
from labkit.model.lab import Tier
from labkit.model.machine import MachineSpec, Node
from labkit.model.units import Deadline, Size
from labkit.places import places

pytestmark = pytest.mark.guest

KERNELS = ("6.1", "6.12")
CRASHER = b"""// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/delay.h>

static char *how = "error";
module_param(how, charp, 0400);

static int __init crasher_init(void)
{
	if (how[0] == 'o')
		*(volatile int *)8 = 1;
	if (how[0] == 'p')
		panic("crasher was asked to");
	while (how[0] == 's')
		msleep(100);
	return -EBUSY;
}
module_init(crasher_init);
MODULE_LICENSE("GPL");
"""


def machine(kernel: str) -> MachineSpec:
    return MachineSpec(nodes=(Node(cpus=2, memory=Size.mib(384)),), kernel=kernel)


def soon(seconds: float = 60) -> Deadline:
    return Deadline.after(seconds, "test")


@pytest.mark.parametrize("kernel", KERNELS)
def test_kill_everything_ends_ssh_and_the_serial_shell_still_tells(kernel: str, tmp_path: Path) -> None:
    with raise_guest(machine(kernel), tmp_path) as stage:
        done = stage.guest.run("echo so long; sleep 1; kill -9 -1", student=Tier.ROOT, deadline=soon())
        # Lost when the next dropbear's greeting breaks in on the session, hung when that takes too long.
        assert done.ending in (Ending.LOST, Ending.HUNG)
        assert (done.status, done.stdout) == (None, b"so long\n")
        with pytest.raises(GuestLost):
            stage.guest.ask("true", deadline=soon())
        with last_resort(stage.vm.console, soon()) as shell:
            assert read_kmsg(shell, soon())[0].text.startswith("Linux version")
            (file,) = capture(shell, ["/proc/buddyinfo"], soon()).files
            assert (file.data or b"").startswith(b"Node 0, ")
            with suppress(GuestLost):
                shell.ask("echo o > /proc/sysrq-trigger; sleep 20", deadline=soon(20))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_panic_is_a_lost_guest_whose_console_says_why(kernel: str, tmp_path: Path) -> None:
    with raise_guest(machine(kernel), tmp_path) as stage:
        done = stage.guest.run(
            "echo bye; sleep 1; echo c > /proc/sysrq-trigger", student=Tier.ROOT, deadline=soon()
        )
        assert (done.ending, done.status, done.stdout) == (Ending.LOST, None, b"bye\n")
        stage.vm.wait(soon())
        seen = sightings(read_log(stage.vm.plan.console_log))
        assert [sighting.text for sighting in seen if sighting.word is Word.PANIC] == [
            "Kernel panic - not syncing: sysrq triggered crash"
        ]
        with pytest.raises(GuestLost), last_resort(stage.vm.console, soon()):
            pass


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_guest_that_is_stopped_is_hung(kernel: str, tmp_path: Path) -> None:
    with raise_guest(machine(kernel), tmp_path) as stage:
        stage.vm.qmp.command("stop", soon())
        with pytest.raises(GuestLost) as caught:
            stage.guest.ask("true", deadline=soon(1))
        assert caught.value.ending is Ending.HUNG
        with pytest.raises(GuestLost) as caught, last_resort(stage.vm.console, soon(1)):
            pass
        assert caught.value.ending is Ending.HUNG
        stage.vm.qmp.command("cont", soon())


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_end_of_a_module_is_a_value(kernel: str, tmp_path: Path) -> None:
    here = places()
    cache = Cache(here.cache)
    kernel_pack = pack(cache, kernel, here.images, silent)
    # A module that never got through its init blocks others of its name: one name an end.
    modules = {
        how: module(cache, how, {f"{how}.c": CRASHER}, kernel_pack, here.images, silent).path
        for how in ("error", "oops", "stuck", "panic")
    }
    with raise_guest(machine(kernel), tmp_path) as stage:
        refused, crashed, stuck, gone = (
            load_module(stage.guest, path, soon(10), {"how": how}) for how, path in modules.items()
        )
    assert (refused.load, crashed.load, stuck.load, gone.load) == (
        Load.REFUSED,
        Load.CRASHED,
        Load.STUCK,
        Load.GONE,
    )
    assert "busy" in refused.message.lower()
    assert any("NULL pointer dereference" in record.text for record in crashed.dmesg)
