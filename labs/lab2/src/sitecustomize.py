"""Ends a Python program at its last line, with its own status, instead of taking the interpreter apart.

Python imports this by itself from a folder that PYTHONPATH names. On its way out it would walk three times
through the course's list, twice to look for garbage and once to let go of each element, from end to start
every time: with half of the list in swap that brings its pages back in again and again, 140,000 of them. That
is four fifths of the script's time under TCG, and no part of the question.
"""

import atexit
import os
import sys


def end() -> None:
    sys.stdout.flush()
    os._exit(int(hasattr(sys, "last_value")))  # what the program failed with; the course's calls no sys.exit


atexit.register(end)
