"""`labkit key`: made once, listed, and shown in the form that verifiers take."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.attest.keyfolder import load_public_file, load_public_key
from labkit.cli.front import enter
from labkit.model.errors import ExitCode


def test_a_key_is_made_listed_and_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABKIT_KEYS", str(tmp_path / "keys"))
    assert enter(["key", "list"]) == ExitCode.PASSED
    assert capsys.readouterr().out == "no key yet: labkit key new\n"
    assert enter(["key", "new"]) == ExitCode.PASSED
    public = load_public_key(tmp_path / "keys", "course")
    assert public.id in capsys.readouterr().out
    enter(["key", "list"])
    assert capsys.readouterr().out == f"course  {public.id}\n"
    enter(["key", "show"])
    shown = tmp_path / "shown.pem"
    shown.write_text(capsys.readouterr().out)
    assert load_public_file(shown) == public
    assert enter(["key", "new"]) == ExitCode.BAD_INPUT


def test_a_folder_of_ones_own_is_used_unless_it_is_in_a_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enter(["key", "new", "autumn", "--dir", str(tmp_path / "mine")]) == ExitCode.PASSED
    assert (tmp_path / "mine" / "autumn" / "public.pem").is_file()
    (tmp_path / ".git").mkdir()
    assert enter(["key", "new", "winter", "--dir", str(tmp_path / "mine")]) == ExitCode.BAD_INPUT
    assert "inside the git work tree" in " ".join(capsys.readouterr().err.split())
