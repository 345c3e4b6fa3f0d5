"""Modules, out of three books that the kernel keeps of them: the list that /proc/modules and lsmod show, the
tree that finds a module by address (for backtraces and exception tables), and the kset behind /sys/module."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.model.kernel_text import ModuleView
from labkit.model.units import Size
from labkit.witness.memory import Memory, NonsenseError

MAX_MODULES = 4096
_STATES = {0: "live", 1: "coming", 2: "going", 3: "unformed"}
_MASK = 2**64 - 1


def read_modules(memory: Memory) -> tuple[ModuleView, ...]:
    """Every module that stands in any of the books, by name. Raises NonsenseError."""
    head = memory.prog["modules"].address_ or 0
    listed = set(memory.entries(head, "struct module", "list", MAX_MODULES))
    tree = set(_in_tree(memory))
    kset = set(_in_kset(memory))
    views = (
        _module(memory, address, listed=address in listed, in_tree=address in tree, in_kset=address in kset)
        for address in listed | tree | kset
    )
    return tuple(sorted(views, key=lambda view: view.name))


def _module(memory: Memory, address: int, *, listed: bool, in_tree: bool, in_kset: bool) -> ModuleView:
    module = memory.at("struct module", address)
    if memory.has("MOD_TEXT"):  # Linux commit ac3b43283923 "module: replace module_layout with module_memory"
        mem = [module.mem[index] for index in range(memory.number("MOD_MEM_NUM_TYPES"))]
        base, size = mem[0].base.value_(), sum(each.size.value_() for each in mem)
    else:
        base = module.core_layout.base.value_()
        size = module.core_layout.size.value_() + module.init_layout.size.value_()
    return ModuleView(
        name=module.name.string_().decode("utf-8", "replace"),
        state=_STATES.get(module.state.value_(), "unknown"),
        base=base,
        size=Size(size),
        taints=module.taints.value_(),
        listed=listed,
        in_tree=in_tree,
        in_kset=in_kset,
    )


def _in_tree(memory: Memory) -> Iterator[int]:
    """The modules of mod_tree: a latched red-black tree, of which the even or the odd half is in use."""
    tree = memory.at("struct mod_tree_root", memory.prog["mod_tree"].address_ or 0)
    half = tree.root.seq.seqcount.sequence.value_() & 1
    node = memory.offset("struct mod_tree_node", "node")
    step = (memory.type("struct latch_tree_node").size or 0) // 2
    waiting = [tree.root.tree[half].rb_node.value_()]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if not link:
            continue
        if link in seen or len(seen) > 2 * MAX_MODULES:
            raise NonsenseError("the tree of modules does not end")
        seen.add(link)
        rb = memory.at("struct rb_node", link)
        waiting += [rb.rb_left.value_(), rb.rb_right.value_()]
        yield memory.at("struct mod_tree_node", (link - half * step - node) & _MASK).mod.value_()


def _in_kset(memory: Memory) -> Iterator[int]:
    """The modules of /sys/module; an entry without one stands for built-in code with parameters."""
    kset = memory.number("module_kset")
    head = kset + memory.offset("struct kset", "list")
    for kobject in memory.entries(head, "struct kobject", "entry", MAX_MODULES):
        holder = kobject - memory.offset("struct module_kobject", "kobj")
        module = memory.at("struct module_kobject", holder).mod.value_()
        if module:
            yield module
