"""`stagemill pull`: an image out of a registry."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from fakes.blobs import make_image
from fakes.program import Call
from fakes.registry import FakeRegistry
from stagemill.attest.manifest import carrier
from stagemill.attest.statement import PROVENANCE_1, Attestation, Subject
from stagemill.digest import Digest
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        running.push("team/app", "1", make_image(running.blobs, {"a": b"1"}, platform=Platform.local()))
        yield running


def test_it_is_in_the_store_with_all_of_its_layers(stagemill: Call, registry: FakeRegistry) -> None:
    name = f"{registry.host}/team/app:1"

    said = stagemill("pull", name)

    assert (said.status, said.out) == (0, f"{name}\n")
    assert f"pull {name}" in said.err
    before = len(registry.requests)
    assert stagemill("save", name).status == 0
    assert len(registry.requests) == before


def test_all_tags_are_fetched(stagemill: Call, registry: FakeRegistry) -> None:
    registry.page = 1
    registry.push("team/app", "2", make_image(registry.blobs, {"a": b"2"}, platform=Platform.local()))

    said = stagemill("pull", "--all-tags", f"{registry.host}/team/app")

    names = [f"{registry.host}/team/app:{tag}" for tag in "12"]
    assert (said.status, said.out.split()) == (0, names)
    assert sorted(image["name"] for image in json.loads(stagemill("images", "--json").out)) == names


def test_a_tag_is_not_all_of_them(stagemill: Call, registry: FakeRegistry) -> None:
    said = stagemill("pull", "-a", f"{registry.host}/team/app:1")

    assert said.status == 2
    assert "error: a tag cannot be used with --all-tags" in said.err
    assert f"hint: write stagemill pull -a {registry.host}/team/app\n" in said.err


def test_quiet_prints_the_name_alone(stagemill: Call, registry: FakeRegistry) -> None:
    said = stagemill("pull", "-q", f"{registry.host}/team/app:1")

    assert (said.out, said.err) == (f"{registry.host}/team/app:1\n", "")


def test_another_platforms_image_can_be_fetched(stagemill: Call, registry: FakeRegistry) -> None:
    other = Platform("linux", "s390x")
    images = [make_image(registry.blobs, {"a": b"1"}, platform=platform) for platform in (Platform.local(), other)]
    registry.push_index("team/app", "both", *images)

    stagemill("pull", "--platform", "linux/s390x", f"{registry.host}/team/app:both")

    assert json.loads(stagemill("inspect", f"{registry.host}/team/app:both").out)[0]["Architecture"] == "s390x"


class TestWhatIsSaid:
    SAID = Attestation("p.json", PROVENANCE_1, {"how": 1})

    def beside(self, registry: FakeRegistry, image: Image, *, artifact: bool = True) -> Image:
        """A manifest with what is said of an image, in the registry."""
        made = carrier(image, [self.SAID], subjects=[Subject("_", image.digest)], artifact=artifact)
        for data in (*made.statements, made.image.config_bytes):
            registry.blobs.put(data)
        return made.image

    @pytest.mark.parametrize("artifact", [True, False])
    def test_it_comes_with_an_image_that_is_alone(
        self, stagemill: Call, registry: FakeRegistry, artifact: bool
    ) -> None:
        name = f"{registry.host}/team/app:said"
        image = make_image(registry.blobs, {"a": b"2"}, platform=Platform.local())
        index = registry.push_index("team/app", "said", image, self.beside(registry, image, artifact=artifact))

        assert stagemill("pull", name).status == 0

        (found,) = json.loads(stagemill("inspect", name).out)
        assert found["Descriptor"]["digest"] == Digest.of(index)
        before = len(registry.requests)
        said = stagemill("attestations", "--type", "provenance", name)
        assert json.loads(said.out) == {"how": 1}
        assert stagemill("push", name, f"{registry.host}/other:1").status == 0
        assert registry.manifests["other", "1"][1] == index
        assert not [seen for seen in registry.requests[before:] if seen.method == "GET"]

    def test_where_it_is_lost_the_image_comes_alone(self, stagemill: Call, registry: FakeRegistry) -> None:
        name = f"{registry.host}/team/app:said"
        image = make_image(registry.blobs, {"a": b"2"}, platform=Platform.local())
        beside = self.beside(registry, image)
        registry.push_index("team/app", "said", image, beside)
        del registry.manifests["team/app", beside.digest]

        said = stagemill("pull", name)

        assert said.status == 0
        assert f"{name} comes without what is said of it: there is no image" in said.err
        assert json.loads(stagemill("inspect", name).out)[0]["Descriptor"]["digest"] == image.digest

    def test_of_several_platforms_it_is_the_image_alone(self, stagemill: Call, registry: FakeRegistry) -> None:
        platforms = (Platform.local(), Platform("linux", "s390x"))
        images = [make_image(registry.blobs, {"a": b"1"}, platform=platform) for platform in platforms]
        registry.push_index("team/app", "both", *images, self.beside(registry, images[0]))

        stagemill("pull", f"{registry.host}/team/app:both")

        (found,) = json.loads(stagemill("inspect", f"{registry.host}/team/app:both").out)
        assert found["Descriptor"]["digest"] == images[0].digest


@pytest.mark.parametrize(
    ("arguments", "status"), [(("Bad Name",), 2), (("--platform", "a/b/c/d", "app"), 2), (("127.0.0.1:1/none",), 1)]
)
def test_what_cannot_be_is_told(stagemill: Call, arguments: tuple[str, ...], status: int) -> None:
    said = stagemill("pull", *arguments)

    assert (said.status, said.out) == (status, "")
    assert "error: " in said.err
    assert "hint: " in said.err


def test_one_that_is_not_there_is_told(stagemill: Call, registry: FakeRegistry) -> None:
    said = stagemill("pull", f"{registry.host}/team/none")

    assert (said.status, said.out) == (1, "")
    assert "team/none" in said.err
