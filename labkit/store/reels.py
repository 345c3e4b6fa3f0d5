"""A recorded live view: a line of JSON a glance, gzipped. What a crash cut off is left out.

with recorded(Path("oom.reel.gz")) as keep:
    keep(glance)
for glance in read_reel(Path("oom.reel.gz")): ...
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from labkit.model.errors import UsageError
from labkit.model.glance import Glance
from labkit.store import codec
from labkit.store.disk import host_errors

MAX_LINE = 1 << 20  # bytes of one glance; a real one has eight thousand
_SUFFIX = "a reel is what `labkit watch --record FILE` has written"


@contextmanager
def recorded(path: Path) -> Iterator[Callable[[Glance], None]]:
    """Keep each glance that is handed over. Raises HostError when the host refuses, UsageError for a FILE
    that exists.
    """
    if path.exists():
        raise UsageError(where=str(path), found="there is something already", fix="name another file")
    with host_errors(path), gzip.open(path, "xt", encoding="utf-8") as file:
        yield lambda glance: _write(file, glance)


def _write(file: TextIO, glance: Glance) -> None:
    """A line, and all of it on its way to the disk: a kill loses nothing that was seen before."""
    file.write(json.dumps(codec.encode(glance), separators=(",", ":"), allow_nan=False) + "\n")
    file.flush()


def read_reel(path: Path) -> Iterator[Glance]:
    """The glances of a reel. Raises UsageError for a file that is none."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            while line := file.readline(MAX_LINE):
                if not line.endswith("\n"):
                    return
                glance: Glance = codec.decode(Glance, json.loads(line))
                yield glance
    except EOFError:
        return  # cut off in the middle: a kill, or still being written
    except OSError as error:
        raise UsageError(where=str(path), found=error.strerror or str(error), fix=_SUFFIX) from error
    except (ValueError, zlib.error) as error:
        raise UsageError(where=str(path), found=f"no reel: {error}", fix=_SUFFIX) from error
