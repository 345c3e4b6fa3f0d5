"""Foreign text on a terminal: what a guest printed may be shown, never obeyed."""

from __future__ import annotations

import unicodedata

from rich.text import Text

LINE_LIMIT = 400  # characters of one line; a dmesg line has at most 1024 bytes (LOG_LINE_MAX, printk.c)
BLOCK_LIMIT = 12  # lines of one field; the whole text is in the run directory

# Control, format (bidirectional overrides, zero width), surrogate, private, unassigned; line separators.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))

_PLAIN = str.maketrans(
    {"·": "|", "…": "...", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "→": "->"}
    | {"≥": ">=", "≤": "<=", "≠": "!=", "×": "x", "±": "+-", "µ": "u", "°": " deg", "−": "-", "\xa0": " "}
)


def tame(text: str) -> str:
    """Text with every character that a terminal acts upon spelled out; newlines stay, tabs become spaces.

    >>> tame("\\x1b[2Jscore 100")
    '\\\\x1b[2Jscore 100'
    """
    lines = text.replace("\r\n", "\n").expandtabs(8).split("\n")
    return "\n".join("".join(_spelled(char) for char in line) for line in lines)


def tame_line(text: str) -> str:
    """One line of foreign text, at most LINE_LIMIT characters of it; what was cut is said."""
    text = text.rstrip("\n")
    shown = tame(text[:LINE_LIMIT]).replace("\n", "\\n")
    if len(text) <= LINE_LIMIT:
        return shown
    return f"{shown}… ({len(text) - LINE_LIMIT} more characters)"


def oneline(text: str, style: str = "") -> Text:
    """One line of foreign text as rich Text: markup in it means nothing."""
    return Text(tame_line(text), style=style)


def block(text: str, style: str = "", limit: int = BLOCK_LIMIT) -> Text:
    """Foreign text of some lines, at most `limit` of them, as rich Text."""
    lines = text.rstrip("\n").replace("\r\n", "\n").split("\n")
    shown = [tame_line(line) for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(f"… ({len(lines) - limit} more lines)")
    return Text("\n".join(shown), style=style)


def ascii_fallback(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: what an ASCII terminal gets instead of the characters that it lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    plain = found.translate(_PLAIN)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


def points(value: float) -> str:
    """Points as people write them: 10, 7.5, 3.33."""
    return f"{round(value, 2):g}"


def count_of(number: int, noun: str) -> str:
    """'1 lab', '14 labs'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def human_bytes(number: int) -> str:
    """A size at a glance: '612 MB', decimal as df and package managers print it."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def human_seconds(seconds: float) -> str:
    """'0.4 s', '12 s', '3 min 05 s'."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def _spelled(char: str) -> str:
    if unicodedata.category(char) in _UNSAFE:
        return char.encode("unicode_escape").decode("ascii")
    return char
