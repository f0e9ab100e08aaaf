"""Packages of dpkg. Source: dpkg-query(1) and deb-control(5); images without a shell have a file for each in status.d."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.attest.packages.package import Distribution, Package, Reader
from stagemill.attest.purl import package_url

STATUS = "var/lib/dpkg/status"
FOLDER = "var/lib/dpkg/status.d"


def packages(read: Reader, names: list[str], distribution: Distribution) -> Iterator[Package]:
    """Those that are installed; `names` are the files in the folder."""
    paths = [STATUS, *(f"{FOLDER}/{name}" for name in names if not name.endswith(".md5sums"))]
    for path in paths:
        for fields in _paragraphs(read(path) or b""):
            status = fields.get("Status", "install ok installed").split()
            if fields.get("Package") and status[-1:] == ["installed"]:
                yield _package(fields, path, distribution)


def _package(fields: dict[str, str], path: str, distribution: Distribution) -> Package:
    name, version = fields["Package"], fields.get("Version", "")
    source, _, rest = fields.get("Source", "").partition(" ")
    qualifiers = {
        "arch": fields.get("Architecture", ""),
        "distro": str(distribution),
        "upstream": f"{source}@{rest.strip('()')}" if rest else source,
    }
    url = package_url("deb", name, version, namespace=distribution.id or "debian", qualifiers=qualifiers)
    return Package(name, version, url, path, supplier=fields.get("Maintainer", ""))


def _paragraphs(data: bytes) -> Iterator[dict[str, str]]:
    """The fields of each; what goes on in further lines is not of interest."""
    fields: dict[str, str] = {}
    for line in (*data.decode("utf-8", "replace").split("\n"), ""):
        key, colon, value = line.partition(":")
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif colon and not line[0].isspace():
            fields[key] = value.strip()
