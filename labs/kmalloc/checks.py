"""kmalloc: the choices of a student's function, carried out, and predictions against what was measured.

choices.py judges the function, measured.py the predictions; rules.py has what is right.
"""

from .choices import atomic, big, device, impossible, old_device, small
from .measured import (
    accounted,
    contexts,
    from_anywhere,
    in_pieces,
    not_all_addresses,
    one_run,
    sizes,
)
from .rules import key

__all__ = [
    "accounted",
    "atomic",
    "big",
    "contexts",
    "device",
    "from_anywhere",
    "impossible",
    "in_pieces",
    "key",
    "not_all_addresses",
    "old_device",
    "one_run",
    "sizes",
    "small",
]
