"""What is in a tree, in the forms that are wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.tree import MemoryTree
from stagemill.attest.inventory import Inventory
from stagemill.attest.sbom import lists
from stagemill.attest.statement import CYCLONEDX, SPDX

TREE = MemoryTree({"lib/apk/db/installed": "P:musl\nV:1\nL:MIT\n", "etc/os-release": "ID=alpine\nVERSION_ID=3.20\n"})


@pytest.fixture
def inventory() -> Inventory:
    return Inventory.of(TREE, title="deps", platform="linux/amd64", created=0, version="1")


def test_a_tree_becomes_a_list_in_each_form(inventory: Inventory) -> None:
    found = list(lists(inventory, "sbom-deps", ("spdx", "cyclonedx")))

    assert [(each.file, each.type) for each in found] == [
        ("sbom-deps.spdx.json", SPDX),
        ("sbom-deps.cdx.json", CYCLONEDX),
    ]
    assert list(lists(inventory, "sbom-deps", ("cyclonedx",))) == found[1:]


def test_both_say_the_same(inventory: Inventory) -> None:
    spdx, cyclonedx = (
        json.loads(each.statement([]))["predicate"] for each in lists(inventory, "x", ("spdx", "cyclonedx"))
    )

    def named(items: list[Any], version: str) -> list[tuple[str, str]]:
        return [(item["name"], item[version]) for item in items]

    assert named(spdx["packages"][1:], "versionInfo") == [("alpine", "3.20"), ("musl", "1")]
    assert named(cyclonedx["components"], "version") == named(spdx["packages"][1:], "versionInfo")
    assert cyclonedx["metadata"]["timestamp"] == spdx["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
