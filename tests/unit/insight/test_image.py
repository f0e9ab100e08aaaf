"""What an image takes: layers, directories and packages add up."""

from __future__ import annotations

from fakes.layered import FOLDER, image
from stagemill.insight.contents import Weight
from stagemill.insight.image import Directory

RECORD = {
    "site-packages/a-1.dist-info/METADATA": b"Name: a\nVersion: 1\n",
    "site-packages/a-1.dist-info/RECORD": b"a.py,,\na-1.dist-info/METADATA,,\n",
    "site-packages/a.py": b"x" * 100,
}


def names(directory: Directory) -> list[str]:
    return [directory.name, *(name for child in directory.children for name in names(child))]


def test_layers_are_as_large_as_their_blobs_and_the_image_is_their_sum() -> None:
    found = image({"a": b"1" * 1000}, {".wh.a": b"", "b": b"2"})

    # A header and two blocks, and a header and a block with another header; each archive is filled up to 10,240 bytes.
    assert [(layer.weight.tar, layer.rest.tar) for layer in found.layers] == [(1536, 8704), (1536, 8704)]
    assert [layer.blob for layer in found.layers] == [layer.tar for layer in found.layers] == [10240, 10240]
    assert found.blob == 20480
    assert [layer.waste for layer in found.layers] == [Weight(1, 1000, 1536, 1536), Weight()]
    assert found.wasted == Weight(1, 1000, 1536, 1536)
    assert found.shown == Weight(1, 1, 1024, 1024)


def test_directories_have_all_that_is_below_them() -> None:
    root = image({"usr": FOLDER, "usr/a": b"1", "usr/lib/b": b"22"}, {"c": b"333", "usr": FOLDER}).tree()

    assert names(root) == ["", "usr", "lib"]
    assert (root.weight.size, root.own.size) == (6, 3)
    (usr,) = root.children
    assert (usr.weight, usr.own) == (Weight(2, 3, 2560, 2560), Weight(1, 1, 1536, 1536))
    assert usr.children[0].weight.size == 2


def test_an_empty_image_has_an_empty_root() -> None:
    assert image().tree() == Directory("", Weight(), Weight(), ())
    assert image({}).shown == Weight()


def test_packages_are_sorted_by_what_they_take() -> None:
    module = {"node_modules/b/package.json": b'{"name": "b", "version": "2"}', "node_modules/b/x": b"x" * 500}

    found = image({**RECORD, **module})

    assert [(package.name, package.version, weight.files, weight.size) for package, weight in found.packages] == [
        ("b", "2", 2, 529),
        ("a", "1", 2, 119),
    ]
    assert found.owners["site-packages/a.py"].name == "a"
