"""pagewalk: what the student's decoder makes of entries from their own guest, and what they foresaw.

walks.py reads what labkit's module and the host found, decoded.py judges the decoder, foreseen.py the rest.
"""

from .decoded import contents, five_levels, flags, frames, huge, indices, leaf, protnone
from .foreseen import bits, dirty_moves, key, levels, split_stays, stops, stops_five, tables, zero_page_shared

__all__ = [
    "bits",
    "contents",
    "dirty_moves",
    "five_levels",
    "flags",
    "frames",
    "huge",
    "indices",
    "key",
    "leaf",
    "levels",
    "protnone",
    "split_stays",
    "stops",
    "stops_five",
    "tables",
    "zero_page_shared",
]
