"""An inventory as a document of SPDX 2.3 in JSON. Source: the SPDX specification, clauses 6, 7 and 11."""

from __future__ import annotations

from stagemill.attest.inventory import Inventory
from stagemill.attest.licenses import expression
from stagemill.attest.packages.package import Distribution, Package
from stagemill.digest import Digest
from stagemill.oci.document import Json, JsonObject
from stagemill.regex import regex

_ROOT = "SPDXRef-DocumentRoot"
_NAMESPACE = "https://stagemill.invalid/spdx"
_NONE = "NOASSERTION"
FOUND = "found in /"
"""What stands before the path of the file that told of a package."""
_MAIL = regex(r"\s*<([^<>]*)>\s*$")
_UNFIT = regex(r"[^a-zA-Z0-9.-]+")


def document(inventory: Inventory) -> JsonObject:
    """Two documents of other content have other namespaces."""
    listed = [_package(package) for package in inventory.packages]
    if inventory.system.id:
        listed.insert(0, _system(inventory.system))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": inventory.title,
        "documentNamespace": f"{_NAMESPACE}/{inventory.identity.hex}",
        "creationInfo": {"created": inventory.time, "creators": [f"Tool: stagemill-{inventory.version}"]},
        "packages": [_root(inventory.title, inventory.platform), *listed],
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


def _system(system: Distribution) -> dict[str, Json]:
    """Scanners look up what is known of a package in the lists of this distribution."""
    found: dict[str, Json] = {
        "SPDXID": "SPDXRef-OperatingSystem",
        "name": system.id,
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
    }
    return {**found, "versionInfo": system.version} if system.version else found


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
        "sourceInfo": f"{FOUND}{package.source}",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.url}
        ],
    }
    if package.version:
        found["versionInfo"] = package.version
    if package.license and not known:
        found["licenseComments"] = f"the package says: {package.license}"
    if package.supplier:
        kind = "Person" if _MAIL.search(package.supplier) else "Organization"
        found["supplier"] = f"{kind}: " + _MAIL.sub(r" (\1)", package.supplier)
    return found
