"""Gradescope's bundle from an empty Debian to a score: setup.sh whole, then a submission, as in a container.

A chroot has what Docker's default gives: its capabilities, no user namespaces (the kernel refuses them in a
chroot: kernel/user_namespace.c, create_user_ns()), no KVM, a root of its own. Takes six minutes and root.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.build.debian import bootstrap
from labkit.build.trees import remove_tree
from labkit.course.bundle import bundle
from labkit.labfile.draw import parameters
from labkit.labfile.load import load
from labkit.labfile.submission import load_submission
from labkit.labfile.workfolder import Marker, write_marker
from labkit.places import lab_folder, places

pytestmark = pytest.mark.soak
LAB = "lab3"
SEED = "whole"
SECONDS = 2400
# Docker's default set: its documentation, "Runtime privilege and Linux capabilities".
CAPABILITIES = (
    *("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid", "setfcap"),
    *("setpcap", "net_bind_service", "sys_chroot", "kill", "audit_write"),
)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# How this host reaches its package registries: a container's harness brings its own.
HOST_FILES = ("/etc/apt", "/etc/ssl", "/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts", "/opt")
ENTER = """
set -e
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/dev"
for device in {devices}; do touch "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
mkdir "$1/dev/shm"; mount -t tmpfs tmpfs "$1/dev/shm"
for path in {files}; do
    [ -e "$path" ] || continue
    rm -rf "$1$path"
    if [ -d "$path" ]; then mkdir -p "$1$path"; else touch "$1$path"; fi
    mount --rbind "$path" "$1$path"
done
exec setpriv --bounding-set {capabilities} --inh-caps {capabilities} chroot "$1" sh -c "$2"
"""


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty Debian 12 with the bundle where Gradescope lays it, and a solution handed in."""
    if os.geteuid():
        pytest.skip("only root may make a container's root")
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed: `make deps` installs it")
    there = tmp_path_factory.mktemp("container")
    root = there / "root"
    bootstrap(
        root,
        suite="bookworm",
        variant="minbase",
        packages=["ca-certificates"],
        drop=[],
        say=print,
        mirror=None,
    )
    home = root / "autograder"
    made = bundle(LAB, there / "bundle.zip")
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(home / "source")
    for script in ("setup.sh", "run_autograder"):
        (home / "source" / script).chmod(0o755)
        shutil.copy(home / "source" / script, home / script)
    lab = load(lab_folder(places(), LAB))
    (home / "submission").mkdir()
    for name, text in load_submission(lab, lab.folder / "solution", parameters(lab, SEED)).items():
        (home / "submission" / name).write_text(text)
    write_marker(home / "submission", Marker(lab=LAB, seed=SEED))
    metadata = {
        "id": 1,
        "created_at": "2026-12-01T10:00:00+01:00",
        "users": [{"email": "ada@x.edu", "id": 7}],
    }
    metadata["assignment"] = {"due_date": "2026-12-02T10:00:00+01:00"}
    (home / "submission_metadata.json").write_text(json.dumps(metadata))
    yield root
    remove_tree(root)


def inside(root: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run it as root of the container; what it leaves behind ends with its namespaces."""
    words = ",".join(["-all", *(f"+{name}" for name in CAPABILITIES)])
    script = ENTER.format(devices=" ".join(DEVICES), files=" ".join(HOST_FILES), capabilities=words)
    head = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "sh", "-c", script, "sh"]
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "http", "HTTP"))}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return subprocess.run(
        [*head, str(root), command],
        env={**kept, "PATH": path, "HOME": "/root", "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.timeout(2 * SECONDS)
def test_an_empty_container_is_set_up_and_grades_the_solution(container: Path) -> None:
    done = inside(container, "/autograder/source/setup.sh")
    sys.stdout.write(done.stdout)
    assert done.returncode == 0
    done = inside(container, "cd /autograder && ./run_autograder")
    sys.stdout.write(done.stdout)
    assert done.returncode == 0
    found = json.loads((container / "autograder" / "results" / "results.json").read_text())
    lab = load(lab_folder(places(), LAB))
    assert sum(test.get("score", 0) for test in found["tests"]) == found["score"] == lab.max_score
