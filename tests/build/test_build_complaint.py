"""Compilers' words, as gcc 12 and kbuild really wrote them, cut to what matters."""

from __future__ import annotations

from labkit.build.complaint import parse_complaint

UNDECLARED = """\
hog.c: In function ‘main’:
hog.c:2:20: warning: unused variable ‘w’ [-Wunused-variable]
    2 | int main(void){int w;
      |                    ^
hog.c:3:10: error: ‘zork’ undeclared (first use in this function)
    3 |   int q; zork = 3;
      |          ^~~~
hog.c:3:10: note: each undeclared identifier is reported only once for each function it appears in
"""
KBUILD = """\
warning: the compiler differs from the one used to build the kernel
  The kernel was built by: gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0
  You are using:           gcc (Debian 12.2.0-14+deb12u1) 12.2.0
/mnt/bad.c: In function ‘i’:
/mnt/bad.c:2:47: error: implicit declaration of function ‘foo’ [-Werror=implicit-function-declaration]
    2 | static int __init i(void){ int unused; return foo(); }
      |                                               ^~~
cc1: some warnings being treated as errors
make[2]: *** [/usr/src/linux-headers-6.1.0-56-common/scripts/Makefile.build:255: /mnt/bad.o] Error 1
make[1]: *** [/usr/src/linux-headers-6.1.0-56-common/Makefile:2034: /mnt] Error 2
make: *** [/usr/src/linux-headers-6.1.0-56-common/Makefile:250: __sub-make] Error 2
"""
LINKER = """\
/usr/bin/ld: /tmp/ccf2.o: in function `main':
hog.c:(.text+0x5): undefined reference to `foo'
collect2: error: ld returned 1 exit status
"""
INCLUDED = """\
In file included from hog.c:2:
lab.h:7:1: error: unknown type name ‘size’
    7 | size bytes;
      | ^~~~
"""


def test_an_error_comes_without_the_warnings_before_it() -> None:
    complaint = parse_complaint(UNDECLARED, "hog")
    assert complaint.where == "hog.c:3:10"
    assert complaint.found == "‘zork’ undeclared (first use in this function)"
    assert "unused variable" not in complaint.detail
    assert "    3 |   int q; zork = 3;" in complaint.detail


def test_kbuild_is_silenced_and_paths_are_the_authors() -> None:
    complaint = parse_complaint(KBUILD, "bad", prefixes=("/mnt/",))
    assert complaint.where == "bad.c:2:47"
    assert complaint.detail.splitlines()[0] == "bad.c: In function ‘i’:"
    assert "make" not in complaint.detail
    assert "differs" not in complaint.detail


def test_the_linker_speaks_for_the_whole_program() -> None:
    complaint = parse_complaint(LINKER, "hog")
    assert complaint.where == "hog"
    assert complaint.found == "undefined reference to `foo'"


def test_modpost_names_the_missing_symbol() -> None:
    complaint = parse_complaint('ERROR: modpost: "foo" [/mnt/bad.ko] undefined!\n', "bad", ("/mnt/",))
    assert complaint.found == '"foo" [bad.ko] undefined!'


def test_a_header_is_shown_with_who_included_it() -> None:
    complaint = parse_complaint(INCLUDED, "hog")
    assert complaint.where == "lab.h:7:1"
    assert complaint.detail.startswith("In file included from hog.c:2:\nlab.h:7:1: error")


def test_many_errors_are_cut_to_twelve_lines() -> None:
    text = "".join(f"a.c:{n}:1: error: number {n}\n" for n in range(1, 100))
    lines = parse_complaint(text, "a").detail.splitlines()
    assert len(lines) == 12
    assert lines[0] == "a.c:1:1: error: number 1"
    assert lines[-1] == "… and 88 more lines"


def test_a_compiler_that_dies_is_quoted() -> None:
    complaint = parse_complaint("cc1: out of memory allocating 2147483664 bytes\n", "hog")
    assert complaint.where == "hog"
    assert complaint.found == "cc1: out of memory allocating 2147483664 bytes"


def test_a_compiler_that_says_nothing_is_told_so() -> None:
    assert parse_complaint("", "hog").found == "the compiler gave up without a word"
