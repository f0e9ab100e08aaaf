"""What is in a tree, before it is written."""

from __future__ import annotations

from dataclasses import replace

from fakes.tree import MemoryTree
from stagemill.attest.inventory import Inventory
from stagemill.attest.packages.package import Distribution

TREE = MemoryTree({"lib/apk/db/installed": "P:musl\nV:1\n", "etc/os-release": "ID=alpine\nVERSION_ID=3.20\n"})


def of(tree: MemoryTree) -> Inventory:
    return Inventory.of(tree, title="web", platform="linux/amd64", created=1_700_000_000.9, version="1")


def test_it_has_the_packages_and_the_distribution() -> None:
    found = of(TREE)

    assert [package.url for package in found.packages] == ["pkg:apk/alpine/musl@1?distro=alpine-3.20"]
    assert (found.system, found.time) == (Distribution("alpine", "3.20"), "2023-11-14T22:13:20Z")


def test_its_identity_is_that_of_its_content_in_its_second() -> None:
    found = of(TREE)
    others = [of(MemoryTree({})), replace(found, title="x"), replace(found, platform="x"), replace(found, created=0.0)]

    assert replace(found, created=1_700_000_000.0).identity == found.identity
    assert len({each.identity for each in (found, *others)}) == 5
