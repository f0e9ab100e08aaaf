"""What a build was made of: images, files and repositories with their digests; and what it could see of secrets and the network.

Source: BuildKit, solver/llbsolver/provenance: capture.go and predicate.go.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from stagemill.attest import purl
from stagemill.graph import operations
from stagemill.graph.mounts import SecretMount, SshMount
from stagemill.graph.vertex import Vertex
from stagemill.oci.document import JsonObject
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

_LAYOUT = "oci-layout://"
_GIT_SECRETS = ("GIT_AUTH_HEADER", "GIT_AUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class Material:
    """Something from outside. `algorithm` is that of the `digest`, which is in hex."""

    uri: str
    algorithm: str
    digest: str

    def to_json(self) -> JsonObject:
        return {"uri": self.uri, "digest": {self.algorithm: self.digest}}


@dataclass(frozen=True, slots=True)
class Confided:
    """A secret or an agent by its id; `optional` says that a build does without it."""

    id: str
    optional: bool

    def to_json(self) -> JsonObject:
        return {"id": self.id, "optional": True} if self.optional else {"id": self.id}


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What vertices read: materials, confidences, the names of the user's own files, and whether a process saw a network."""

    materials: tuple[Material, ...]
    secrets: tuple[Confided, ...]
    agents: tuple[Confided, ...]
    contexts: tuple[str, ...]
    network: bool

    @classmethod
    def of(cls, vertices: Sequence[Vertex]) -> Ingredients:
        """Each once, images first, then repositories, then files, by their names."""
        ops = [vertex.op for vertex in vertices]
        runs = [op for op in ops if isinstance(op, operations.Run)]
        gits = [op for op in ops if isinstance(op, operations.Git)]
        https = [op for op in ops if isinstance(op, operations.Http)]
        mounts = [mount for run in runs for mount in run.mounts]
        asked = [
            Confided(name, optional=True)
            for op in gits
            if op.remote.startswith(("http://", "https://"))
            for name in _GIT_SECRETS
        ]
        by_ssh = [Confided("default", optional=True) for op in gits if not _is_open(op.remote)]
        return cls(
            materials=(
                *_each(image(op) for op in ops if isinstance(op, operations.BaseImage)),
                *_each(map(repository, gits)),
                *_each(Material(op.url, "sha256", op.content.hex) for op in https),
            ),
            secrets=_merged([*asked, *(_confided(mount) for mount in mounts if isinstance(mount, SecretMount))]),
            agents=_merged([*by_ssh, *(_confided(mount) for mount in mounts if isinstance(mount, SshMount))]),
            contexts=tuple(sorted({op.name for op in ops if isinstance(op, operations.Context)})),
            network=any(run.network != "none" for run in runs),
        )


def image(op: operations.BaseImage) -> Material:
    """An image by a package URL; one of a layout by the name of its directory."""
    if op.reference.startswith(_LAYOUT):
        place = op.reference.removeprefix(_LAYOUT).partition("@")[0].rstrip("/")
        name = posixpath.basename(place).partition(":")[0]
        return Material(purl.of_layout(name, op.manifest, op.platform), "sha256", op.manifest.hex)
    platform = Platform.parse(op.platform) if op.platform else None
    return Material(purl.of_image(Reference.parse(op.reference), platform), "sha256", op.manifest.hex)


def repository(op: operations.Git) -> Material:
    """A repository with the ref that was asked for, and the commit that it was."""
    uri = f"{op.remote}#{op.written}" if op.written else op.remote
    return Material(uri, "sha256" if len(op.commit) == 64 else "sha1", op.commit)


def _is_open(remote: str) -> bool:
    return remote.startswith(("http://", "https://", "git://"))


def _confided(mount: SecretMount | SshMount) -> Confided:
    return Confided(mount.id, optional=not mount.required)


def _each(found: Iterable[Material]) -> list[Material]:
    return sorted({material.uri: material for material in found}.values(), key=lambda material: material.uri)


def _merged(found: Iterable[Confided]) -> tuple[Confided, ...]:
    """By id; what somebody cannot do without is not optional."""
    optional: dict[str, bool] = {}
    for each in found:
        optional[each.id] = each.optional and optional.get(each.id, True)
    return tuple(Confided(name, optional=optional[name]) for name in sorted(optional))
