"""`labkit image`: the guest image and the kernel packs in the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.options import Quiet
from labkit.model.errors import ExitCode, UsageError

images = typer.Typer(help="Build, list and remove the guest image and kernel packs.")


@images.command()
def build(
    kernel: Annotated[
        list[str] | None,
        typer.Option("--kernel", metavar="NAME", help="Only this one; may be repeated.", show_default=False),
    ] = None,
    symbols: Annotated[
        bool, typer.Option("--symbols", help="Debug symbols too (300 MB to fetch, 250 MB kept, a kernel).")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Build what is missing or out of date."""
    from labkit import present, provision

    with present.progress(quiet=quiet) as listen:
        provision.build(tuple(kernel or ()), symbols=symbols, listen=listen)


@images.command(name="list")
def list_() -> None:
    """List what is built, with size and the time it took."""
    from labkit import present, provision

    present.images(provision.listing())


@images.command()
def rm(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Names from the list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was built.")] = False,
) -> int:
    """Remove built things; the next run builds again what it needs."""
    if bool(names) == everything:
        raise UsageError(
            where="labkit image rm",
            found="names and --all" if names else "no name",
            fix="give names or --all",
        )
    from labkit import present, provision

    present.removed(provision.remove(tuple(names or ()), everything=everything))
    return ExitCode.PASSED


@images.command()
def add_kernel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What --kernel will call it.")],
    *,
    bzimage: Annotated[Path, typer.Option("--bzimage", metavar="FILE", help="arch/x86/boot/bzImage.")],
    modules: Annotated[Path, typer.Option("--modules", metavar="DIR", help="What modules_install filled.")],
    headers: Annotated[
        Path | None,
        typer.Option(
            "--headers", metavar="DIR", help="linux-headers-RELEASE, for modules.", show_default=False
        ),
    ] = None,
    vmlinux: Annotated[
        Path | None,
        typer.Option(
            "--vmlinux", metavar="FILE", help="With DWARF, for reading guest memory.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make a pack of a kernel that you built."""
    from labkit import present, provision

    with present.progress(quiet=quiet) as listen:
        provision.add_kernel(
            name, bzimage=bzimage, modules=modules, headers=headers, vmlinux=vmlinux, listen=listen
        )
    present.text(f"kernel {name} is ready: labkit run LAB --kernel {name}")
