"""User namespaces: what lets a build run without root, and what to change where a host forbids it."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from labkit.build.tools import find_tool, run
from labkit.model.errors import DeadlineExpired, HostError
from labkit.model.units import Deadline

_PROBE_SECONDS = 10.0
_REFUSAL = re.compile(r"[Pp]ermission|not permitted")  # EPERM and EACCES, and bubblewrap's own words for them
_RANGE = "--add-subuids 100000-165535 --add-subgids 100000-165535"
_SWITCHES = (  # sysctl, the value that forbids, the value to give
    ("kernel.unprivileged_userns_clone", "0", "1"),  # Debian's own switch
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),  # Ubuntu 23.10 and later
    ("user.max_user_namespaces", "0", "15000"),  # Linux kernel/ucount.c
)


def enter_namespace() -> tuple[str, ...]:
    """The words before a command that make it root of namespaces of its own, all of which end with it.

    As a plain user the namespace's root is the user, so that it may write wherever they may; the user's
    subordinate ids are mapped beside. Root of a container that may make none has none. Raises HostError that
    says what to install or change.
    """
    contained = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL")
    if os.geteuid() == 0:
        return () if _is_refused(*contained, "true") else contained
    find_tool("newuidmap")
    mapped = ("--user", "--map-auto", "--map-root-user")
    _prove_namespaces()
    return (*contained, *mapped)


@cache
def are_walls_refused() -> bool:
    """Whether this is root, and not even root gets a sandbox: a container that is one itself."""
    shut = ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/")
    return os.geteuid() == 0 and _is_refused(*shut, "--proc", "/proc", "--dev", "/dev", "true")


def _is_refused(*words: str) -> bool:
    """Whether a policy forbids it. What fails for another reason says so itself, where it is needed."""
    try:
        done = run(words, deadline=Deadline.after(_PROBE_SECONDS, "namespaces"))
    except DeadlineExpired:
        return False
    return done.status != 0 and _REFUSAL.search(done.stderr) is not None


def _prove_namespaces() -> None:
    plain = run(
        ["unshare", "--user", "--map-root-user", "true"],
        deadline=Deadline.after(_PROBE_SECONDS, "user namespace"),
    )
    if plain.status != 0:
        raise HostError(
            where="user namespaces",
            found=plain.last_lines or "refused",
            fix=f"allow them ({blocking_switch()}), or run labkit as root",
            detail=plain.stderr,
        )
    mapped = run(
        ["unshare", "--user", "--map-auto", "--map-root-user", "true"],
        deadline=Deadline.after(_PROBE_SECONDS, "subordinate user ids"),
    )
    if "unrecognized option" in mapped.stderr:
        raise HostError(
            where="unshare",
            found="a version without --map-auto",
            fix="use util-linux 2.38 or later (Debian 12, Ubuntu 24.04), or run labkit as root",
        )
    if mapped.status != 0:
        raise HostError(
            where="/etc/subuid and /etc/subgid",
            found=mapped.last_lines or "no range of subordinate ids",
            fix=f"give yourself one: sudo usermod {_RANGE} $USER",
            detail=mapped.stderr,
        )


def blocking_switch(root: Path = Path("/proc/sys")) -> str:
    """The sysctl command that allows user namespaces on this host."""
    for name, forbids, allows in _SWITCHES:
        path = root / name.replace(".", "/")
        if path.is_file() and path.read_text().strip() == forbids:
            return f"sudo sysctl -w {name}={allows}"
    return "this host's container or security policy forbids them"
