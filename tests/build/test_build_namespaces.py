"""Which switch of this host forbids user namespaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.build.namespaces import blocking_switch


@pytest.mark.parametrize(
    ("path", "value", "command"),
    [
        ("kernel/unprivileged_userns_clone", "0\n", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1\n",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("user/max_user_namespaces", "0\n", "sudo sysctl -w user.max_user_namespaces=15000"),
    ],
)
def test_the_switch_that_forbids_is_named(tmp_path: Path, path: str, value: str, command: str) -> None:
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(value)
    assert blocking_switch(tmp_path) == command


def test_a_host_without_such_a_switch_is_told_so(tmp_path: Path) -> None:
    assert "policy forbids them" in blocking_switch(tmp_path)
