"""What is done once in a guest that is to be frozen, and once in each of its clones."""

from __future__ import annotations

import secrets
import time

from labkit.guest.attendant import Ask, arrive_request, request
from labkit.guest.deploy import PLAIN, put
from labkit.guest.door import Door
from labkit.guest.kmsg import read_kmsg
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken
from labkit.model.units import Deadline

ENTROPY_BYTES = 64
_REHEARSAL = "/tmp/rehearsal"


def arrive(door: Door, deadline: Deadline) -> None:
    """Set a clone's clock and mix entropy of the host into its kernel's random state.

    All clones of a template go on from one random state otherwise (drivers/char/random.c). The ioctl works on
    every kernel; the vmgenid device has a driver in Debian's 6.12 only (CONFIG_VMGENID).
    """
    given = arrive_request(time.time_ns(), secrets.token_bytes(ENTROPY_BYTES)) + request(Ask.UNPACK)
    door.request(given, deadline=deadline, wanted=2)


def rehearse(guest: Guest, deadline: Deadline) -> None:
    """Do once what labkit does in every clone: its programs then lie in the frozen memory."""
    done = guest.run(":", deadline=deadline)
    if done.status != 0:
        raise Broken(where="guest, rehearsal", found=done.ending.value, fix="report this with console.log")
    put(guest, {_REHEARSAL: (b"", PLAIN)}, deadline)
    guest.ask(f"rm {_REHEARSAL}", deadline=deadline)
    arrive(guest, deadline)
    read_kmsg(guest, deadline)


def leave(guest: Guest, deadline: Deadline) -> None:
    """Hang up, and have the guest end its side too: init then opens the door anew, and nobody walks in.

    Our shell's parent is the attendant (its name has no space in it), whose parent is dropbear.
    """
    end = "read -r _ _ _ dropbear _ </proc/$PPID/stat; (sleep 0.2; kill -9 $dropbear) >/dev/null 2>&1 &"
    guest.ask(end, deadline=deadline)
    guest.close()
