"""The guest's root file system, and the root in which C is compiled."""

from __future__ import annotations

from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.debian import bootstrap
from labkit.build.erofs import make_erofs
from labkit.build.key import content_key
from labkit.build.progress import speaker
from labkit.build.recipe import load_buildroot, load_guest
from labkit.build.trees import remove_tree
from labkit.model.artefact import Artefact, ArtefactKind, GuestImage
from labkit.model.events import Listener

_LAYOUT = "1"  # of what the functions below put into data/


def image(cache: Cache, recipe: Path, listen: Listener, *, mirror: str | None = None) -> GuestImage:
    """The guest image of images/guest.toml, built on first use (24 s, 240 MB)."""
    wanted = load_guest(recipe)
    say = speaker(listen, ArtefactKind.IMAGE, "guest")

    def make(data: Path) -> None:
        root = data.parent / "root"
        bootstrap(
            root,
            suite=wanted.suite,
            variant=wanted.variant,
            packages=wanted.packages,
            drop=wanted.drop,
            say=say,
            mirror=mirror,
        )
        _set_root_shell(root / "etc" / "passwd", wanted.root_shell)
        say("packing the image")
        make_erofs(root, data / "root.erofs")
        remove_tree(root)

    key = content_key("image", _LAYOUT, (recipe / "guest.toml").read_bytes())
    built = cache.get_or_build(ArtefactKind.IMAGE, "guest", key, make, listen, room=wanted.room)
    return GuestImage(key=cache.digest(built), root=built.path / "root.erofs")


def buildroot(cache: Cache, recipe: Path, listen: Listener, *, mirror: str | None = None) -> Artefact:
    """The root of images/buildroot.toml as a folder `root`, with compiler, make, kmod and busybox."""
    wanted = load_buildroot(recipe)
    say = speaker(listen, ArtefactKind.BUILDROOT, "toolchain")

    def make(data: Path) -> None:
        bootstrap(
            data / "root",
            suite=wanted.suite,
            variant=wanted.variant,
            packages=wanted.packages,
            drop=wanted.drop,
            say=say,
            mirror=mirror,
        )

    # Flags and limits shape what is compiled, not the root.
    shape = wanted.model_dump_json(include={"suite", "variant", "packages", "drop"})
    key = content_key("buildroot", _LAYOUT, shape)
    return cache.get_or_build(ArtefactKind.BUILDROOT, "toolchain", key, make, listen, room=wanted.room)


def _set_root_shell(passwd: Path, shell: str) -> None:
    lines = passwd.read_text().splitlines()
    changed = [f"{line.rpartition(':')[0]}:{shell}" if line.startswith("root:") else line for line in lines]
    passwd.write_text("\n".join(changed) + "\n")
