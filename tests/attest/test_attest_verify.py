"""`labkit verify`, as a verifier meets it: honest runs, and every way in which one is not what it says."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attest_values import write_lab, write_run

from labkit.attest.envelope import sign
from labkit.attest.keyfolder import create_key, load_key
from labkit.cli.front import enter
from labkit.model.errors import ExitCode

Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return write_lab(tmp_path / "tiny")


@pytest.fixture
def run(tmp_path: Path, keys: Path, lab: Path) -> Path:
    return write_run(lab, keys, tmp_path / "runs")


@pytest.fixture
def verify(lab: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """The exit status and all that was said, in one line."""

    def call(path: Path, *more: object) -> tuple[int, str]:
        status = enter(["verify", str(path), "--lab", str(lab), *map(str, more)])
        said = capsys.readouterr()
        return status, " ".join((said.out + said.err).split())

    return call


def resigned(run: Path, keys: Path, name: str, change: Callable[[dict[str, object]], None]) -> None:
    """The statement as somebody who holds the key `name` would have it."""
    path = run / "attestation.json"
    document = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
    change(document["predicate"]["labkit"])
    payload = json.dumps(document, separators=(",", ":")).encode()
    path.write_bytes(sign(payload, load_key(keys, name).private_pem))


def test_an_honest_run_is_good(run: Path, verify: Verify) -> None:
    for path in (run, run / "attestation.json"):
        status, said = verify(path)
        assert status == ExitCode.PASSED
        assert said.startswith(
            "good: Ada Lovelace, attempt 2: tiny 3 of 3; signature, evidence, verdict and seed"
        )


def test_grading_it_again_leaves_it_good(run: Path, verify: Verify, lab: Path) -> None:
    assert enter(["grade", str(run), "--lab", str(lab)]) == ExitCode.PASSED
    assert verify(run)[0] == ExitCode.PASSED


def test_with_the_public_key_alone_all_but_the_seed_is_proven(
    run: Path, verify: Verify, keys: Path, tmp_path: Path
) -> None:
    public = tmp_path / "handed-out.pem"
    shutil.copy(keys / "course" / "public.pem", public)
    shutil.rmtree(keys)
    status, said = verify(run, "--key", public)
    assert status == ExitCode.PASSED
    assert "signature, evidence, verdict hold" in said
    assert said.endswith("the seed was not drawn again, its secret is not here")


def test_an_edited_verdict_is_told(run: Path, verify: Verify) -> None:
    path = run / "verdict.json"
    path.write_text(path.read_text().replace('"limited"', '"Limited"'))
    status, said = verify(run)
    assert (status, "verdict.json is not the one that was signed" in said) == (ExitCode.NOT_ALL_PASSED, True)
    path.unlink()
    assert verify(run)[0] == ExitCode.NOT_ALL_PASSED


@pytest.mark.parametrize(
    "file",
    [
        "request.json",
        "submission/answer.txt",
        "only/end.json",
        "only/after/proc/limit",
        "only/captures.jsonl",
    ],
)
@pytest.mark.parametrize("act", ["edit", "remove"])
def test_edited_evidence_is_told(run: Path, verify: Verify, file: str, act: str) -> None:
    path = run / file
    if act == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"\n", b" \n", 1))
    status, said = verify(run)
    if (file, act) == ("request.json", "remove"):
        assert (status, "no run directory" in said) == (ExitCode.BAD_INPUT, True)
    else:
        assert (status, ": the evidence " in said) == (ExitCode.NOT_ALL_PASSED, True)


def test_an_edited_statement_is_told(run: Path, verify: Verify) -> None:
    path = run / "attestation.json"
    envelope = json.loads(path.read_text())
    middle = len(envelope["payload"]) // 2
    other = "B" if envelope["payload"][middle] == "A" else "A"
    envelope["payload"] = envelope["payload"][:middle] + other + envelope["payload"][middle + 1 :]
    path.write_text(json.dumps(envelope, indent=2) + "\n")
    status, said = verify(run)
    assert (status, "edited after it was signed" in said) == (ExitCode.NOT_ALL_PASSED, True)


def test_a_statement_in_another_spelling_is_not_taken(run: Path, verify: Verify) -> None:
    path = run / "attestation.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    status, said = verify(run)
    assert (status, "not as labkit wrote it" in said) == (ExitCode.BAD_INPUT, True)


def test_another_key_is_told_and_one_that_nobody_knows_too(run: Path, verify: Verify, keys: Path) -> None:
    create_key(keys, "mallory")
    resigned(run, keys, "mallory", lambda _: None)
    status, said = verify(run, "--key", "course")
    assert (status, "signed with another key" in said) == (ExitCode.NOT_ALL_PASSED, True)
    shutil.rmtree(keys / "mallory")
    status, said = verify(run)
    assert (status, "which is not known here" in said) == (ExitCode.BAD_INPUT, True)


def test_even_who_holds_the_key_cannot_sign_what_the_evidence_does_not_give(
    run: Path, verify: Verify, keys: Path
) -> None:
    def another_student(ours: dict[str, object]) -> None:
        ours["student"] = "Bob"

    resigned(run, keys, "course", another_student)
    status, said = verify(run)
    assert (status, "another student: Ada Lovelace, not Bob" in said) == (ExitCode.NOT_ALL_PASSED, True)


def test_a_seed_of_ones_own_choice_is_told(run: Path, verify: Verify, keys: Path) -> None:
    """The secret is another than the one that the run was drawn from; the signing key is the same."""
    (keys / "course" / "course.secret").write_text("00" * 32 + "\n")
    status, said = verify(run)
    assert (status, "not drawn for this student and attempt" in said) == (ExitCode.NOT_ALL_PASSED, True)


def test_a_cut_file_is_no_lie(run: Path, verify: Verify) -> None:
    path = run / "attestation.json"
    path.write_bytes(path.read_bytes()[:-40])
    status, said = verify(run)
    assert (status, "cut short" in said) == (ExitCode.BAD_INPUT, True)


def test_what_is_not_there_is_no_lie(run: Path, verify: Verify, tmp_path: Path) -> None:
    assert "no such file" in verify(tmp_path / "nothing")[1]
    assert "only an official run that was graded is signed" in verify(tmp_path)[1]
    alone = tmp_path / "elsewhere.json"
    shutil.copy(run / "attestation.json", alone)
    status, said = verify(alone)
    assert (status, "no run directory: the signature is good" in said) == (ExitCode.BAD_INPUT, True)
    assert verify(alone, "--run", run)[0] == ExitCode.PASSED


def test_a_lab_that_changed_since_is_no_lie(run: Path, verify: Verify, lab: Path) -> None:
    text = (lab / "lab.toml").read_text()
    (lab / "lab.toml").write_text(text.replace("count", "count again"))
    status, said = verify(run)
    assert (status, "the lab has changed since this run" in said) == (ExitCode.BAD_INPUT, True)
    (lab / "lab.toml").write_text(text)
    assert verify(run)[0] == ExitCode.PASSED
