"""House rules of labkit/ that no other linter knows.

    python tests/lint/house.py [ROOT]

Exit status 1 when there is something to say.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = (
    "build",
    "qemu",
    "guest",
    "grade",
    "report",
    "store",
    "labfile",
    "pools",
    "attest",
    "witness",
    "intake",
    "policy",
    "design",
    "model",
)
MAX_LINES = 300
VALUE_FLAGS = {"frozen", "slots", "kw_only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    line: int
    says: str


def complaints(text: str, *, name: str, room: str | None) -> Iterator[Complaint]:
    """What a file `name` breaks; `room` is the folder of labkit/ it stands in, None for a hallway."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        yield Complaint(line=1, says="begins with no docstring")
    if text.count("\n") >= MAX_LINES:
        yield Complaint(line=MAX_LINES, says=f"has {MAX_LINES} lines or more; a file answers one question")
    if name == "__init__.py":
        yield from _code_in_init(tree)
    lines = text.splitlines()
    for node in ast.walk(tree):
        yield from _calls(node)
        yield from _blind_except(node, lines)
        if room is not None:
            yield from _environment(node)
        if room == "model":
            yield from _mutable_value(node)


def _code_in_init(tree: ast.Module) -> Iterator[Complaint]:
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_export = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if not (is_docstring or is_export or isinstance(node, ast.Import | ast.ImportFrom)):
            yield Complaint(line=node.lineno, says="__init__.py holds names, never code")


def _calls(node: ast.AST) -> Iterator[Complaint]:
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id == "print":
        yield Complaint(line=node.lineno, says="print: only cli speaks, through report")
    if ast.unparse(node.func) in ("os.system", "os.popen"):
        yield Complaint(line=node.lineno, says="a shell: processes are started from a list")
    for word in node.keywords:
        if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False):
            yield Complaint(line=node.lineno, says="shell=: processes are started from a list")


def _blind_except(node: ast.AST, lines: list[str]) -> Iterator[Complaint]:
    """`except Exception` is for borders and says beside it why; tidying up and raising on is no border."""
    if not isinstance(node, ast.ExceptHandler):
        return
    blind = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
    last = node.body[-1]
    raises_on = isinstance(last, ast.Raise) and last.exc is None
    comment = lines[node.lineno - 1].partition("#")[2].replace("noqa: BLE001", "")
    if blind and not raises_on and not comment.strip(" #-:"):
        yield Complaint(line=node.lineno, says="a blind except gives no reason beside it")


def _environment(node: ast.AST) -> Iterator[Complaint]:
    """Handing the whole environment on to a child process is not reading it."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        reads = ast.unparse(node.value) == "os.environ"
    else:
        reads = isinstance(node, ast.Call) and ast.unparse(node.func) == "os.getenv"
    if reads and isinstance(node, ast.expr):
        yield Complaint(line=node.lineno, says="a room reads no environment: give it an argument")


def _mutable_value(node: ast.AST) -> Iterator[Complaint]:
    if not isinstance(node, ast.ClassDef):
        return
    for decorator in node.decorator_list:
        if "dataclass" not in ast.unparse(decorator):
            continue
        given = {word.arg for word in decorator.keywords} if isinstance(decorator, ast.Call) else set()
        if not given >= VALUE_FLAGS:
            yield Complaint(line=node.lineno, says="a value is frozen, slots, kw_only")


def main(root: Path) -> int:
    found = 0
    for path in sorted(root.glob("labkit/**/*.py")):
        top = path.relative_to(root / "labkit").parts[0]
        room = top if top in ROOMS else None
        for complaint in complaints(path.read_text(encoding="utf-8"), name=path.name, room=room):
            print(f"{path.relative_to(root)}:{complaint.line}: {complaint.says}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2]) if sys.argv[1:] else Path(__file__).resolve().parents[2]))
