"""Which layer each thing in a list came with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.evidence import cyclonedx_flaws, spdx_flaws
from stagemill.attest import cyclonedx, spdx
from stagemill.attest.inventory import Inventory
from stagemill.attest.layered import layered
from stagemill.attest.packages.package import Package
from stagemill.attest.statement import CYCLONEDX, PROVENANCE_1, SPDX, Attestation
from stagemill.digest import Digest

LAYER = Digest.of(b"layer")
INVENTORY = Inventory(
    (Package("a", "1", "pkg:npm/a@1", "node_modules/a/package.json"), Package("b", "1", "pkg:maven/g/b@1", "x.jar!/b.jar"),
     Package("c", "1", "pkg:npm/c@1", "elsewhere")),
    "web", "linux/amd64", 0.0, "1",
)  # fmt: skip


def layer_of(path: str) -> Digest | None:
    return LAYER if path in {"node_modules/a/package.json", "x.jar"} else None


def told(kind: str, predicate: Any) -> Any:
    return json.loads(json.dumps(layered(Attestation("sbom.json", kind, predicate), layer_of).predicate))


def test_packages_of_ours_have_the_layer_of_the_file_that_told_of_them() -> None:
    found = told(SPDX, spdx.document(INVENTORY))

    assert [package.get("comment") for package in found["packages"][1:]] == [f"layerID: {LAYER}"] * 2 + [None]
    assert found["packages"][0]["comment"] == "the files of web for linux/amd64"
    assert spdx_flaws(found) == []


def test_so_have_components() -> None:
    found = told(CYCLONEDX, cyclonedx.document(INVENTORY))

    layer = [{"name": "stagemill:layer", "value": LAYER}]
    assert [component.get("properties") for component in found["components"]] == [layer, layer, None]
    assert cyclonedx_flaws(found) == []


def test_files_of_a_scanners_list_have_theirs_unless_it_commented_them() -> None:
    files: list[Any] = [
        {"fileName": "/node_modules/a/package.json"},
        {"fileName": "./x.jar", "comment": "mine"},
        {"fileName": "none"},
        {"fileName": 3},
    ]

    found = told(SPDX, {"files": files, "packages": [{"name": "p", "sourceInfo": "acquired from /x.jar"}]})

    assert found["files"] == [{**files[0], "comment": f"layerID: {LAYER}"}, *files[1:]]
    assert found["packages"] == [{"name": "p", "sourceInfo": "acquired from /x.jar"}]


@pytest.mark.parametrize(
    ("kind", "predicate"), [(SPDX, {"files": 3}), (CYCLONEDX, {"components": ["x"]}), (PROVENANCE_1, {"files": []})]
)
def test_what_is_no_list_stays_as_it_is(kind: str, predicate: Any) -> None:
    assert told(kind, predicate) == predicate
