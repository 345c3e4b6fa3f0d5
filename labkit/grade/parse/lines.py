"""Lines as the kernel ends them, and names as seq_file escapes them."""

from __future__ import annotations

import re


def kernel_lines(text: str) -> list[str]:
    """Lines ended by a newline alone: a name may hold what splitlines() takes for an end, such as U+2028."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def unescaped(text: str, escaped: str) -> str:
    """What mangle_path() (Linux fs/seq_file.c) wrote as `\\ooo`, for the characters in `escaped` alone.

    A backslash is not among them: a name that holds the four characters `\\012` reads as one with a newline.
    """
    codes = "|".join(f"{ord(character):03o}" for character in escaped)
    return re.sub(rf"\\({codes})", lambda code: chr(int(code[1], 8)), text)
