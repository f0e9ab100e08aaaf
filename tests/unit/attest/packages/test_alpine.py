"""Packages of apk."""

from __future__ import annotations

import pytest

from fakes.tree import MemoryTree
from stagemill.attest.packages.alpine import packages
from stagemill.attest.packages.package import Distribution, reader

INSTALLED = """\
C:Q1sum
P:musl
V:1.2.5-r0
A:x86_64
T:the musl c library
o:musl
m:Timo <t@alpine.org>
L:MIT
F:lib
R:ld-musl.so.1

P:libcrypto3
V:3.3.0-r2
A:x86_64
L:Apache-2.0
o:openssl
"""


@pytest.mark.parametrize("place", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_those_of_the_database_are_told(place: str) -> None:
    read = reader(MemoryTree({place: INSTALLED}))

    musl, crypto = packages(read, Distribution("alpine", "3.20.1"))

    assert musl.url == "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1"
    assert (musl.license, musl.supplier, musl.source) == ("MIT", "Timo <t@alpine.org>", place)
    assert crypto.url == "pkg:apk/alpine/libcrypto3@3.3.0-r2?arch=x86_64&distro=alpine-3.20.1&upstream=openssl"


def test_without_a_database_there_are_none() -> None:
    assert list(packages(reader(MemoryTree({})), Distribution())) == []
