"""Packages of dpkg."""

from __future__ import annotations

from fakes.tree import MemoryTree
from stagemill.attest.packages.debian import packages
from stagemill.attest.packages.package import Distribution, Package, reader

DEBIAN = Distribution("debian", "12")
STATUS = """\
Package: bash
Status: install ok installed
Maintainer: Matthias <m@debian.org>
Architecture: amd64
Source: bash-src (5.2)
Version: 5.2.15-2+b2
Description: shell
 Package: not this

Package: gone
Status: deinstall ok config-files
Version: 1

Package: tzdata
Status: install ok installed
Architecture: all
Version: 2024a
"""


def found(files: dict[str, str], names: list[str], of: Distribution = DEBIAN) -> list[Package]:
    return list(packages(reader(MemoryTree(files)), names, of))


def test_those_that_are_installed_are_told() -> None:
    bash, tzdata = found({"var/lib/dpkg/status": STATUS}, [])

    assert bash.url == ("pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12&upstream=bash-src%405.2")
    assert (bash.name, bash.version, bash.supplier) == ("bash", "5.2.15-2+b2", "Matthias <m@debian.org>")
    assert bash.source == "var/lib/dpkg/status"
    assert tzdata.url == "pkg:deb/debian/tzdata@2024a?arch=all&distro=debian-12"


def test_images_without_a_shell_have_a_file_for_each() -> None:
    files = {"var/lib/dpkg/status.d/base": "Package: base\nVersion: 1\n", "var/lib/dpkg/status.d/base.md5sums": "x"}

    (package,) = found(files, ["base", "base.md5sums"], Distribution())

    assert (package.url, package.source) == ("pkg:deb/debian/base@1", "var/lib/dpkg/status.d/base")


def test_without_dpkg_there_are_none() -> None:
    assert found({}, []) == []
