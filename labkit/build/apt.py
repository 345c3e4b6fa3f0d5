"""Debian packages by name: resolved and verified by apt, with lists of its own, so that any host will do.

The sources are those mmdebstrap itself chooses for the suite; of the host's apt nothing but the keyring is
read, and nothing is changed.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labkit.build.cache import Cache
from labkit.build.debian import Say, bootstrap
from labkit.build.key import content_key
from labkit.build.progress import speaker
from labkit.build.tools import run
from labkit.model.artefact import ArtefactKind
from labkit.model.errors import HostError
from labkit.model.events import Listener
from labkit.model.units import Deadline, Size

_ASK_SECONDS = 60.0
_FETCH_SECONDS = 3600.0
_ROOM = Size.mib(200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package of the suite. `depends` are the first alternatives, with "=version" where it says so."""

    name: str
    version: str
    bytes: int
    depends: tuple[str, ...]

    @property
    def exact(self) -> str:
        return f"{self.name}={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apt:
    """apt with the package lists below `root`."""

    root: Path

    def show(self, wanted: str) -> Package:
        """A package by name or name=version. Raises HostError when the suite has it no more."""
        done = run(
            ["apt-cache", "--no-all-versions", "show", wanted],
            deadline=Deadline.after(_ASK_SECONDS, "apt-cache"),
            env=self._env,
        )
        if done.status != 0 or not done.stdout.strip():
            raise HostError(
                where=f"package {wanted}",
                found="Debian does not offer it any more",
                fix="remove the kernel (`labkit image rm NAME`) so that its newest version is fetched",
                detail=done.last_lines,
            )
        return parse_package(done.stdout)

    def closure(self, first: str, follow: str) -> tuple[Package, ...]:
        """A package and those it depends on, as far as their names match `follow`, each once."""
        found: dict[str, Package] = {}
        queue = [first]
        while queue:
            wanted = queue.pop()
            if wanted.partition("=")[0] in found:
                continue
            package = self.show(wanted)
            found[package.name] = package
            queue += [name for name in package.depends if re.match(follow, name)]
        return tuple(found.values())

    def fetch(self, packages: Iterable[Package], folder: Path, say: Say) -> tuple[Path, ...]:
        """The packages' files in `folder`, each verified by apt against the signed lists.

        What is there already and right is not fetched again.
        """
        wanted = tuple(packages)
        folder.mkdir(parents=True, exist_ok=True)
        exact = [package.exact for package in wanted]
        total = sum(package.bytes for package in wanted)
        say(f"fetching {total / 1e6:.0f} MB")
        done = run(
            ["apt-get", "download", *exact],
            deadline=Deadline.after(_FETCH_SECONDS, f"download of {', '.join(exact)}"),
            cwd=folder,
            env=self._env,
        )
        if done.status != 0:
            raise HostError(
                where="apt-get download",
                found=f"{', '.join(exact)} could not be fetched",
                fix="look at apt's words below; what has been fetched is kept",
                detail=done.last_lines,
            )
        return tuple(_file_of(package, folder) for package in wanted)

    @property
    def _env(self) -> dict[str, str]:
        return {"APT_CONFIG": str(self.root / "labkit.conf")}


def open_apt(cache: Cache, suite: str, listen: Listener, mirror: str | None) -> Apt:
    """apt with today's lists of a suite (2 s)."""
    say = speaker(listen, ArtefactKind.PACKAGES, suite)

    def make(data: Path) -> None:
        root = data / "apt"
        bootstrap(
            root, suite=suite, variant="custom", packages=(), drop=(), say=say, mirror=mirror, keep_lists=True
        )

    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    key = content_key("packages", suite, mirror or "", today)
    lists = cache.get_or_build(ArtefactKind.PACKAGES, suite, key, make, listen, room=_ROOM)
    for old in cache.named(ArtefactKind.PACKAGES, suite):
        if old.key != key:
            cache.remove(old)
    root = lists.path / "apt"
    _write_configuration(root)
    return Apt(root=root)


def parse_package(text: str) -> Package:
    """Read the first stanza of apt-cache show."""
    fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text.split("\n\n", maxsplit=1)[0], re.MULTILINE))
    return Package(
        name=fields["Package"],
        version=fields["Version"],
        bytes=int(fields["Size"]),
        depends=tuple(_first_choice(item) for item in fields.get("Depends", "").split(",") if item.strip()),
    )


def _first_choice(dependency: str) -> str:
    name, _, constraint = dependency.partition("|")[0].strip().partition(" ")
    exact = re.fullmatch(r"\(= (\S+)\)", constraint.strip())
    return f"{name}={exact[1]}" if exact else name


def _file_of(package: Package, folder: Path) -> Path:
    # apt writes an epoch's colon as %3a.
    version = package.version.replace(":", "%3a")
    return next(folder.glob(f"{package.name}_{version}_*.deb"))


def _write_configuration(root: Path) -> None:
    """Written at each use: a cache may have been moved, and apt wants absolute paths."""
    (root / "labkit.conf").write_text(
        f'Dir "{root}/";\n'
        f'Dir::State::status "{root}/var/lib/dpkg/status";\n'
        'Dir::Etc::Trusted "/etc/apt/trusted.gpg";\n'
        'Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d";\n'
        'APT::Architecture "amd64";\n'
        'APT::Architectures { "amd64"; };\n'
        'APT::Sandbox::User "root";\n'
        'Acquire::Languages "none";\n'
    )
