"""What a student hands in, read with distrust; and the lab's own submissions, rendered for one seed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import jinja2

from labkit.labfile.complaints import wrong
from labkit.labfile.tomltext import TomlError, parse_toml
from labkit.model.errors import SubmissionError
from labkit.model.lab import FileKind, HandIn, Lab, Parameters

MAX_BYTES = 256 << 10
SOLUTION = "solution"
VARIANTS = ("wrong", "forgers")
TEMPLATE_SUFFIX = ".j2"


def load_submission(lab: Lab, path: Path, parameters: Parameters) -> Mapping[str, str]:
    """The files the lab asks for, by name. Whatever else lies in the folder is left alone.

    A folder of the lab itself (solution/, wrong/<name>/, forgers/<name>/) is a reference: its *.j2 files are
    rendered with this seed's numbers, and what a variant does not change comes from solution/.
    Raises SubmissionError.
    """
    texts = _reference(lab, path, parameters) if _is_reference(lab, path) else _handed_in(lab, path)
    for item in lab.hand_in:
        _check_text(item, texts[item.name], path / item.name)
    return texts


def read_submission(lab: Lab, contents: Mapping[str, bytes], origin: Path) -> Mapping[str, str]:
    """The files the lab asks for, out of what was taken from `origin` already. Raises SubmissionError."""
    texts = {}
    for item in lab.hand_in:
        where = origin / item.name
        if item.name not in contents:
            raise _missing(item, where)
        texts[item.name] = _decoded(contents[item.name], where)
        _check_text(item, texts[item.name], where)
    return texts


def _is_reference(lab: Lab, path: Path) -> bool:
    own, folder = lab.folder.resolve(), path.resolve()
    return folder == own / SOLUTION or folder.parent in tuple(own / name for name in VARIANTS)


def _handed_in(lab: Lab, path: Path) -> dict[str, str]:
    if not path.is_dir():
        raise SubmissionError(where=str(path), found="no such folder", fix="give the folder of your work")
    return {item.name: _read(path / item.name, item) for item in lab.hand_in}


def _reference(lab: Lab, path: Path, parameters: Parameters) -> dict[str, str]:
    texts = {}
    for item in lab.hand_in:
        for folder in (path, lab.folder / SOLUTION):
            template = folder / (item.name + TEMPLATE_SUFFIX)
            if template.exists():
                texts[item.name] = _render(lab, template, _read(template, item), parameters)
                break
            if (folder / item.name).exists() or folder == lab.folder / SOLUTION:
                texts[item.name] = _read(folder / item.name, item)
                break
    return texts


def _render(lab: Lab, template: Path, text: str, parameters: Parameters) -> str:
    """Raises LabFileError: the lab's author wrote the template."""
    key = lab.answers(parameters) if lab.answers is not None else {}
    # Not HTML: quoting would spoil C and shell text.
    world = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    try:
        return world.from_string(text).render(p=parameters, key=key)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        raise wrong(template, f"line {line}" if line else "", str(error), "correct the template") from error


def _read(path: Path, item: HandIn) -> str:
    """One regular file, opened without following a link and never waited for (a FIFO would block)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _missing(item, path) from error
    except OSError as error:
        found = "a symbolic link" if path.is_symlink() else error.strerror or str(error)
        raise SubmissionError(where=str(path), found=found, fix="hand in a plain file") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SubmissionError(where=str(path), found="not a regular file", fix="hand in a plain file")
    with os.fdopen(handle, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    return _decoded(content, path)


def _missing(item: HandIn, path: Path) -> SubmissionError:
    return SubmissionError(where=str(path), found="not handed in", fix=f"write {item.name}: {item.says}")


def _decoded(content: bytes, path: Path) -> str:
    if len(content) > MAX_BYTES:
        raise SubmissionError(
            where=str(path), found="larger than 256 KiB", fix="hand in source text only, nothing generated"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SubmissionError(
            where=str(path), found=f"not UTF-8 at byte {error.start}", fix="save it as UTF-8"
        ) from error


def _check_text(item: HandIn, text: str, path: Path) -> None:
    match item.kind:
        case FileKind.TOML:
            try:
                parse_toml(text)
            except TomlError as error:
                raise SubmissionError(
                    where=str(path), found=str(error), fix="correct the TOML there"
                ) from error
        case FileKind.SHELL:
            if "\r\n" in text:
                raise SubmissionError(
                    where=str(path), found="Windows line ends", fix="save it with Unix line ends (LF)"
                )
        case FileKind.C | FileKind.TEXT:
            pass
