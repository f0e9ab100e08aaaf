"""`Facts`: what a policy in Rego is told of a source.

Source: buildx, policy/types.go and validate.go. Fields without a value are left out, as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

from stagemill.errors import SourceError
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.regex import regex
from stagemill.sources.policy import Wanted
from stagemill.values import dataclass

Value: TypeAlias = "str | bool | int | list[str] | Mapping[str, Value]"

_COMMIT = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OF_CONFIG = ("createdTime", "env", "labels", "user", "volumes", "workingDir")


@dataclass(frozen=True, slots=True)
class Facts:
    """`kind` is image, http, git or local; `unknown` are fields that it may have and that nobody knows yet."""

    kind: str
    known: Mapping[str, Value]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """What is known of the build itself; `filename` is the Dockerfile's."""

    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    filename: str = "Dockerfile"
    target: str = ""

    def known(self) -> Mapping[str, Value]:
        given: dict[str, Value] = {
            "args": dict(self.args),
            "labels": dict(self.labels),
            "filename": self.filename,
            "target": self.target,
        }
        return {**_without_empty(given), "depth": 0}


def facts(wanted: Wanted) -> Facts:
    """Raises SourceError for a source that policies cannot be asked about."""
    scheme, _, rest = wanted.identifier.partition("://")
    match scheme:
        case "docker-image":
            return _image(rest, wanted)
        case "http" | "https":
            return _file(wanted)
        case "git":
            return _repository(rest, wanted)
        case "local":
            return Facts("local", {"name": rest})
    hint = "take the image from a registry or the store, or build with --policy disabled=true"
    raise SourceError(
        f"source {wanted.identifier!r} is of a kind that a policy in Rego cannot be asked about", hint=hint
    )


def _image(text: str, wanted: Wanted) -> Facts:
    reference = Reference.parse(text)
    platform = wanted.platform or Platform.local()
    whole = f"{reference.registry}/{reference.repository}"
    digest = str(reference.digest or "")
    docker = reference.registry == "docker.io"
    known: dict[str, Value] = {
        "ref": str(reference),
        "host": reference.registry,
        "repo": whole.removeprefix("docker.io/").removeprefix("library/") if docker else whole,
        "fullRepo": whole,
        "tag": reference.tag or "",
        "platform": str(platform),
        "os": platform.os,
        "arch": platform.architecture,
        "variant": platform.variant or "",
        "isCanonical": bool(digest),
        "checksum": digest,
    }
    return Facts("image", _without_empty(known), _OF_CONFIG if digest else (*_OF_CONFIG, "checksum"))


def _file(wanted: Wanted) -> Facts:
    parts = urlsplit(wanted.identifier)
    checksum = wanted.attributes.get("http.checksum", "")
    known: dict[str, Value] = {
        "url": wanted.identifier,
        "schema": parts.scheme,
        "host": parts.netloc.rpartition("@")[2],
        "path": parts.path,
        "query": parse_qs(parts.query, keep_blank_values=True),
        "checksum": checksum,
    }
    return Facts("http", _without_empty(known), () if checksum else ("checksum",))


def _repository(text: str, wanted: Wanted) -> Facts:
    place, _, fragment = text.partition("#")
    asked, _, subdir = fragment.partition(":")
    ref = wanted.attributes.get("git.found.ref") or asked
    remote = wanted.attributes.get("git.fullurl") or f"https://{place}"
    scheme, separator, rest = remote.partition("://")
    by_commit = _COMMIT.fullmatch(asked) is not None
    commit = asked if by_commit else wanted.attributes.get("git.found.commit", "")
    tagged = ref.startswith("refs/tags/")  # by an object of its own, perhaps
    whole = by_commit or ref.startswith(("refs/tags/", "refs/heads/"))
    known: dict[str, Value] = {
        "schema": scheme if separator else "ssh",
        "host": (rest.partition("/")[0] if separator else remote.partition(":")[0]).rpartition("@")[2],
        "remote": remote,
        "fullURL": wanted.attributes.get("git.fullurl", ""),
        "ref": ref if whole else "",
        "tagName": ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else "",
        "branch": ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else "",
        "subDir": subdir,
        "isCommitRef": by_commit,
        "checksum": "" if tagged else commit,
        "commitChecksum": commit,
        "isSHA256": len(commit) == 64,
    }
    unknown = (*(() if whole else ("ref", "tagName", "branch")), *(() if commit else ("commitChecksum", "isSHA256")))
    if tagged or not commit:
        unknown = (*unknown, "checksum", "isAnnotatedTag")
    return Facts("git", _without_empty(known), (*unknown, "commit", "tag"))


def _without_empty(given: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in given.items() if value}
