"""What the layers of a build have in its image that nothing needs to run there."""

from __future__ import annotations

import json

from fakes.layered import surveys
from stagemill.insight.brought import brought

MODULE = "app/node_modules/x/"


def told(*layers: dict[str, bytes]) -> list[list[tuple[str, int, int, str]]]:
    return [
        sorted((one.kind.value, one.files, one.size, one.largest) for one in some) for some in brought(surveys(*layers))
    ]


def test_each_layer_has_its_own_by_kind_with_the_largest() -> None:
    first = {"app/a.js.map": b"1" * 10, "app/b.js.map": b"2" * 30, "app/a.js": b"code", "usr/include/x.h": b"3" * 5}

    assert told(first, {"tmp/left": b"4" * 7}, {"app/c": b"5"}) == [
        [("header or static library", 1, 5, "usr/include/x.h"), ("source map", 2, 40, "app/b.js.map")],
        [("temporary file", 1, 7, "tmp/left")],
        [],
    ]


def test_what_a_later_layer_hides_is_not_there() -> None:
    assert told({"tmp/a": b"1", "tmp/b": b"2"}, {"tmp/.wh.a": b"", "tmp/b": b"33"}) == [
        [],
        [("temporary file", 1, 2, "tmp/b")],
    ]


def test_packages_for_development_are_told_by_the_lock_that_npm_leaves() -> None:
    lock = {"packages": {"node_modules/x": {"version": "1", "dev": True}}}
    layer = {
        f"{MODULE}package.json": json.dumps({"name": "x", "version": "1"}).encode(),
        f"{MODULE}index.js": b"1" * 100,
        "app/node_modules/.package-lock.json": json.dumps(lock).encode(),
    }

    ((found,),) = told(layer)

    assert found[:2] == ("development dependency", 2)
    assert found[3] == f"{MODULE}index.js"


def test_copies_of_other_files_may_be_needed() -> None:
    assert told({"a": b"1" * 5000, "b": b"1" * 5000}) == [[]]


def test_what_a_package_is_for_tells_of_its_files() -> None:
    status = b"Package: gcc-12\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12.2\n\nPackage: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 8\n"
    layer = {
        "var/lib/dpkg/status": status,
        "var/lib/dpkg/info/gcc-12.list": b"/usr/libexec/plugin.so\n/usr/share/doc/gcc-12/copyright\n",
        "var/lib/dpkg/info/curl.list": b"/usr/bin/curl\n",
        "usr/libexec/plugin.so": b"1" * 40,
        "usr/share/doc/gcc-12/copyright": b"its licence",
        "usr/bin/curl": b"2" * 50,
    }

    ((found,),) = told(layer)

    assert (found[0], found[3]) == ("compiler or build tool", "var/lib/dpkg/info/gcc-12.list")
    assert found[1:3] == (2, 40 + len(layer["var/lib/dpkg/info/gcc-12.list"]))
