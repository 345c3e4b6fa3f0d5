"""The probe believes nothing but a kernel that has booted and a program in it that has answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from qemu_machines import render_empty_kernel, soon

from labkit.model.artefact import KernelPack
from labkit.model.errors import Broken, HostError
from labkit.model.events import Event, Mood, silent
from labkit.model.machine import Accel
from labkit.qemu import accel
from labkit.qemu.accel import find_trial, probe
from labkit.qemu.binary import load_version


@pytest.fixture
def pack(short_tmp: Path) -> KernelPack:
    """A kernel without a line of code: whatever accelerator runs it hears nothing."""
    (short_tmp / "vmlinuz").write_bytes(render_empty_kernel())
    (short_tmp / "initramfs").write_bytes(b"\0" * 512)
    return KernelPack(
        name="empty",
        release="0",
        key="empty",
        vmlinuz=short_tmp / "vmlinuz",
        modules=short_tmp / "modules",
        initramfs=short_tmp / "initramfs",
        headers=None,
        symbols=None,
    )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accel, "_SILENCE", {Accel.KVM: 0.5, Accel.TCG: 0.5})


@pytest.mark.qemu
@pytest.mark.usefixtures("impatient")
def test_a_guest_that_never_answers_is_not_believed_and_not_kept(short_tmp: Path, pack: KernelPack) -> None:
    with pytest.raises(Broken, match="under TCG"):
        probe(pack, short_tmp / "kept", short_tmp / "live", Accel.TCG, silent)
    assert not (short_tmp / "kept").exists()


@pytest.mark.qemu
@pytest.mark.usefixtures("impatient")
def test_forced_kvm_that_does_not_answer_is_the_operators(short_tmp: Path, pack: KernelPack) -> None:
    with pytest.raises(HostError, match="--accel kvm"):
        probe(pack, short_tmp / "kept", short_tmp / "live", Accel.KVM, silent)


def test_a_host_without_kvm_says_so(
    short_tmp: Path, pack: KernelPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accel, "KVM_DEVICE", short_tmp / "kvm")
    with pytest.raises(HostError, match="there is no"):
        probe(pack, short_tmp / "kept", short_tmp / "live", Accel.KVM, silent)


def test_no_qemu_is_said_before_anything_boots(short_tmp: Path, pack: KernelPack) -> None:
    heard: list[Event] = []
    with pytest.raises(HostError, match="qemu-system-pdp11"):
        probe(pack, short_tmp, short_tmp / "live", None, heard.append, binary="qemu-system-pdp11")
    assert heard == []


def test_a_kept_answer_that_is_damaged_is_asked_for_again(tmp_path: Path) -> None:
    kept = tmp_path / "kvm-0.json"
    for text in ("", "{", "[]", '{"seconds": "soon", "why": ""}', '{"why": ""}'):
        kept.write_text(text)
        assert find_trial(kept) is None
    kept.write_text(json.dumps({"seconds": None, "why": "it hangs"}))
    found = find_trial(kept)
    assert found is not None
    assert found.seconds is None
    assert found.why == "it hangs"


@pytest.mark.qemu
def test_the_version_is_read_from_qemu() -> None:
    assert int(load_version(soon()).split(".")[0]) >= 7


@pytest.mark.parametrize("script", ["exit 1", "echo hello", "exec sleep 9"])
def test_a_program_that_is_no_qemu_is_named(tmp_path: Path, script: str) -> None:
    fake = tmp_path / "qemu"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    with pytest.raises(HostError, match="version"):
        load_version(soon().sooner(0.5, "version"), str(fake))


@pytest.mark.guest
def test_a_real_kernel_answers_under_tcg_and_is_asked_once(short_tmp: Path, real_pack: KernelPack) -> None:
    heard: list[Event] = []
    kept = short_tmp / "kept"
    first = probe(real_pack, kept, short_tmp / "live", Accel.TCG, heard.append)
    assert first.accel is Accel.TCG
    assert first.factor > 0
    assert [event.mood for event in heard] == [Mood.BEGIN, Mood.DONE]
    heard.clear()
    assert probe(real_pack, kept, short_tmp / "live", Accel.TCG, heard.append) == first
    assert heard == []


@pytest.mark.guest
def test_that_kvm_may_not_be_opened_is_not_remembered(
    short_tmp: Path, real_pack: KernelPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accel, "KVM_DEVICE", short_tmp / "kvm")
    found = probe(real_pack, short_tmp / "kept", short_tmp / "live", None, silent)
    assert found.accel is Accel.TCG
    assert "there is no" in found.why
    assert list((short_tmp / "kept").glob("kvm-*")) == []


@pytest.mark.guest
def test_the_answer_of_this_host_stays_the_same(short_tmp: Path, real_pack: KernelPack) -> None:
    first = probe(real_pack, short_tmp / "kept", short_tmp / "live", None, silent)
    assert probe(real_pack, short_tmp / "kept", short_tmp / "live", None, silent) == first
    assert "\n" not in first.why
    assert list((short_tmp / "live").glob("*/")) == []
