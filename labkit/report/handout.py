"""A lab's README.md.j2 → the handout with this student's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from traceback import extract_tb

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError

from labkit.model.errors import LabFileError


def render_handout(template: str, values: Mapping[str, object], where: str) -> str:
    """Markdown with every {{ name }} filled from `values`.

    Raises LabFileError, naming `where` (the template's path), for a name that has no value or a slip of
    the template's syntax: a handout with a hole in it reaches nobody.
    """
    # Markdown is text for people, not HTML: nothing to escape.
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    try:
        return environment.from_string(template).render(values)
    except TemplateSyntaxError as error:
        raise LabFileError(
            where=f"{where}:{error.lineno}", found=str(error.message), fix="mend the template there"
        ) from error
    except UndefinedError as error:
        known = ", ".join(sorted(values)) or "none"
        raise LabFileError(
            where=_place(where, error),
            found=str(error.message),
            fix=f"use a name that exists; at the top: {known}",
        ) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise LabFileError(
            where=_place(where, error), found=str(error), fix="mend that expression"
        ) from error


def _place(where: str, error: Exception) -> str:
    """The template's line: jinja2 rewrites tracebacks so that a frame stands in "<template>"."""
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return f"{where}:{lines[-1]}" if lines else where
