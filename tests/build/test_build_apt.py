"""What apt-cache show says, as it was for Debian 12's kernels."""

from __future__ import annotations

from labkit.build.apt import parse_package

HEADERS = """\
Package: linux-headers-6.12.117+deb12-cloud-amd64
Source: linux-6.12
Version: 6.12.117-1~deb12u1
Installed-Size: 7915
Maintainer: Debian Kernel Team
Architecture: amd64
Depends: linux-base (>= 4.12~), linux-headers-6.12.117+deb12-common (= 6.12.117-1~deb12u1), \
linux-image-6.12.117+deb12-cloud-amd64 (= 6.12.117-1~deb12u1) | \
linux-image-6.12.117+deb12-cloud-amd64-unsigned (= 6.12.117-1~deb12u1), linux-kbuild-6.12.117+deb12, gcc-12
Size: 2931728

Package: linux-headers-6.12.117+deb12-cloud-amd64
Version: 1
Size: 1
"""


def test_the_first_stanza_is_the_package() -> None:
    package = parse_package(HEADERS)
    assert package.exact == "linux-headers-6.12.117+deb12-cloud-amd64=6.12.117-1~deb12u1"
    assert package.bytes == 2931728


def test_dependencies_are_first_choices_with_exact_versions_kept() -> None:
    assert parse_package(HEADERS).depends == (
        "linux-base",
        "linux-headers-6.12.117+deb12-common=6.12.117-1~deb12u1",
        "linux-image-6.12.117+deb12-cloud-amd64=6.12.117-1~deb12u1",
        "linux-kbuild-6.12.117+deb12",
        "gcc-12",
    )


def test_a_package_without_dependencies_has_none() -> None:
    assert parse_package("Package: a\nVersion: 1\nSize: 2\n").depends == ()
