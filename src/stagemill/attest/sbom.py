"""What is in a tree, as a document of SPDX 2.3 in JSON. Source: the SPDX specification, clauses 6, 7 and 11."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from stagemill.attest.licenses import expression
from stagemill.attest.packages.finder import find
from stagemill.attest.packages.package import Package
from stagemill.attest.statement import SPDX, Attestation
from stagemill.digest import Digest
from stagemill.files.view import FileView
from stagemill.oci.document import Json, JsonObject

_ROOT = "SPDXRef-DocumentRoot"
_NAMESPACE = "https://stagemill.invalid/spdx"
_NONE = "NOASSERTION"
_MAIL = re.compile(r"\s*<([^<>]*)>\s*$")
_UNFIT = re.compile(r"[^a-zA-Z0-9.-]+")


def sbom(view: FileView, *, name: str, title: str, platform: str, created: float, version: str) -> Attestation:
    """What is in a tree: `name` of the list, `title` and platform of the tree, its time in seconds since 1970."""
    packages = find(view)
    return Attestation(f"{name}.spdx.json", SPDX, document(packages, title, platform, created=created, version=version))


def document(packages: Sequence[Package], title: str, platform: str, *, created: float, version: str) -> JsonObject:
    """The same for packages that are known; two documents of other content have other namespaces."""
    listed = [_package(package) for package in packages]
    content = Digest.of_value([title, platform, [package.url for package in packages], int(created)])
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": title,
        "documentNamespace": f"{_NAMESPACE}/{content.hex}",
        "creationInfo": {
            "created": datetime.fromtimestamp(int(created), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: stagemill-{version}"],
        },
        "packages": [_root(title, platform), *listed],
        "relationships": [
            _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _ROOT),
            *(_relationship(_ROOT, "CONTAINS", str(package["SPDXID"])) for package in listed),
        ],
    }


def _relationship(one: str, kind: str, other: str) -> JsonObject:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _root(title: str, platform: str) -> JsonObject:
    return {
        "SPDXID": _ROOT,
        "name": title,
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "CONTAINER",
        "comment": f"the files of {title} for {platform}",
    }


def _package(package: Package) -> dict[str, Json]:
    """An id holds few characters, so that what tells packages apart is a digest in it."""
    mark = Digest.of(package.url.encode()).hex[:16]
    known = expression(package.license)
    found: dict[str, Json] = {
        "SPDXID": f"SPDXRef-Package-{_UNFIT.sub('-', package.name).strip('-') or 'unnamed'}-{mark}",
        "name": package.name,
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseConcluded": _NONE,
        "licenseDeclared": known or _NONE,
        "copyrightText": _NONE,
        "sourceInfo": f"found in /{package.source}",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.url}
        ],
    }
    if package.version:
        found["versionInfo"] = package.version
    if package.license and not known:
        found["licenseComments"] = f"the package says: {package.license}"
    if package.supplier:
        found["supplier"] = "Person: " + _MAIL.sub(r" (\1)", package.supplier)
    return found
