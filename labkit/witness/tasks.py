"""Processes: identity, memory, cgroup, and whether they are dying."""

from __future__ import annotations

from collections.abc import Iterator

from drgn import Object

from labkit.model.units import Size
from labkit.model.witness import PAGE, TaskView
from labkit.witness.cgroups import path_of
from labkit.witness.memory import Memory, NonsenseError

MAX_TASKS = 65536  # twice pid_max of a machine with 32 CPUs or fewer
PF_EXITING = 0x00000004  # include/linux/sched.h, the same since v2.6
PF_KTHREAD = 0x00200000
_SIGKILL = 1 << 8
_STATES = "RSDTtXZP"  # fs/proc/array.c task_state_array; I is a D that does not count as load


def process_addresses(memory: Memory) -> Iterator[int]:
    """The task_struct of every thread group's leader but the idle task. Raises NonsenseError."""
    head = (memory.prog["init_task"].address_ or 0) + memory.offset("struct task_struct", "tasks")
    yield from memory.entries(head, "struct task_struct", "tasks", MAX_TASKS)


def read_tasks(memory: Memory) -> tuple[TaskView, ...]:
    """Every process, in the kernel's order. Raises NonsenseError."""
    addresses = tuple(process_addresses(memory))  # first: an endless list shows by its links alone
    return tuple(_task(memory, address) for address in addresses)


def mm_of(memory: Memory, task: Object) -> Object | None:
    address = task.mm.value_()
    return memory.at("struct mm_struct", address) if address else None


def thread_addresses(memory: Memory, task: Object) -> tuple[int, ...]:
    """Every thread of a process."""
    return _threads(memory, task.signal.value_())


def threads_of(memory: Memory, address: int) -> tuple[int, ...]:
    """The same of the process whose leader's task_struct is at an address."""
    signal = memory.word(address + memory.offset("struct task_struct", "signal"))
    return _threads(memory, signal) if signal else (address,)


def _threads(memory: Memory, signal: int) -> tuple[int, ...]:
    head = signal + memory.offset("struct signal_struct", "thread_head")
    return tuple(memory.entries(head, "struct task_struct", "thread_node", MAX_TASKS))


def resident(memory: Memory, task: Object, mm: Object) -> dict[str, int]:
    """Pages by MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES and MM_SWAPENTS, exact.

    v6.1 keeps what a thread has not yet added in its task (SPLIT_RSS_COUNTING), v6.12 in per-CPU counters
    (Linux commit f1a7941243c1 "mm: convert mm's rss stats into percpu_counter" (in v6.2)).
    """
    names = ("MM_FILEPAGES", "MM_ANONPAGES", "MM_SWAPENTS", "MM_SHMEMPAGES")
    if mm.rss_stat.type_.kind.name == "ARRAY":
        counts = {name: mm.rss_stat[memory.number(name)] for name in names}
        return {
            name: each.count.value_() + memory.per_cpu_sum(each.counters.value_(), 4)
            for name, each in counts.items()
        }
    found = {name: mm.rss_stat.count[memory.number(name)].counter.value_() for name in names}
    offset = memory.offset("struct task_struct", "rss_stat")
    for thread in thread_addresses(memory, task):
        cached = memory.at("struct task_rss_stat", thread + offset)
        for name in names:
            found[name] += cached.count[memory.number(name)].value_()
    return found


def faults(memory: Memory, task: Object, kind: str) -> int:
    """How many faults a process has had, `kind` being min_flt or maj_flt, as fs/proc/array.c, do_task_stat(),
    adds them up: a thread that ends leaves its own to the process (kernel/exit.c, __exit_signal()).
    """
    ended = memory.at("struct signal_struct", task.signal.value_())
    offset = memory.offset("struct task_struct", kind)
    living = sum(memory.word(thread + offset) for thread in thread_addresses(memory, task))
    return living + int(ended.member_(kind).value_())


def _task(memory: Memory, address: int) -> TaskView:
    task = memory.at("struct task_struct", address)
    mm = mm_of(memory, task)
    flags = task.flags.value_()
    pages = resident(memory, task, mm) if mm is not None else {}
    signal = memory.at("struct signal_struct", task.signal.value_()) if task.signal else None
    pending = task.pending.signal.sig[0].value_() | (
        signal.shared_pending.signal.sig[0].value_() if signal is not None else 0
    )
    cred = memory.at("struct cred", task.cred.value_())
    cgroups = memory.at("struct css_set", task.cgroups.value_())
    parent = Object(memory.prog, memory.type("struct task_struct"), address=task.real_parent.value_())
    return TaskView(
        pid=task.pid.value_(),
        comm=task.comm.string_().decode("utf-8", "replace"),
        uid=cred.uid.val.value_(),
        parent=parent.tgid.value_(),
        threads=signal.nr_threads.value_() if signal is not None else 0,
        state=_state(task),
        flags=flags,
        oom_score_adj=signal.oom_score_adj.value_() if signal is not None else 0,
        cgroup=path_of(memory, cgroups.dfl_cgrp.value_()),
        kernel_thread=bool(flags & PF_KTHREAD),
        busy=bool(mm is not None and mm.mmap_lock.count.counter.value_()),
        dying=bool(flags & PF_EXITING or pending & _SIGKILL),
        rss_anon=Size(PAGE * pages.get("MM_ANONPAGES", 0)),
        rss_file=Size(PAGE * pages.get("MM_FILEPAGES", 0)),
        rss_shmem=Size(PAGE * pages.get("MM_SHMEMPAGES", 0)),
        swap=Size(PAGE * pages.get("MM_SWAPENTS", 0)),
        page_tables=Size(mm.pgtables_bytes.counter.value_() if mm is not None else 0),
        minor_faults=faults(memory, task, "min_flt") if signal is not None else 0,
        major_faults=faults(memory, task, "maj_flt") if signal is not None else 0,
    )


def _state(task: Object) -> str:
    """include/linux/sched.h task_state_index()."""
    state = getattr(task, "__state").value_()
    if state & 0x402 == 0x402:  # TASK_IDLE
        return "I"
    shown = (state | task.exit_state.value_()) & 0x7F  # TASK_REPORT
    index = shown.bit_length()
    if index >= len(_STATES):
        raise NonsenseError(f"a task in state {state:#x}")
    return _STATES[index]
