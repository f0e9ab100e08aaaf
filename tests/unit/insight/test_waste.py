"""What of an image is waste: each file once, with what tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fakes.layered import LINK, image

LARGE = b"x" * 4096


def of(*layers: Mapping[str, bytes]) -> list[tuple[str, str, int, int | None, str]]:
    return [
        (str(each.kind), each.placed.part.path, each.placed.layer, each.by, each.because)
        for each in image(*layers).waste
    ]


def test_what_is_hidden_comes_first_and_is_told_with_both_layers() -> None:
    found = of({"a": b"1", "b": b"2", "c": b"3", "tmp/x": b"4"}, {".wh.a": b"", "b": b"new", "c": b"3"})

    assert found == [
        ("deleted later", "a", 0, 1, ""),
        ("overwritten later", "b", 0, 1, ""),
        ("overwritten by itself", "c", 0, 1, ""),
        ("temporary file", "tmp/x", 0, None, ""),
    ]


def test_of_equal_files_the_one_of_the_lowest_layer_is_the_original() -> None:
    found = of({"z": LARGE}, {"a": LARGE, "b": LARGE})

    assert found == [("copy of another file", "a", 1, None, "z"), ("copy of another file", "b", 1, None, "z")]


def test_small_copies_and_hard_links_are_no_waste() -> None:
    assert of({"a": LARGE[1:], "b": LARGE[1:], "c": LARGE, "d": LINK + b"c"}) == []


def test_each_package_keeps_its_licence() -> None:
    assert of({"usr/share/doc/a/copyright": LARGE, "usr/share/doc/b/copyright": LARGE, "LICENSE.txt": LARGE}) == []


def test_a_file_counts_once_and_a_dependency_for_development_before_its_documentation() -> None:
    found = of({
        "package-lock.json": json.dumps({"packages": {"node_modules/t": {"dev": True}}}).encode(),
        "node_modules/t/package.json": b'{"name": "t", "version": "1"}',
        "node_modules/t/README.md": LARGE,
        "node_modules/n/package.json": b'{"name": "n", "version": "1"}',
        "node_modules/n/README.md": LARGE,
    })  # fmt: skip

    assert found == [
        ("documentation", "node_modules/n/README.md", 0, None, ""),
        ("development dependency", "node_modules/t/README.md", 0, None, "package-lock.json"),
        ("development dependency", "node_modules/t/package.json", 0, None, "package-lock.json"),
    ]


def test_links_to_tools_are_no_tools() -> None:
    assert of({"bin/busybox": b"1", "usr/bin/ar": b"->/bin/busybox", "usr/bin/make": LINK + b"bin/busybox"}) == []
