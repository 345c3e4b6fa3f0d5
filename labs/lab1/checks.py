"""lab1: what /proc says of memory, who asked the kernel for which pages, and what pressure is.

crew.py knows the seed's numbers; one file a scene judges.
"""

from .crew import key
from .strain import course_ends, pressure
from .tables import books_agree, buffer_loses, pages, resident, table_alone, table_says_who
from .tour import moves, slabs_listed, sums

__all__ = [
    "books_agree",
    "buffer_loses",
    "course_ends",
    "key",
    "moves",
    "pages",
    "pressure",
    "resident",
    "slabs_listed",
    "sums",
    "table_alone",
    "table_says_who",
]
