"""What Rust's programs were built of, where `cargo auditable` wrote it down. Source: rust-secure-code/cargo-auditable, PARSING.md."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from stagemill.attest.packages.elf import section
from stagemill.attest.packages.package import Package
from stagemill.attest.purl import package_url
from stagemill.oci import document as json

_SECTION = b".dep-v0"
_MOST_BYTES = 8 << 20


def packages(path: Path, name: str) -> Iterator[Package]:
    """The crates of a program; what only built it is not in it. Nothing for what is none of Rust's, or does not say.

    `name` is its path in the tree.
    """
    try:
        with path.open("rb") as file:
            packed = section(file, _SECTION)
        text = zlib.decompressobj().decompress(packed, _MOST_BYTES) if packed else b""
        crates = json.objects(json.parse_object(text, name), "packages") if text else ()
        for crate in crates:
            if json.text(crate, "kind", "runtime") != "build":
                crate_name, version = json.text(crate, "name"), json.text(crate, "version", "")
                yield Package(crate_name, version, package_url("cargo", crate_name, version), name)
    except (OSError, struct.error, IndexError, ValueError, zlib.error):
        return  # it is no program, or not a whole one
