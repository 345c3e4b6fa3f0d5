"""Nodes as a word of a command line, a machine as a file: read, or refused with the place and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.labfile.machines import load_machine
from labkit.labfile.nodes import machine_of_nodes, parse_nodes
from labkit.model.errors import BadInput, LabFileError, UsageError
from labkit.model.machine import MachineSpec, Thp
from labkit.model.units import Size


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("256M", [(1, 256)]),
        ("2x256M", [(1, 256)] * 2),
        ("256M,512M:2", [(1, 256), (2, 512)]),
        ("2x256M:2,128M:0", [(2, 256), (2, 256), (0, 128)]),
        ("1g,0:3", [(1, 1024), (3, 0)]),
        ("256MiB,1GiB", [(1, 256), (1, 1024)]),
    ],
)
def test_nodes_are_a_count_a_memory_and_cpus(text: str, nodes: list[tuple[int, int]]) -> None:
    assert [(node.cpus, node.memory) for node in parse_nodes(text)] == [
        (cpus, Size.mib(memory)) for cpus, memory in nodes
    ]


@pytest.mark.parametrize(
    ("text", "where", "found", "fix"),
    [
        ("2x256", "--nodes 2x256", "'256'", "write '256M'"),
        ("256M,2x128", "--nodes 256M,2x128: '2x128'", "'128'", "write '128M'"),
        ("", "--nodes ", "''", "write it like 256M"),
        ("256M,", "--nodes 256M,: ''", "''", "write it like 256M"),
        ("x256M", "--nodes x256M", "'x256M'", "write it like 256M"),
        ("256M:one", "--nodes 256M:one", "'256M:one'", "write it like 256M"),
        ("256 M", "--nodes 256 M", "'256 M'", "write it like 256M"),
        ("0x256M", "--nodes 0x256M", "0 nodes", "give 1 to 128 in all"),
        ("100x32M,29x32M", "--nodes 100x32M,29x32M: '29x32M'", "29 nodes", "give 1 to 128 in all"),
    ],
)
def test_what_is_no_node_is_told_with_its_place(text: str, where: str, found: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_nodes(text)
    assert (caught.value.where, caught.value.found) == (where, found)
    assert caught.value.fix.startswith(fix)


def test_nodes_that_cannot_boot_are_told_by_their_number() -> None:
    with pytest.raises(UsageError) as caught:
        machine_of_nodes("256M,3M")
    assert caught.value.where == "--nodes 256M,3M: node[1].memory"
    assert "in steps of 2MiB" in caught.value.fix


def test_a_machine_of_nodes_is_otherwise_labkits_own() -> None:
    assert machine_of_nodes("2x256M") == MachineSpec(nodes=parse_nodes("2x256M"))


def test_a_machine_file_has_the_keys_of_a_lab_files_machine(tmp_path: Path) -> None:
    file = tmp_path / "machine.toml"
    file.write_text(
        'kernel = "6.1"\nthp = "always"\nswap = "64MiB"\nnode = [{ memory = "512MiB", cpus = 2 }]\n'
    )
    spec = load_machine(file)
    assert (spec.kernel, spec.thp, spec.swap, spec.cpus) == ("6.1", Thp.ALWAYS, Size.mib(64), 2)


@pytest.mark.parametrize(
    ("text", "key", "fix"),
    [
        ('nodes = [{ memory = "512MiB" }]', "nodes", "did you mean 'node'?"),
        ('node = [{ memory = "512M" }]', "node[0].memory", "write '512MiB'"),
        ('node = [{ memory = "3MiB" }]', "node[0].memory", "in steps of 2MiB"),
        ("node = [", "", "correct the TOML there"),
    ],
)
def test_a_wrong_machine_file_is_no_labs_fault(tmp_path: Path, text: str, key: str, fix: str) -> None:
    file = tmp_path / "machine.toml"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        load_machine(file)
    assert not isinstance(caught.value, LabFileError)
    assert caught.value.where == (f"{file}: {key}" if key else str(file))
    assert fix in caught.value.fix
