"""verdict.json, `labkit.verdict/1` of EXPORTS: the verdict for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from labkit.model.errors import Broken, LabkitError
from labkit.model.rows import RunDone, SubmissionRow
from labkit.model.verdict import SCHEMA, Verdict

_ADAPTER = TypeAdapter(Verdict)


def render_verdict_json(verdict: Verdict) -> str:
    """A JSON object, indented, its keys in the order of the value; ends in a newline.

    A lone surrogate, which JSON readers refuse, becomes a question mark.
    """
    return _dumped({"schema": SCHEMA, **_ADAPTER.dump_python(verdict, mode="json")})


def render_batch_json(rows: Sequence[SubmissionRow]) -> str:
    """A JSON array, one member a submission: its verdict, or its lab, its path and why it has none."""
    members = [
        render_verdict_json(row.outcome.verdict)
        if isinstance(row.outcome, RunDone)
        else _dumped({"lab": row.lab, "path": str(row.path), "error": _error(row.outcome)})
        for row in rows
    ]
    inside = ",\n".join(member.rstrip("\n") for member in members)
    return f"[\n{inside}\n]\n"


def _error(error: LabkitError) -> Mapping[str, str]:
    return {"where": error.where, "found": error.found, "fix": error.fix}


def parse_verdict_json(text: str, where: str) -> Verdict:
    """The verdict that `render_verdict_json` wrote; unknown keys are a later labkit's and ignored.

    Raises Broken, naming `where` and the key, if it is anything else.
    """
    try:
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("schema", None) != SCHEMA:
            raise _unreadable(where, f"no {SCHEMA} document")
        return _ADAPTER.validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise _unreadable(f"{where}: {key}", first["msg"]) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(where, f"not JSON ({error})") from error


def _dumped(fields: Mapping[str, object]) -> str:
    text = json.dumps(fields, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _unreadable(where: str, found: str) -> Broken:
    return Broken(where=where, found=found, fix="judge the evidence again: labkit grade RUN")
