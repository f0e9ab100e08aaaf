"""The places that images are written to: names come last, and what is there is not written again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.places import AMD64, ARM64, MemorySource, both, one, put
from fakes.registry import FakeRegistry
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.oci.image_index import ImageIndex, runnable
from stagemill.oci.reference import Reference
from stagemill.places.node import Node
from stagemill.places.target import LayoutTarget, RegistryTarget, StoreTarget, Target
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.store.references import References
from stagemill.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    with RegistryClient(RegistryConfig()) as opened:
        yield opened


def write(node: Node, source: MemorySource, target: Target) -> None:
    """All of it, as a copy does."""
    target.check(node)
    for each in node.walk():
        for blob in each.blobs:
            target.blob(blob, source, mounts=())
        if each.digest != node.digest:
            target.manifest(each)
    target.name(node)


class TestStore:
    def test_an_index_is_there_with_all_that_is_in_it(self, store: Store) -> None:
        source = both()
        node = source.node()

        write(node, source, StoreTarget(store, "docker.io/library/app:1", lambda: 7.0, "host.example/app:1"))

        named = store.images.get("docker.io/library/app:1")
        assert named is not None
        item = base.read(store, named)
        assert isinstance(item, ImageIndex)
        assert item.index_bytes == node.data
        assert [image.config.platform for image in runnable(item)] == [AMD64, ARM64]
        assert len(item.images) == 4
        for each in node.walk():
            assert all(store.blobs.has(blob) for blob in each.blobs)
            assert all(store.links.origin(blob.digest) == "host.example/app:1" for blob in each.blobs[:-1])

    def test_what_is_there_is_not_read(self, store: Store) -> None:
        source = one()
        target = StoreTarget(store, "docker.io/library/app:1", lambda: 7.0)
        write(source.node(), source, target)
        source.opened.clear()

        assert [target.blob(blob, source, mounts=()) for blob in source.node().blobs] == ["there", "there"]
        assert source.opened == []

    def test_what_is_no_image_is_refused(self, store: Store) -> None:
        attestation = both().node().children[2]

        with pytest.raises(StagemillError, match="the store keeps images, and this is of type") as caught:
            StoreTarget(store, "docker.io/library/app:1", lambda: 7.0).check(attestation)

        assert caught.value.hint == "an OCI layout keeps everything: oci:DIRECTORY:TAG"


class TestLayout:
    def test_a_tag_moves_and_other_images_stay(self, tmp_path: Path) -> None:
        first, second, third = one("1"), one("2"), one("3")
        for source, tag in ((first, "a"), (second, "b"), (third, "a")):
            write(source.node(), source, LayoutTarget.at(tmp_path / "layout", tag))

        entries = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
        tags = {entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"] for entry in entries}
        assert tags == {"a": third.node().digest, "b": second.node().digest}

    def test_keys_of_entries_that_we_do_not_know_stay(self, tmp_path: Path) -> None:
        source = one()
        known = {**source.entry, "artifactType": "application/x", "annotations": {"k": "v"}}
        for tag in "ab":
            write(Node(known, source.node().data), source, LayoutTarget.at(tmp_path, tag))

        entries = json.loads((tmp_path / "index.json").read_text())["manifests"]
        assert [entry["artifactType"] for entry in entries] == ["application/x"] * 2
        assert [entry["annotations"]["k"] for entry in entries] == ["v"] * 2

    def test_without_a_tag_it_is_there_once(self, tmp_path: Path) -> None:
        source = one()
        for _ in range(2):
            write(source.node(), source, LayoutTarget.at(tmp_path, ""))

        assert len(json.loads((tmp_path / "index.json").read_text())["manifests"]) == 1

    def test_a_digest_is_that_of_what_is_written(self, tmp_path: Path) -> None:
        source = one()

        with pytest.raises(StagemillError, match="what is copied has the digest"):
            LayoutTarget.at(tmp_path, "", Digest.of(b"?")).check(source.node())
        write(source.node(), source, LayoutTarget.at(tmp_path, "", source.node().digest))

        (entry,) = json.loads((tmp_path / "index.json").read_text())["manifests"]
        assert entry["digest"] == source.node().digest

    def test_a_blob_that_breaks_off_leaves_nothing(self, tmp_path: Path) -> None:
        source, target = one(), LayoutTarget.at(tmp_path, "1")
        target.check(source.node())
        blob = source.node().blobs[0]
        source.blobs.data[blob.digest] = source.blobs.data[blob.digest][:-1]

        with pytest.raises(StagemillError):
            target.blob(blob, source, mounts=())

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class TestRegistry:
    def test_an_index_goes_child_first(self, registry: FakeRegistry, client: RegistryClient) -> None:
        source = both()
        node = source.node()
        target = RegistryTarget(client.destination(Reference.parse(f"{registry.host}/team/app:1")))

        write(node, source, target)

        puts = [path for path in registry.paths("/manifests/") if path.startswith("PUT")]
        assert puts == [
            *(f"PUT /v2/team/app/manifests/{each.digest}" for each in node.children),
            "PUT /v2/team/app/manifests/1",
        ]
        assert registry.manifests["team/app", "1"][1] == node.data

    def test_a_manifest_that_is_there_is_known(self, registry: FakeRegistry, client: RegistryClient) -> None:
        source = both()
        node = source.node()
        target = RegistryTarget(client.destination(Reference.parse(f"{registry.host}/team/app:1")))
        assert not target.knows(node.children[0])

        write(node, source, target)

        assert target.knows(node.children[0])
        assert not target.knows(node)  # an index may have lost one of its images

    def test_a_digest_names_nothing_else(self, registry: FakeRegistry, client: RegistryClient) -> None:
        source = one()
        own = Reference.parse(f"{registry.host}/team/app@{source.node().digest}")
        other = Reference.parse(f"{registry.host}/team/app@{Digest.of(b'?')}")

        write(source.node(), source, RegistryTarget(client.destination(own)))
        with pytest.raises(StagemillError, match="what is copied has the digest"):
            RegistryTarget(client.destination(other)).check(source.node())

        assert list(registry.manifests) == [("team/app", source.node().digest)]


def test_the_store_needs_the_blobs_of_what_is_no_image_in_an_index(store: Store) -> None:
    source = both()
    index = json.loads(source.node().data)
    chart = json.loads(source.node().children[2].data)
    chart["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    index["manifests"].append(put(source.blobs, chart))
    node = MemorySource(put(source.blobs, index), source.blobs).node()

    write(node, source, StoreTarget(store, "docker.io/library/app:1", lambda: 7.0))

    (needed,) = References.of(store, lambda _result: ()).images.values()
    assert needed == {digest for each in node.walk() for digest in (each.digest, *(blob.digest for blob in each.blobs))}
