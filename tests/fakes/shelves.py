"""Images of `fakes/places.py`, put into registries that are not real."""

from __future__ import annotations

from fakes.places import MemorySource
from fakes.registry import FakeRegistry
from stagemill.places.node import Node


def serve(registry: FakeRegistry, repository: str, tag: str, source: MemorySource) -> str:
    """Its name there, when all of it is there."""
    registry.blobs.data |= source.blobs.data
    for node in source.node().walk():
        registry.put_manifest(repository, node.digest, node.data, media_type=node.media_type)
    top = source.node()
    registry.put_manifest(repository, tag, top.data, media_type=top.media_type)
    return f"{registry.host}/{repository}:{tag}"


def there(registry: FakeRegistry, name: str) -> Node:
    """What a name means in a registry, and all that it reaches; `name` is without the host."""
    repository, _, tag = name.rpartition(":")
    media_type, data = registry.manifests[repository, tag]
    source = MemorySource(Node.of(data, media_type).entry, registry.blobs)
    for (_, digest), (_, document) in registry.manifests.items():
        if ":" in digest:
            source.blobs.put(document)
    return source.node()
