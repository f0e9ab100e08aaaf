"""`Platform`: operating system, architecture and variant, in Go's names (linux/amd64, linux/arm/v7)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from stagemill.oci import document as json

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "i586": "386",
    "i686": "386",
    "armv6l": "arm",
    "armv7l": "arm",
    "armhf": "arm",
    "armel": "arm",
    "loongarch64": "loong64",
}
_VARIANTS = {"armel": "v6", "armv6l": "v6"}
_SYSTEMS = frozenset({"linux", "windows", "darwin", "freebsd"})
_KNOWN = frozenset({
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64",
    "s390x", "wasm",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Platform:
    """A normalised platform: `arm64/v8` is `arm64`, `arm` is `arm/v7`, `x86_64` is `amd64`."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """`os/arch[/variant]`; one word alone is an architecture of Linux, or a system on this machine's architecture.

        Raises ValueError.
        """
        parts = text.strip().lower().split("/")
        if len(parts) > 3 or not all(parts):
            raise ValueError(f"{text!r} is no platform: want os/arch or os/arch/variant")
        if len(parts) > 1:
            return cls.normal(*parts)
        word = parts[0]
        if word in _SYSTEMS:
            return cls.normal(word, cls.local().architecture)
        if _ARCHITECTURES.get(word, word) not in _KNOWN:
            raise ValueError(f"{text!r} is no platform: it is neither a known system nor a known architecture")
        return cls.normal("linux", word)

    @classmethod
    def normal(cls, os_name: str, architecture: str, variant: str = "") -> Self:
        os_name, architecture, variant = os_name.lower(), architecture.lower(), variant.lower()
        variant = variant or _VARIANTS.get(architecture, "")
        architecture = _ARCHITECTURES.get(architecture, architecture)
        if architecture == "arm64" and variant in {"8", "v8"}:
            variant = ""
        if architecture == "arm":
            variant = {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"}.get(variant, variant)
        if architecture == "amd64" and variant == "v1":
            variant = ""
        return cls(os_name, architecture, variant)

    @classmethod
    def local(cls) -> Self:
        """This machine."""
        return cls.normal("linux", os.uname().machine)

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        found = cls.normal(
            json.text(document, "os", ""), json.text(document, "architecture", ""), json.text(document, "variant", "")
        )
        return cls(found.os, found.architecture, found.variant, json.text(document, "os.version", ""))

    def to_json(self) -> json.JsonObject:
        document: dict[str, json.Json] = {"architecture": self.architecture, "os": self.os}
        if self.variant:
            document["variant"] = self.variant
        if self.os_version:
            document["os.version"] = self.os_version
        return document

    @property
    def full(self) -> str:
        """With the version of the system, where there is one: `windows(10.0.17763.1)/amd64`."""
        version = f"({self.os_version})" if self.os_version else ""
        return "/".join(part for part in (self.os + version, self.architecture, self.variant) if part)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
