"""The process around the verbs: signals, errors, exit codes.

0 to 4 are ExitCode's; 128 + n means that signal n stopped labkit, after everything was tidied up.
"""

from __future__ import annotations

import difflib
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType, TracebackType

import typer

from labkit.cli.verbs import DEBUG, app
from labkit.model.errors import ExitCode, LabkitError, UsageError

# A second Ctrl-C comes from an impatient finger while guests are being shut down: the ladder of qemu/ takes
# less than this. After it, another one interrupts the tidying up itself.
PATIENCE_SECONDS = 10.0


class _StopSignals:
    """Within the block, SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread, so that every
    `with` on the way out does its work. `caught` is the first that came."""

    def __init__(self) -> None:
        self.caught: signal.Signals | None = None
        self._raised_at = -PATIENCE_SECONDS
        self._before = {
            number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def __enter__(self) -> _StopSignals:
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:  # nohup, or a job in the background of a plain sh
                signal.signal(number, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        now = time.monotonic()
        if now - self._raised_at < PATIENCE_SECONDS:
            return
        self._raised_at = now
        self.caught = self.caught or signal.Signals(number)
        raise KeyboardInterrupt


def main() -> None:
    """The console script."""
    sys.exit(enter(sys.argv[1:]))


def enter(arguments: Sequence[str]) -> int:
    """Run one command line; what it returns is the exit status."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    debug = DEBUG in words[:end]
    words = [word for word in words[:end] if word != DEBUG] + words[end:]
    with _StopSignals() as signals:
        try:
            status = _call(words, debug=debug)
        except (KeyboardInterrupt, typer.Abort):  # typer turns the first into the second, or into a status
            status = 128 + signal.SIGINT
    if signals.caught is None:
        return status
    from labkit import present

    present.stopped("Ctrl-C" if signals.caught is signal.SIGINT else signals.caught.name)
    return 128 + signals.caught


def _call(words: list[str], *, debug: bool) -> int:
    try:
        return int(app(args=words, prog_name="labkit", standalone_mode=False) or 0)
    except Exception as error:  # noqa: BLE001  the outermost border: every error becomes a message and an exit status
        return _tell(error, debug=debug)


def _tell(error: Exception, *, debug: bool) -> int:
    from labkit import present

    if isinstance(error, typer.TyperException):
        error = _usage_error(error)
    if isinstance(error, LabkitError):
        present.error(error, debug=debug)
        return error.exit_code
    present.bug(error, debug=debug)
    return ExitCode.BROKEN


def _choice(found: str) -> str:
    """The nearest word of "'runz' is not one of 'labs', 'runs'"; empty if none is near."""
    said, _, rest = found.partition(" is not one of ")
    words = [word.strip(" '.") for word in rest.split(",")]
    near = difflib.get_close_matches(said.rpartition(": ")[2].strip("'"), words, n=1)
    return f"'{near[0]}'" if near else ""


def _usage_error(mistake: typer.TyperException) -> UsageError:
    """Typer's message in labkit's three parts."""
    context = getattr(mistake, "ctx", None)
    command = context.command_path if context else "labkit"
    message = mistake.format_message().replace("Value error, ", "")  # pydantic's words, not the user's
    found, _, meant = message.partition(" Did you mean ")
    found = found.partition(" (Possible options:")[0]
    near = meant.rstrip("?") or " or ".join(getattr(mistake, "possibilities", None) or ()) or _choice(found)
    fix = f"did you mean {near}? " if near else ""
    return UsageError(
        where=command, found=found.rstrip("."), fix=f"{fix}`{command} --help` says what there is"
    )
