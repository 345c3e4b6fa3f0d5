"""One compilation in the sandbox; what goes wrong in it is the author's to mend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.build.complaint import parse_complaint
from labkit.build.sandbox import WORK, Sandbox
from labkit.model.errors import CompileError, DeadlineExpired


def compile_c(
    sandbox: Sandbox, argv: Sequence[str], work: Path, name: str, headers: Path | None = None
) -> None:
    """Run a compiler in `work`. Raises CompileError with its own words, or if it does not come to an end."""
    try:
        done = sandbox.run(argv, work=work, phase=f"compile {name}", headers=headers)
    except DeadlineExpired as error:
        raise CompileError(
            where=name,
            found=f"the compiler did not finish within {error.seconds:.0f} s",
            fix="look for an include or a macro without end",
        ) from error
    if done.status != 0:
        complaint = parse_complaint(done.stderr, name, prefixes=(f"{WORK}/",))
        raise CompileError(
            where=complaint.where,
            found=complaint.found,
            fix="correct it and run again",
            detail=complaint.detail,
        )
