"""cow: what fork shared and what writing copied, in page tables and frames that the host read.

moves.py knows the seed's play, reading.py the evidence; play.py judges predictions, snapshot.py programs.
"""

from .moves import key
from .play import far, faults, faults_without_copies, fork_shares, moved, read_only_lives, shared
from .snapshot import keeps, reuses, scratch_stays, shares, sole_pages, status_shared

__all__ = [
    "far",
    "faults",
    "faults_without_copies",
    "fork_shares",
    "keeps",
    "key",
    "moved",
    "read_only_lives",
    "reuses",
    "scratch_stays",
    "shared",
    "shares",
    "sole_pages",
    "status_shared",
]
