"""Whatever the files of a tree hold, listing its packages ends, and with a list that others' tools can write down."""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.programs import elf, info
from stagemill.attest.cyclonedx import document as cyclonedx
from stagemill.attest.inventory import Inventory
from stagemill.attest.packages import alpine, cargo, debian, golang, java, npm, python, rpm, ruby
from stagemill.attest.packages.package import Distribution, Package
from stagemill.attest.spdx import document as spdx

NOWHERE = Distribution()


def _jar() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n")
        archive.writestr("lib/b.jar", b"no archive")
    return out.getvalue()


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "db")
        with sqlite3.connect(place) as database:
            database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
            head = bytes.fromhex("0000000100000005") + bytes.fromhex("000003e8000000060000000000000001") + b"bash\0"
            database.execute("INSERT INTO Packages (blob) VALUES (?)", (head,))
        database.close()
        return place.read_bytes()


def _single(form: Callable[[bytes, str], Package | None], data: bytes) -> Iterator[Package]:
    found = form(data, "p")
    yield from [found] if found else []


def _on_disk(form: Callable[[Path], Iterator[Package]], data: bytes) -> Iterator[Package]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "file")
        place.write_bytes(data)
        yield from form(place)


READERS: dict[str, tuple[bytes, Callable[[bytes], Iterator[Package]]]] = {
    "apk": (b"P:musl\nV:1\nL:MIT\n\nP:b\n", lambda data: alpine.packages(lambda _path: data, NOWHERE)),
    "cargo": (
        elf(zlib.compress(b'{"packages": [{"name": "a", "version": "1"}]}'), name=b".dep-v0"),
        lambda data: _on_disk(lambda path: cargo.packages(path, "p"), data),
    ),
    "deb": (
        b"Package: a\nStatus: install ok installed\nVersion: 1\nMaintainer: A <a@b>\n",
        lambda data: debian.packages(lambda _path: data, [], NOWHERE),
    ),
    "gem": (b"# stub: a 1 ruby lib\ns.licenses = ['MIT']\n", lambda data: _single(ruby.package, data)),
    "golang": (elf(info()), lambda data: _on_disk(lambda path: golang.packages(path, "p"), data)),
    "maven": (_jar(), lambda data: _on_disk(lambda path: java.packages(path, "p"), data)),
    "npm": (b'{"name": "@a/b", "version": "1", "license": "MIT"}', lambda data: _single(npm.package, data)),
    "pypi": (b"Name: a\nVersion: 1\nLicense: MIT\n\n", lambda data: _single(python.package, data)),
    "rpm": (_database(), lambda data: _on_disk(lambda path: rpm.packages(lambda _place: path, NOWHERE), data)),
}


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some of them changed, left out or added."""
    found = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(found)))
        found[place : place + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(found)


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
def test_every_change_of_what_is_right_gives_a_list(kind: str, data: st.DataObject) -> None:
    right, read = READERS[kind]

    packages = tuple(read(data.draw(changed(right))))

    inventory = Inventory(packages, "t", "linux/amd64", 0.0, "1")
    for document in (spdx(inventory), cyclonedx(inventory)):
        assert json.loads(json.dumps(document))


@pytest.mark.parametrize("kind", READERS)
def test_what_is_right_gives_a_package(kind: str) -> None:
    right, read = READERS[kind]

    assert [package.url.partition("/")[0] for package in read(right)][:1] == [f"pkg:{kind}"]
