"""Packages of apk. Source: apk-package(5) and the Alpine wiki, "Apk spec", "Installed Database"."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.attest.packages.package import Distribution, Package, Reader
from stagemill.attest.purl import package_url

PLACES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_FIELDS = "PVALoTm"


def packages(read: Reader, distribution: Distribution) -> Iterator[Package]:
    path, data = next(((path, data) for path in PLACES if (data := read(path))), ("", b""))
    for paragraph in data.decode("utf-8", "replace").split("\n\n"):
        lines = (line.partition(":") for line in paragraph.splitlines())
        fields = {key: value.strip() for key, colon, value in lines if colon and key in _FIELDS}
        if name := fields.get("P"):
            origin = fields.get("o", "")
            qualifiers = {
                "arch": fields.get("A", ""),
                "distro": str(distribution),
                "upstream": origin if origin != name else "",
            }
            version = fields.get("V", "")
            url = package_url("apk", name, version, namespace=distribution.id or "alpine", qualifiers=qualifiers)
            yield Package(name, version, url, path, fields.get("L", ""), fields.get("m", ""))
