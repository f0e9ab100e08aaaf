"""Lists of what is in a tree, checked against CycloneDX's own schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.evidence import cyclonedx_flaws
from stagemill.attest.cyclonedx import document
from stagemill.attest.inventory import Inventory
from stagemill.attest.licenses import IDS
from stagemill.attest.packages.package import Distribution, Package

PACKAGES = (
    Package("bash", "5.2", "pkg:deb/debian/bash@5.2", "var/lib/dpkg/status", "", "Matthias <m@debian.org>"),
    Package("@babel/core", "7", "pkg:npm/%40babel/core@7", "node_modules/@babel/core/package.json", "MIT"),
    Package("both", "1", "pkg:npm/both@1", "node_modules/both/package.json", "MIT OR Apache-2.0"),
    Package("odd", "", "pkg:pypi/odd", "odd.dist-info/METADATA", "Some licence", "nobody"),
)
DEBIAN = Distribution("debian", "12")


def listed(*packages: Package, system: Distribution = DEBIAN) -> Any:
    return json.loads(json.dumps(document(Inventory(packages, "web", "linux/amd64", 1_700_000_000.9, "1.2", system))))


@pytest.mark.parametrize("packages", [PACKAGES, ()])
@pytest.mark.parametrize("system", [DEBIAN, Distribution("arch"), Distribution()])
def test_its_schema_has_nothing_against_it(packages: tuple[Package, ...], system: Distribution) -> None:
    assert cyclonedx_flaws(listed(*packages, system=system)) == []


def test_its_schema_would_have() -> None:
    found = listed(*PACKAGES)

    assert cyclonedx_flaws({**found, "serialNumber": "x"}) != []
    assert cyclonedx_flaws({**found, "extra": 1}) != []


def test_each_licence_that_is_known_is_known_to_the_schema() -> None:
    packages = [Package(name, "1", f"pkg:generic/{name}@1", "x", name) for name in sorted(IDS)]

    assert cyclonedx_flaws(listed(*packages)) == []


def test_each_package_is_told_by_its_url() -> None:
    found = listed(*PACKAGES)

    system, bash, core, both, odd = found["components"]
    assert system == {"type": "operating-system", "bom-ref": "operating-system", "name": "debian", "version": "12"}
    assert (bash["purl"], bash["bom-ref"], bash["version"]) == (*["pkg:deb/debian/bash@5.2"] * 2, "5.2")
    assert bash["supplier"] == {"name": "Matthias", "contact": [{"email": "m@debian.org"}]}
    assert bash["evidence"] == {"occurrences": [{"location": "/var/lib/dpkg/status"}]}
    assert core["licenses"] == [{"license": {"id": "MIT"}}]
    assert both["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert (odd["licenses"], odd["supplier"]) == ([{"license": {"name": "Some licence"}}], {"name": "nobody"})
    assert "version" not in odd


def test_the_tree_depends_on_all_of_them() -> None:
    found = listed(*PACKAGES)

    assert (found["metadata"]["component"]["name"], found["metadata"]["component"]["type"]) == ("web", "container")
    (root,) = found["dependencies"]
    assert root["ref"] == found["metadata"]["component"]["bom-ref"]
    assert root["dependsOn"] == [component["bom-ref"] for component in found["components"]]


def test_the_same_tree_at_the_same_time_is_the_same_document() -> None:
    assert listed(*PACKAGES) == listed(*PACKAGES)
    assert listed(*PACKAGES)["serialNumber"] != listed()["serialNumber"]
