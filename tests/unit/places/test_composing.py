"""One index of several sources: whose order, which platforms, and what is said about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from fakes.places import AMD64, ARM64, MemorySource, both, one
from stagemill.errors import NotFoundError, StagemillError
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.platform import Platform
from stagemill.places.composing import Part, compose, entered
from stagemill.places.node import Node
from stagemill.places.rewriting import SUBJECT, annotated, in_form

RISCV = Platform("linux", "riscv64")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Marking:
    """Annotations as a test gives them."""

    manifests: Mapping[Platform, Pairs] = field(default_factory=dict)
    descriptors: Mapping[Platform, Pairs] = field(default_factory=dict)
    index: Pairs = ()
    index_descriptor: Pairs = ()

    def manifest(self, platform: Platform, /) -> Pairs:
        return self.manifests.get(platform, ())

    def descriptor(self, platform: Platform, /) -> Pairs:
        return self.descriptors.get(platform, ())


NONE = Marking()


def part(source: MemorySource, origin: str = "") -> Part:
    blobs = [blob.digest for each in source.node().walk() for blob in each.blobs]
    return Part(source.node(), source, dict.fromkeys(blobs, origin) if origin else {})


def dockers(source: MemorySource) -> Part:
    return Part(in_form(source.node(), "docker", told=lambda _text: None), source)


def platforms(node: Node) -> list[Platform | None]:
    return [child.descriptor.platform for child in node.children]


def test_manifests_get_the_platforms_of_their_configs() -> None:
    arm, amd = one(platform=ARM64), one(platform=AMD64)

    made = compose([part(arm), part(amd)], NONE).node

    assert made.media_type == media_types.INDEX
    assert platforms(made) == [ARM64, AMD64]
    assert [child.digest for child in made.children] == [arm.node().digest, amd.node().digest]
    assert json.loads(made.data)["manifests"] == [child.entry for child in made.children]


def test_an_index_gives_all_that_is_in_it_and_each_digest_is_there_once() -> None:
    whole, riscv = both(), one(platform=RISCV)
    again = MemorySource(dict(whole.node().children[1].entry), whole.blobs)

    made = compose([part(whole), part(riscv), part(again)], NONE).node

    assert platforms(made) == [*platforms(whole.node()), RISCV]
    assert made.children[:4] == whole.node().children


def test_what_is_said_later_of_an_image_counts() -> None:
    whole = both()
    again = MemorySource(
        {
            **whole.node().children[1].entry,
            "platform": {"os": "linux", "architecture": "arm64", "variant": "v8.2"},
            "annotations": {"k": "v"},
        },
        whole.blobs,
    )

    made = compose([part(whole), part(again)], NONE).node
    back = compose([part(again), part(whole)], NONE).node

    assert [str(child.descriptor.platform) for child in made.images()] == ["linux/amd64", "linux/arm64/v8.2"]
    assert made.children[1].descriptor.annotations == {"k": "v"}
    assert platforms(back)[0] == ARM64
    assert back.children[0].descriptor.annotations == {"k": "v"}


def test_blobs_come_from_the_source_that_has_them() -> None:
    arm, amd = one("1", platform=ARM64), one("2")

    made = compose([part(arm, "a.example/arm:1"), part(amd)], NONE)

    for each in made.node.walk():
        for blob in each.blobs:
            with made.source.open(blob) as reader:
                assert b"".join(chunks(reader))
    assert set(made.origins) == {blob.digest for blob in arm.node().blobs}
    assert set(arm.opened) >= {blob.digest for blob in arm.node().blobs}
    assert not set(amd.opened) & set(arm.opened)


@pytest.mark.parametrize("source", [both(), one()])
def test_one_source_alone_stays_as_it_is(source: MemorySource) -> None:
    assert compose([part(source)], NONE, index=False).node == source.node()


def test_one_manifest_becomes_an_index_where_that_is_preferred() -> None:
    made = compose([part(one())], NONE).node

    assert (made.is_index, platforms(made)) == (True, [AMD64])


def test_only_some_platforms_come_with_what_is_said_about_them() -> None:
    source = both()

    made = compose([part(source)], NONE, platforms=[ARM64]).node

    assert made.children == (source.node().children[1], source.node().children[3])
    assert compose([part(source)], NONE, platforms=[ARM64, AMD64]).node == source.node()


def test_a_platform_that_is_missing_is_told() -> None:
    with pytest.raises(NotFoundError) as caught:
        compose([part(both())], NONE, platforms=[AMD64, RISCV])

    assert caught.value.message == "there is no image for linux/riscv64"
    assert caught.value.hint == "there are images for linux/amd64, linux/arm64"


def test_annotations_are_where_they_were_wanted() -> None:
    source = both()
    marks = Marking(
        manifests={ARM64: (("m", "1"),)},
        descriptors={AMD64: (("d", "2"),)},
        index=(("i", "3"),),
        index_descriptor=(("e", "4"),),
    )

    made = compose([part(source)], marks).node

    amd, arm, about_amd, about_arm = made.children
    assert json.loads(arm.data)["annotations"] == {"m": "1"}
    assert amd.entry["annotations"] == {"d": "2"}
    assert amd.data == source.node().children[0].data
    assert json.loads(made.data)["annotations"] == {"i": "3"}
    assert made.entry["annotations"] == {"e": "4"}
    assert about_amd == source.node().children[2]
    assert about_arm.descriptor.annotations[SUBJECT] == arm.digest
    assert json.loads(made.data)["manifests"] == [child.entry for child in made.children]


def test_annotations_of_an_index_that_is_added_to_stay() -> None:
    first = compose([part(both())], Marking(index=(("title", "App"),))).node
    source = MemorySource(first.entry, both().blobs)
    source.blobs.data |= {each.digest: each.data for each in first.walk()}

    made = compose([part(source), part(one(platform=RISCV))], NONE).node

    assert json.loads(made.data)["annotations"] == {"title": "App"}


class TestDockersFormat:
    def test_of_dockers_manifests_it_is_dockers_list(self) -> None:
        made = compose([dockers(one("1")), dockers(one("2", platform=ARM64))], NONE).node

        assert made.media_type == media_types.DOCKER_INDEX

    @pytest.mark.parametrize("marks", [Marking(index=(("a", "b"),)), Marking(descriptors={AMD64: (("a", "b"),)})])
    def test_unless_it_has_what_dockers_cannot_have(self, marks: Marking) -> None:
        assert compose([dockers(one())], marks).node.media_type == media_types.INDEX
        assert compose([dockers(one()), part(both())], NONE).node.media_type == media_types.INDEX

    @pytest.mark.parametrize("marks", [Marking(index=(("a", "b"),)), Marking(manifests={AMD64: (("a", "b"),)})])
    def test_what_is_in_it_already_cannot_be_annotated(self, marks: Marking) -> None:
        with pytest.raises(StagemillError, match="is in docker's format, which has no annotations") as caught:
            compose([dockers(both())], marks)

        assert "--format oci" in str(caught.value.hint)


def test_one_entry_is_changed_and_nothing_else() -> None:
    node = both().node()

    made = entered(node, node.children[1].digest, lambda entry: annotated(entry, {"k": "v"}))

    assert made.children[1].entry["annotations"] == {"k": "v"}
    assert (made.children[0], made.children[2:]) == (node.children[0], node.children[2:])
    assert replace(made.children[1], entry=node.children[1].entry) == node.children[1]
    assert json.loads(made.data)["manifests"][1]["annotations"] == {"k": "v"}
