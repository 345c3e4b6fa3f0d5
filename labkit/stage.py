"""Hallway: a guest on the stage: a clone of a template or booted from nothing, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from labkit.act import CAPTURE_SECONDS, Past
from labkit.boot import entered, launch_plan, load_cargo, ready, settled
from labkit.guest.arrive import arrive
from labkit.guest.keys import load_keys, make_keys
from labkit.guest.ssh import Guest
from labkit.model.errors import Broken
from labkit.model.machine import Started
from labkit.model.units import Pace
from labkit.order import QEMU_SECONDS, Clock, Order
from labkit.qemu.argv import render_argv
from labkit.qemu.launch import Frozen
from labkit.qemu.live import live_folder
from labkit.qemu.process import Vm, start
from labkit.template import Template, discard, find_or_make


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A guest ready for a student's work. `past` is what it saw before; a clone's is its template's."""

    vm: Vm
    guest: Guest
    clock: Clock
    pace: Pace
    past: Past
    started: Started


@contextmanager
def raised(order: Order, clock: Clock) -> Iterator[Stage]:
    """A guest as ordered.

    Raises Broken when it does not come up as declared: then no student's code has run yet. When the order's
    token is cancelled, QEMU is killed and every wait fails, whatever it says; callers ask the token why.
    """
    with ExitStack() as stack:
        if order.cold:
            yield stack.enter_context(_cold(order, clock))
            return
        template = find_or_make(order, clock)
        try:
            stage = stack.enter_context(_clone(order, template, clock))
        except Broken as error:
            order.token.check()
            # What stands in a template is checked, not proven: one that yields no guest is made once more.
            clock.warn("clone", f"the template is of no use and is made again: {error.found}")
            discard(order, template)
            stage = stack.enter_context(_clone(order, find_or_make(order, clock), clock))
        yield stage


@contextmanager
def _cold(order: Order, clock: Clock) -> Iterator[Stage]:
    with live_folder(order.here.live) as live:
        keys = make_keys(live)
        load_cargo(order.cargo, live)
        plan = launch_plan(order, live, keys.files)
        order.on_argv(render_argv(order.machine, plan))
        with (
            ready(order, plan, clock) as vm,
            order.token.on_cancel(vm.kill),
            entered(order, vm, keys, clock) as guest,
        ):
            seen = settled(order, guest, clock)
            arrive(guest, order.pace.deadline(CAPTURE_SECONDS, "arrival"))
            past = Past(boot_files=seen)
            yield Stage(vm=vm, guest=guest, clock=clock, pace=order.pace, past=past, started=Started.COLD)


@contextmanager
def _clone(order: Order, template: Template, clock: Clock) -> Iterator[Stage]:
    """A guest of the template, with a clock and a random state of its own.

    Clones share what identity does not hang on: each is alone on its link, so one MAC address serves all, and
    their host key proves a guest of this template to labkit, which reaches each by a socket of its own.
    """
    pace = order.pace
    with live_folder(order.here.live) as live, ExitStack() as stack:
        keys = load_keys(template.folder)
        load_cargo(order.cargo, live)
        plan = launch_plan(order, live, keys.files, Frozen(folder=template.folder))
        order.on_argv(render_argv(order.machine, plan))
        with clock.phase("clone", text="a guest of the template"):
            vm = stack.enter_context(
                start(order.machine, plan, pace.deadline(QEMU_SECONDS, "QEMU start"), pace=pace)
            )
        stack.enter_context(order.token.on_cancel(vm.kill))
        guest = stack.enter_context(entered(order, vm, keys, clock, heard=template.greeting))
        arrive(guest, pace.deadline(CAPTURE_SECONDS, "arrival"))
        yield Stage(vm=vm, guest=guest, clock=clock, pace=pace, past=template.past, started=Started.CLONE)
