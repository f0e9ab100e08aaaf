"""An inventory as a document of CycloneDX 1.6 in JSON. Source: the CycloneDX specification, its JSON schema `bom-1.6`."""

from __future__ import annotations

import uuid

from stagemill.attest.inventory import Inventory
from stagemill.attest.licenses import expression
from stagemill.attest.packages.package import Distribution, Package
from stagemill.oci.document import Json, JsonObject
from stagemill.regex import regex

_ROOT = "root"
_SYSTEM = "operating-system"
_ADDRESS = regex(r"\s*<([^<>\s@]+@[^<>\s@]+)>\s*$")


def document(inventory: Inventory) -> JsonObject:
    """Two documents of other content have other serial numbers."""
    listed = [_component(package) for package in inventory.packages]
    if inventory.system.id:
        listed.insert(0, _system(inventory.system))
    tool: JsonObject = {"type": "application", "name": "stagemill", "version": inventory.version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.UUID(bytes=bytes.fromhex(inventory.identity.hex)[:16], version=4).urn,
        "version": 1,
        "metadata": {
            "timestamp": inventory.time,
            "tools": {"components": [tool]},
            "component": {
                "type": "container",
                "bom-ref": _ROOT,
                "name": inventory.title,
                "description": f"the files of {inventory.title} for {inventory.platform}",
            },
        },
        "components": listed,
        "dependencies": [{"ref": _ROOT, "dependsOn": [component["bom-ref"] for component in listed]}],
    }


def _system(system: Distribution) -> dict[str, Json]:
    """Scanners look up what is known of a package in the lists of this distribution."""
    found: dict[str, Json] = {"type": "operating-system", "bom-ref": _SYSTEM, "name": system.id}
    return {**found, "version": system.version} if system.version else found


def _component(package: Package) -> dict[str, Json]:
    found: dict[str, Json] = {
        "type": "library",
        "bom-ref": package.url,
        "name": package.name,
        "purl": package.url,
        "evidence": {"occurrences": [{"location": f"/{package.source}"}]},
    }
    if package.version:
        found["version"] = package.version
    if package.license:
        found["licenses"] = [_license(package.license)]
    if package.supplier:
        found["supplier"] = _supplier(package.supplier)
    return found


def _license(text: str) -> JsonObject:
    """An id where it is one, an expression of several, else the package's own words."""
    known = expression(text)
    if known:
        return {"expression": known} if " " in known else {"license": {"id": known}}
    return {"license": {"name": text}}


def _supplier(text: str) -> JsonObject:
    address = _ADDRESS.search(text)
    if address is None:
        return {"name": text}
    return {"name": text[: address.start()], "contact": [{"email": address[1]}]}
