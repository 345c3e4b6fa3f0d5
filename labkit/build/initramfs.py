"""The initramfs of one kernel: busybox, the modules that bring the root up, and init from its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labkit.build import cpio
from labkit.build.attendant import attendant
from labkit.build.cache import Cache
from labkit.build.image import buildroot
from labkit.build.kernel import Kernel
from labkit.build.key import content_key
from labkit.build.modtree import ModuleTree, load_tree
from labkit.build.recipe import InitramfsRecipe, load_packs
from labkit.model.artefact import ArtefactKind
from labkit.model.events import Listener

_APPLETS = (
    "cat",
    "chmod",
    "cp",
    "insmod",
    "ip",
    "ln",
    "mkdir",
    "mount",
    "poweroff",
    "sh",
    "switch_root",
    "usleep",
)
_LAYOUT = "2"  # of the archive beside its parts
_FOLDERS = ("bin", "dev", "lower", "modules", "proc", "root", "sys", "upper")


@dataclass(frozen=True, slots=True, kw_only=True)
class InitramfsParts:
    """Everything that shapes an initramfs beside the kernel's modules."""

    recipe: InitramfsRecipe
    busybox: bytes
    init_template: str
    inittab: bytes
    scripts: Mapping[str, bytes]  # by their names in /run/labkit
    attendant: bytes

    @property
    def key(self) -> str:
        recipe = self.recipe.model_dump_json()
        programs = (self.busybox, self.attendant)
        scripts = (part for script in sorted(self.scripts.items()) for part in script)
        return content_key(_LAYOUT, recipe, *programs, self.init_template, self.inittab, *scripts)


def initramfs(cache: Cache, name: str, kernel: Kernel, recipe: Path, listen: Listener) -> Path:
    """The initramfs of a kernel, of images/init.sh.j2 and the build root's busybox."""
    root = buildroot(cache, recipe, listen).path / "root"
    parts = InitramfsParts(
        recipe=load_packs(recipe).initramfs,
        busybox=(root / "usr" / "bin" / "busybox").read_bytes(),
        init_template=(recipe / "init.sh.j2").read_text(),
        inittab=(recipe / "inittab").read_bytes(),
        scripts=load_scripts(recipe),
        attendant=attendant(cache, recipe, listen).path.read_bytes(),
    )

    def make(data: Path) -> None:
        (data / "initramfs.cpio").write_bytes(render_initramfs(parts, load_tree(kernel.tree)))

    key = content_key("initramfs", parts.key, kernel.digest)
    return cache.get_or_build(ArtefactKind.INITRAMFS, name, key, make, listen).path / "initramfs.cpio"


def load_scripts(recipe: Path) -> Mapping[str, bytes]:
    """The recipe's *.sh, by their names in the guest: door, quiesce, ready."""
    return {file.stem: file.read_bytes() for file in sorted(recipe.glob("*.sh"))}


def render_initramfs(parts: InitramfsParts, tree: ModuleTree) -> bytes:
    """The archive, uncompressed: unpacking costs more under TCG than reading 4 MB."""
    return cpio.render_archive(_entries(parts, tree))


def render_init(parts: InitramfsParts, tree: ModuleTree) -> str:
    """The shell script that the kernel starts as process 1."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)
    return environment.from_string(parts.init_template).render(
        release=tree.release,
        modules=[_plain_name(path) for path in tree.load_order(parts.recipe.modules)],
        recipe=parts.recipe,
        scripts=sorted(parts.scripts),
    )


def _entries(parts: InitramfsParts, tree: ModuleTree) -> Iterator[cpio.Entry]:
    yield from (cpio.directory(path) for path in _FOLDERS)
    yield cpio.file("bin/busybox", parts.busybox, 0o755)
    yield from (cpio.symlink(f"bin/{applet}", "busybox") for applet in _APPLETS)
    yield cpio.file("init", render_init(parts, tree).encode(), 0o755)
    yield cpio.file("inittab", parts.inittab)
    for name, script in sorted(parts.scripts.items()):
        yield cpio.file(f"{name}.sh", script, 0o755)
    yield cpio.file("attendant", parts.attendant, 0o755)
    for path in tree.load_order(parts.recipe.modules):
        yield cpio.file(f"modules/{_plain_name(path)}", tree.read(path))


def _plain_name(path: str) -> str:
    return PurePosixPath(path).name.partition(".ko")[0] + ".ko"
