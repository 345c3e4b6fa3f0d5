"""oom: for whom memory ran out in this student's guests, who died of it, and which guest with him.

One file a part: kinds.py the shortages, deaths.py the panics, promises.py overcommit, own.py the two
programs; stage.py knows the seed's processes, reading.py what the parts share.
"""

from .deaths import panic, sysrq
from .kinds import bystanders, constraints, strict, victims
from .own import reserve, starve
from .promises import overcommit
from .stage import key

__all__ = [
    "bystanders",
    "constraints",
    "key",
    "overcommit",
    "panic",
    "reserve",
    "starve",
    "strict",
    "sysrq",
    "victims",
]
