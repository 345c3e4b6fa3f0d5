"""Front door: verbs to calls, errors to exit codes. No logic."""

from labkit.cli.front import main

__all__ = ["main"]
