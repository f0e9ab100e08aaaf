"""`Platform`: operating system, architecture and variant, in Go's names (linux/amd64, linux/arm/v7).

Source: containerd's platforms package, whose normal forms BuildKit and docker use.
"""

from __future__ import annotations

import os
from typing import Self

from stagemill.oci import document as json
from stagemill.regex import regex
from stagemill.values import dataclass

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "i386": "386",
    "i586": "386",
    "i686": "386",
    "armv6l": "arm",
    "armv7l": "arm",
    "armv8l": "arm",
    "armhf": "arm",
    "armel": "arm",
    "loongarch64": "loong64",
}
_VARIANTS = {"armel": "v6", "armv6l": "v6", "armhf": "v7"}
_NORMAL_VARIANTS = {
    "amd64": {"v1": ""},
    "arm64": {"8": "", "v8": "", "v8.0": "", "9": "v9", "9.0": "v9", "v9.0": "v9"},
    "arm": {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"},
}
_SYSTEMS = frozenset({
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
    "openbsd", "plan9", "solaris", "windows", "zos",
})  # fmt: skip
_KNOWN = frozenset({
    "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le",
    "mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64",
    "wasm",
})  # fmt: skip
_SYSTEM = regex(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)((?:\+[A-Za-z0-9_.-]+)*)\))?")
_WORD = regex(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Platform:
    """A normalised platform: `arm64/v8` is `arm64`, `arm` is `arm/v7`, `x86_64` is `amd64`.

    `os_version` and `os_features` are Windows'.
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """`os/arch[/variant]`; one word alone is an architecture of Linux, or a system on this machine's architecture.

        The system may have a version and features: `windows(10.0.17763+win32k)`. Raises ValueError.
        """
        first, *rest = text.strip().split("/")
        system = _SYSTEM.fullmatch(first)
        if system is None or len(rest) > 2 or not all(map(_WORD.fullmatch, rest)):
            raise ValueError(f"{text!r} is no platform: want os/arch or os/arch/variant")
        version, features = system[2] or "", tuple((system[3] or "").split("+")[1:])
        if rest:
            return cls.normal(system[1], *rest, os_version=version, os_features=features)
        name = _system(system[1])
        if name in _SYSTEMS:
            here = cls.local()
            return cls(name, here.architecture, here.variant, version, features)
        if _ARCHITECTURES.get(first.lower(), first.lower()) not in _KNOWN:
            raise ValueError(f"{text!r} is no platform: it is neither a known system nor a known architecture")
        return cls.normal("linux", first)

    @classmethod
    def normal(
        cls,
        os_name: str,
        architecture: str,
        variant: str = "",
        *,
        os_version: str = "",
        os_features: tuple[str, ...] = (),
    ) -> Self:
        architecture, variant = architecture.lower(), variant.lower()
        variant = variant or _VARIANTS.get(architecture, "")
        architecture = _ARCHITECTURES.get(architecture, architecture)
        variant = "" if architecture == "386" else _NORMAL_VARIANTS.get(architecture, {}).get(variant, variant)
        return cls(_system(os_name), architecture, variant, os_version, tuple(sorted(set(os_features))))

    @classmethod
    def local(cls) -> Self:
        """This machine."""
        return cls.normal("linux", os.uname().machine)

    @classmethod
    def from_json(cls, document: json.JsonObject) -> Self:
        return cls.normal(
            json.text(document, "os", ""),
            json.text(document, "architecture", ""),
            json.text(document, "variant", ""),
            os_version=json.text(document, "os.version", ""),
            os_features=json.texts(document, "os.features"),
        )

    def to_json(self) -> json.JsonObject:
        document: dict[str, json.Json] = {"architecture": self.architecture, "os": self.os}
        if self.variant:
            document["variant"] = self.variant
        if self.os_version:
            document["os.version"] = self.os_version
        if self.os_features:
            document["os.features"] = list(self.os_features)
        return document

    @property
    def full(self) -> str:
        """With version and features of the system, where there are any: `windows(10.0.17763.1)/amd64`."""
        options = self.os_version + "".join(f"+{feature}" for feature in self.os_features)
        system = f"{self.os}({options})" if options else self.os
        return "/".join(part for part in (system, self.architecture, self.variant) if part)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def _system(name: str) -> str:
    lower = name.lower()
    return "darwin" if lower == "macos" else lower
