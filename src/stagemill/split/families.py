"""What an image runs on that was built in another: for each well-known base with tools, the one beside it without them.

Only names of one make stand beside each other, so that the C library, the paths and the versions are the same. Source: the
pages of the official images, and of Eclipse Temurin.
"""

from __future__ import annotations

import re

from stagemill.values import dataclass

_DEBIANS = ("trixie", "bookworm", "bullseye", "buster")
_JDK = re.compile(r"(?:temurin|jdk|corretto|java)-?([0-9]+)")
_OPENJDK = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Base:
    """An image by its parts: `name` without registry and `library/`, `prefix` what stands before it, `tag`."""

    prefix: str
    name: str
    tag: str

    @classmethod
    def of(cls, reference: str) -> Base:
        """What a FROM names; a digest is no tag, and is left out."""
        plain = reference.partition("@")[0]
        place, _, last = plain.rpartition("/")
        name, _, tag = last.partition(":")
        return cls(f"{place}/" if place else "", name, tag)

    def __str__(self) -> str:
        return f"{self.prefix}{self.name}:{self.tag}" if self.tag else f"{self.prefix}{self.name}"

    def sibling(self, name: str, tag: str) -> str:
        return str(Base(self.prefix, name, tag))

    @property
    def official(self) -> bool:
        """Whether it may be one of the official images: on Docker Hub others have a name before theirs; a mirror is a host."""
        first = self.prefix.partition("/")[0]
        return first in {"", "library"} or "." in first or ":" in first

    @property
    def alpine(self) -> bool:
        return self.name == "alpine" or "alpine" in self.tag

    @property
    def slim(self) -> bool:
        """Whether it is one without tools already."""
        return "slim" in self.tag or self.alpine or self.name in {"debian", "ubuntu", "busybox", "alpine"}


def slim(base: Base) -> str:
    """The variant of a language's image without tools to build: `node:22` has `node:22-slim`; itself where it is that one."""
    if base.slim or not base.official or base.name not in {"node", "python", "ruby", "perl"}:
        return str(base)
    return base.sibling(base.name, _slim_tag(base))


def _slim_tag(base: Base) -> str:
    """The order of the words in a tag is each image's own: `22-bookworm-slim` of node, `3.12-slim-bookworm` of others."""
    debian = next((name for name in _DEBIANS if base.tag == name or base.tag.endswith(f"-{name}")), "")
    words = [word for word in (base.tag.removesuffix(debian).rstrip("-"), "slim") if word]
    if debian:
        words.insert(len(words) - 1 if base.name == "node" else len(words), debian)
    return "-".join(words)


def system(base: Base, release: str = "") -> str:
    """The plain system that a base with a compiler is made of, for programs that need a C library; itself where none is known.

    `release` is what its etc/os-release says, `debian bookworm`; where that is not known yet, the tag has to do.
    """
    name, _, version = release.partition(" ")
    if base.name in {"debian", "ubuntu", "alpine", "busybox"} or name not in {"", "debian", "ubuntu", "alpine"}:
        return str(base)
    if name == "ubuntu" and version:
        return f"ubuntu:{version}"
    if base.alpine or name == "alpine":
        found = re.search(r"alpine([0-9.]+)", base.tag)
        number = found[1] if found else ".".join(version.split(".")[:2])
        return f"alpine:{number}" if number else "alpine"
    debian = version or next((name for name in _DEBIANS if name in base.tag), "bookworm")
    return f"debian:{debian}-slim"


def java(base: Base) -> str | None:
    """The image with a Java that only runs, of the version that a base with a compiler has; None where that is not known."""
    if base.name == "eclipse-temurin":
        tag = base.tag.replace("-jdk", "-jre")
        return base.sibling(base.name, tag if "jre" in tag else f"{tag}-jre") if tag else None
    found = _OPENJDK.match(base.tag) if base.name in {"openjdk", "amazoncorretto"} else _JDK.search(base.tag)
    if found is None:
        return None
    tail = "-alpine" if base.alpine else ""
    return f"eclipse-temurin:{found[1]}-jre{tail}"


def python_of_uv(base: Base) -> str | None:
    """The python image below an image of uv: `uv:python3.12-bookworm-slim` has `python:3.12-slim-bookworm`."""
    found = re.search(r"python([0-9.]+)(?:-(trixie|bookworm|bullseye))?", base.tag)
    if base.name != "uv" or found is None:
        return None
    return f"python:{found[1]}-slim-{found[2]}" if found[2] else f"python:{found[1]}-slim"
