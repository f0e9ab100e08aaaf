"""Lists of what is in a tree, checked by SPDX's own tools."""

from __future__ import annotations

import json
from typing import Any

from fakes.evidence import spdx_flaws
from stagemill.attest.inventory import Inventory
from stagemill.attest.packages.package import Distribution, Package
from stagemill.attest.spdx import document

PACKAGES = (
    Package("bash", "5.2", "pkg:deb/debian/bash@5.2", "var/lib/dpkg/status", "", "Matthias <m@debian.org>"),
    Package("@babel/core", "7", "pkg:npm/%40babel/core@7", "node_modules/@babel/core/package.json", "MIT"),
    Package("odd", "", "pkg:pypi/odd", "odd.dist-info/METADATA", "Some licence", "Fedora Project"),
)


def listed(*packages: Package, created: float = 1_700_000_000.9) -> Any:
    return json.loads(json.dumps(document(Inventory(packages, "web", "linux/amd64", created, "1.2"))))


def test_spdxs_own_tools_have_nothing_against_it() -> None:
    assert spdx_flaws(listed(*PACKAGES)) == []
    assert spdx_flaws(listed()) == []
    assert spdx_flaws({**listed(), "documentNamespace": "not a URI"}) != []


def test_each_package_is_told_by_its_url() -> None:
    found = listed(*PACKAGES)

    root, bash, core, odd = found["packages"]
    assert (root["name"], root["primaryPackagePurpose"]) == ("web", "CONTAINER")
    assert (bash["name"], bash["versionInfo"], bash["supplier"]) == ("bash", "5.2", "Person: Matthias (m@debian.org)")
    assert bash["externalRefs"] == [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/bash@5.2"}
    ]
    assert bash["sourceInfo"] == "found in /var/lib/dpkg/status"
    assert core["licenseDeclared"] == "MIT"
    assert (odd["licenseDeclared"], odd["licenseComments"]) == ("NOASSERTION", "the package says: Some licence")
    assert ("versionInfo" in odd, odd["supplier"]) == (False, "Organization: Fedora Project")
    assert len({package["SPDXID"] for package in found["packages"]}) == 4


def test_the_tree_contains_them() -> None:
    found = listed(*PACKAGES)

    assert [(each["spdxElementId"], each["relationshipType"]) for each in found["relationships"]] == [
        ("SPDXRef-DOCUMENT", "DESCRIBES"),
        *[("SPDXRef-DocumentRoot", "CONTAINS")] * 3,
    ]


def test_the_same_tree_at_the_same_time_is_the_same_document() -> None:
    assert listed(*PACKAGES) == listed(*PACKAGES, created=1_700_000_000)
    assert listed(*PACKAGES)["creationInfo"] == {
        "created": "2023-11-14T22:13:20Z",
        "creators": ["Tool: stagemill-1.2"],
    }
    namespaces = {listed(*some)["documentNamespace"] for some in ((), PACKAGES, PACKAGES[:1])}
    assert len(namespaces) == 3


def test_the_distribution_is_one_of_them_where_it_is_known() -> None:
    def told(system: Distribution) -> Any:
        found = json.loads(json.dumps(document(Inventory((), "web", "linux/amd64", 0.0, "1.2", system))))
        assert spdx_flaws(found) == []
        return found["packages"][1]

    debian, arch = told(Distribution("debian", "12")), told(Distribution("arch"))
    assert (debian["name"], debian["versionInfo"], debian["primaryPackagePurpose"]) == (
        "debian",
        "12",
        "OPERATING-SYSTEM",
    )
    assert "versionInfo" not in arch
