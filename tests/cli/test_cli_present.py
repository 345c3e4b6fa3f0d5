"""Results reach the screen and the file that was asked for, in any locale, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pexpect
import pytest

from labkit import present
from labkit.model.errors import UsageError
from labkit.model.verdict import EvidenceClass, Finding, Outcome, Status, Verdict
from labkit.streams import PIPE_COLUMNS

SCRIPT = """
    import sys
    sys.path.insert(0, {folder!r})
    from test_cli_present import VERDICT
    from labkit import present
    present.verdict(VERDICT, None)
"""

VERDICT = Verdict(
    lab="lab2",
    title="Müde — 100 ≥ 99",
    status=Status.GRADED,
    reason="",
    score=1.0,
    max_score=1,
    seed="é",
    tier="root",
    kernel="6.12",
    release="6.12",
    accelerator="tcg",
    started="cold",
    practice=True,
    digests={},
    checks=(
        Finding(
            id="kill",
            says="The hog was killed",
            outcome=Outcome.PASS,
            points=1.0,
            max_points=1,
            evidence=EvidenceClass.OBSERVER,
            expected="",
            actual="",
            where=None,
            hint="",
        ),
    ),
)


def shown(**env: str) -> bytes:
    script = textwrap.dedent(SCRIPT).format(folder=str(Path(__file__).parent))
    kept = {
        name: value for name, value in os.environ.items() if name not in ("LC_ALL", "COLUMNS", "FORCE_COLOR")
    }
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=60, check=True, env={**kept, **env}
    ).stdout


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_an_ascii_terminal_gets_ascii(env: dict[str, str]) -> None:
    text = shown(**env).decode("ascii")
    assert "lab2 | M\\xfcde - 100 >= 99" in text


def test_utf_8_stays_utf_8() -> None:
    assert "lab2 · Müde — 100 ≥ 99" in shown(LC_ALL="C.UTF-8").decode("utf-8")


def test_a_pipe_gets_no_escape_sequence_and_eighty_columns() -> None:
    text = shown(LC_ALL="C.UTF-8", TERM="xterm-256color").decode("utf-8")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= PIPE_COLUMNS


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colour_unless_told_otherwise(env: dict[str, str], coloured: bool) -> None:
    script = textwrap.dedent(SCRIPT).format(folder=str(Path(__file__).parent))
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = pexpect.spawn(
        sys.executable,
        ["-c", script],
        env={**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
        dimensions=(40, 120),
        encoding="utf-8",
        timeout=60,
    )
    text = process.read()
    process.close()
    assert ("\x1b[32mpass" in text) is coloured
    assert "what the kernel had to show" in text


def test_json_goes_to_the_file_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "v.json"
    target.write_text("old", encoding="utf-8")
    present.verdict(VERDICT, None, json=str(target), quiet=True)
    assert json.loads(target.read_text(encoding="utf-8"))["title"] == VERDICT.title
    assert [path.name for path in tmp_path.iterdir()] == ["v.json"]
    assert capsys.readouterr().out == "lab2: 1 of 1, every check passed\n"


def test_json_on_stdout_is_alone_there(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    present.verdict(VERDICT, None, json="-")
    out, err = capfdbinary.readouterr()
    assert json.loads(out.decode("utf-8"))["seed"] == "é"
    assert b"score 1 of 1" in err


def test_json_through_a_symbolic_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    present.verdict(VERDICT, None, json=str(link))
    assert link.is_symlink()
    assert json.loads((tmp_path / "real.json").read_text(encoding="utf-8"))["lab"] == "lab2"


def test_json_into_a_named_pipe_is_written_through_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_text(encoding="utf-8")))
    reader.start()
    present.verdict(VERDICT, None, json=str(fifo))
    reader.join(timeout=10)
    assert json.loads(got[0])["lab"] == "lab2"


@pytest.mark.parametrize("name", ["", "missing/v.json"])
def test_a_target_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        present.check_target(f"{tmp_path}/{name}")


def test_a_target_that_fails_later_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        present.verdict(VERDICT, None, json=str(tmp_path / "gone" / "v.json"))
    assert "No such file" in caught.value.found
