"""An official run in a real guest: signed, verified, replayed; and refused where it would prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from labmaker import make_lab

from labkit import keyring
from labkit.attest.seed import official_seed
from labkit.cli.front import enter
from labkit.model.errors import ExitCode, UsageError
from labkit.model.events import silent
from labkit.model.official import Official
from labkit.notary import Question, verify
from labkit.session import RunAsk, run
from labkit.store.reader import read

ADA = Official(student="ada", attempt=1)
PARAMETER = """
[[parameter]]
name = "number"
kind = "range"
values = [1, 1000000, 1]
"""


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_KEYS", str(tmp_path / "keys"))
    keyring.new("course", None)
    return tmp_path / "keys"


def lab_of_class(folder: Path, evidence: str) -> Path:
    """A lab with one graded check, which calls its fact this; its step prints the drawn number."""
    witness = {"witness": {"probes": ["tasks"]}} if evidence == "witness" else {}
    lab = make_lab(folder, steps={"say": {"run": "echo $NUMBER"}}, scene=witness)
    text = (lab / "lab.toml").read_text().replace('"observer"', f'"{evidence}"')
    (lab / "lab.toml").write_text(text.replace("[machine]", PARAMETER + "\n[machine]"))
    return lab


@pytest.mark.guest
def test_an_official_run_is_signed_and_replays_as_practice(tmp_path: Path, keys: Path) -> None:
    lab = lab_of_class(tmp_path / "calm", "witness")
    ask = RunAsk(lab=str(lab), path=lab / "solution", runs=tmp_path / "runs", official=ADA)
    done = run(ask, silent)
    assert not done.verdict.practice
    evidence = read(done.run)
    secret = bytes.fromhex((keys / "course" / "course.secret").read_text())
    assert evidence.request.seed == official_seed(secret, "calm", ADA)
    assert evidence.request.official == ADA
    inside = b"".join(path.read_bytes() for path in done.run.rglob("*") if path.is_file())
    assert secret.hex().encode() not in inside
    assert secret not in inside
    found = verify(Question(path=done.run, lab=str(lab)))
    assert (found.good, found.exit_code) == (True, ExitCode.PASSED)

    again = RunAsk(lab=str(lab), path=lab / "solution", runs=tmp_path / "runs", seed=evidence.request.seed)
    replayed = run(again, silent)
    assert replayed.verdict.practice
    assert not (replayed.run / "attestation.json").exists()
    steps = [read(folder).scenes[0].steps[0].stdout for folder in (done.run, replayed.run)]
    assert steps == [f"{evidence.request.parameters['number']}\n"] * 2


def test_a_lab_that_can_be_forged_has_no_official_run(tmp_path: Path) -> None:
    lab = lab_of_class(tmp_path / "weak", "observer")
    ask = RunAsk(lab=str(lab), path=lab / "solution", runs=tmp_path / "runs", official=ADA)
    with pytest.raises(UsageError) as caught:
        run(ask, silent)
    assert caught.value.where == "--official weak"
    assert caught.value.found == "graded checks that tier root can forge: check (observer)"
    assert not (tmp_path / "runs").exists()


def test_an_official_run_without_its_key_is_refused(tmp_path: Path) -> None:
    lab = lab_of_class(tmp_path / "calm", "witness")
    ask = RunAsk(lab=str(lab), path=lab / "solution", runs=tmp_path / "runs", official=ADA, key="other")
    with pytest.raises(UsageError, match="no key 'other'; the keys are: course"):
        run(ask, silent)


@pytest.mark.parametrize("student", ["", "  ", "a\nb", "\x1b[2J"])
def test_a_student_has_a_name(tmp_path: Path, student: str) -> None:
    lab = lab_of_class(tmp_path / "calm", "witness")
    nobody = Official(student=student, attempt=1)
    with pytest.raises(UsageError, match="no name that can be printed"):
        run(RunAsk(lab=str(lab), path=lab / "solution", official=nobody), silent)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        ("witness", "calm: runs may be official, each graded check holds at tier root"),
        ("observer", "calm: practice only, 1 of 1 graded checks do not hold at tier root"),
    ],
)
def test_lint_says_whether_runs_may_be_official(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], evidence: str, says: str
) -> None:
    enter(["lint", str(lab_of_class(tmp_path / "calm", evidence))])
    said = " ".join(capsys.readouterr().out.split())
    assert says in said
    assert ("check 'check': graded on observer, which tier root can forge" in said) == (
        evidence == "observer"
    )
