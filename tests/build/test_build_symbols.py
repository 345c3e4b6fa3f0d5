"""Slim symbols give drgn the same answers: a small program's, so that no kernel need be fetched."""

from __future__ import annotations

import subprocess
from pathlib import Path

import drgn
import pytest

from labkit.build.cache import Cache
from labkit.build.kernel import toolchain
from labkit.build.sandbox import WORK
from labkit.build.symbols import DROPPED, slim
from labkit.model.errors import HostError
from labkit.model.events import silent
from labkit.places import places

pytestmark = pytest.mark.guest  # it wants the build root

SOURCE = """
enum state { IDLE = 3, BUSY = 9 };
struct inner { unsigned flags : 5, kind : 3; unsigned long words[4]; };
struct outer { struct inner first; struct outer *next; enum state state; };
struct outer subject = { .state = BUSY };
int main(int count, char **words) { (void)words; return subject.state == count; }
"""


def answers(file: Path) -> tuple[str, ...]:
    """What drgn says of the program's types, constants, variables and symbols."""
    prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    prog.extra_module("subject", create=True).try_file(file, force=True)
    symbol = prog.symbol("main")
    return (
        str(prog.type("struct outer")),
        str(drgn.offsetof(prog.type("struct outer"), "first.words")),
        str(prog["BUSY"]),
        str(prog["subject"].type_),
        f"{symbol.name} {symbol.size}",
    )


def test_slim_symbols_give_the_same_answers(tmp_path: Path) -> None:
    here = places()
    sandbox = toolchain(Cache(here.cache), here.images, silent)
    (tmp_path / "subject.c").write_text(SOURCE)
    build = ["gcc", "-g", "-static", "-Wl,--build-id", "-o", f"{WORK}/whole", f"{WORK}/subject.c"]
    assert sandbox.run(build, work=tmp_path, phase="compile").status == 0
    whole, small = tmp_path / "whole", tmp_path / "slim"
    slim(whole, small, sandbox)
    assert answers(small) == answers(whole)
    assert small.stat().st_size < whole.stat().st_size
    sections = subprocess.run(["readelf", "-SW", small], capture_output=True, text=True, check=True).stdout
    assert not [name for name in DROPPED if name.rstrip("*") in sections.split()]


def test_what_is_no_vmlinux_is_refused_with_objcopys_words(tmp_path: Path) -> None:
    here = places()
    (tmp_path / "whole").write_text("no ELF file")
    with pytest.raises(HostError, match="objcopy") as caught:
        slim(tmp_path / "whole", tmp_path / "slim", toolchain(Cache(here.cache), here.images, silent))
    assert "whole" in caught.value.detail


def test_a_kernels_symbols_keep_the_sources_that_matter(tmp_path: Path) -> None:
    here = places()
    sandbox = toolchain(Cache(here.cache), here.images, silent)
    (tmp_path / "mm").mkdir()
    (tmp_path / "net").mkdir()
    (tmp_path / "mm" / "kept.c").write_text(SOURCE)
    (tmp_path / "net" / "left.c").write_text("struct packet { int length; } packet;\n")
    build = ["gcc", "-g", "-static", "-Wl,--build-id", "-o", "whole", "net/left.c", "mm/kept.c"]
    assert sandbox.run(build, work=tmp_path, phase="compile").status == 0
    slim(tmp_path / "whole", tmp_path / "slim", sandbox)
    assert answers(tmp_path / "slim") == answers(tmp_path / "whole")
    prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    prog.extra_module("subject", create=True).try_file(tmp_path / "slim", force=True)
    with pytest.raises(LookupError):
        prog.type("struct packet")
    assert prog.symbol("packet").size == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mm", "net", "slim", "whole"]
