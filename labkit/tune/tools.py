"""What experiments are analysed with, which those who only run labs do without."""

from __future__ import annotations

from importlib.util import find_spec

from labkit.model.errors import HostError

TOOLS = ("scipy", "matplotlib", "pyarrow")
INSTALL = "in labkit's checkout: .venv/bin/pip install -e '.[tune]'"


def check_tools() -> None:
    """Raise HostError for what is not installed."""
    missing = [name for name in TOOLS if not _is_there(name)]
    if missing:
        raise HostError(where="labkit tune", found=f"{', '.join(missing)} not installed", fix=INSTALL)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # sys.modules holds None for it
        return False
