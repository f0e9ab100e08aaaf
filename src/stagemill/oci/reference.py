"""`Reference`: the name of an image, `registry/repository:tag@digest`.

Source: distribution/reference. A name without a registry is one of docker.io's, a name without a folder there is in
`library/`, a reference without tag and digest has the tag `latest`.
"""

from __future__ import annotations

import re
from typing import Self

from stagemill.digest import Digest
from stagemill.regex import regex
from stagemill.values import dataclass

DEFAULT_REGISTRY = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = regex(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = regex(r"\w[\w.-]{0,127}", re.ASCII)
_REGISTRY = regex(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")

_ID = regex(r"[0-9a-f]{64}")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """A complete name. `registry` is as the user wrote it (docker.io where nothing was); `tag` or `digest` is set."""

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with what is wrong, in words for people."""
        name, _, digest_text = text.partition("@")
        digest = _digest(digest_text, text) if "@" in text else None
        head, slash, last = name.rpartition("/")
        last, colon, tag = last.partition(":")
        if colon and not _TAG.fullmatch(tag):
            raise ValueError(f"{text!r} has an invalid tag {tag!r}")
        registry, repository = _split_registry(f"{head}{slash}{last}")
        if not _REPOSITORY.fullmatch(repository):
            why = "repository names are in lower case" if repository != repository.lower() else "invalid repository"
            raise ValueError(f"{text!r} is no image reference: {why}")
        if not _REGISTRY.fullmatch(registry):
            raise ValueError(f"{text!r} is no image reference: invalid registry {registry!r}")
        if _ID.fullmatch(name):
            raise ValueError(f"{text!r} is no image reference: it looks like the digest of an image")
        if len(registry) + 1 + len(repository) > _LONGEST:
            raise ValueError(f"{text[:40]!r}… is no image reference: names have at most {_LONGEST} characters")
        return cls(registry, repository, tag or ("" if digest else "latest"), digest)

    @property
    def familiar(self) -> str:
        """As people write it: without docker.io and library/; with its tag."""
        name = self.repository
        name = name.removeprefix("library/") if self.registry == DEFAULT_REGISTRY else f"{self.registry}/{name}"
        return name + self._suffix

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}{self._suffix}"


def _digest(digest_text: str, whole: str) -> Digest:
    try:
        return Digest(digest_text)
    except ValueError as error:
        raise ValueError(f"{whole!r} has an invalid digest: want sha256: and 64 hex digits") from error


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        registry, repository = DEFAULT_REGISTRY, name
    else:
        registry, repository = first, rest
    if registry in {"index.docker.io", "registry-1.docker.io"}:
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and repository and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository
