"""What the host saw of a guest kernel's own code: its text, and the modules beside it."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.model.units import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelText:
    """Digests of the kernel's text and read-only data.

    The sites that the kernel itself patches while it runs are left out, but only where what stands there is
    what the kernel would write: `sites` are counted, and `sites_sha256` is of their addresses, which never
    change. `strange` are the addresses of sites that hold something else; they are part of the digest.
    """

    text_sha256: str
    rodata_sha256: str
    sites: int
    sites_sha256: str
    strange: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleView:
    """A module, and in which of the kernel's three books it stands: list, address tree, sysfs' kset."""

    name: str
    state: str
    base: int
    size: Size
    taints: int
    listed: bool
    in_tree: bool
    in_kset: bool
