"""Where base images are found: in the store, in a registry, in a layout."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.blobs import MemoryBlobs, make_image
from fakes.workshop import Workshop
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import NotFoundError, SourceError
from stagemill.export.oci import oci_directory
from stagemill.graph.operations import Git, Http
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.oci.image import Image
from stagemill.oci.image_index import ImageIndex
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.resolver import Base
from stagemill.sources.policy import Policy, Rule, Selector, Updates
from stagemill.sources.refs import Found

FULL = "docker.io/library/app:latest"
OTHER = Platform("linux", "riscv64" if os.uname().machine != "riscv64" else "amd64")


def an_image(workshop: Workshop, text: str = "hello", *, platform: Platform | None = None) -> Image:
    return make_image(workshop.remote.blobs, {"etc/motd": text.encode()}, platform=platform or Platform.local())


def test_an_image_of_the_store_needs_no_registry(workshop: Workshop) -> None:
    image = an_image(workshop)
    workshop.has_image("app", image)

    found = workshop.resolver().resolve("app", None)

    assert found == Base(FULL, image.digest, image.config)
    assert (workshop.remote.asked, workshop.heard) == ([], [])


def test_one_that_the_store_lacks_is_asked_for_and_remembered(workshop: Workshop) -> None:
    image = workshop.remote.images[FULL] = an_image(workshop)

    found = workshop.resolver().resolve("app", None)

    assert found == Base(FULL, image.digest, image.config)
    chain = image.chain_ids[0]
    remembered = workshop.store.links.base(chain)
    assert remembered is not None
    assert (remembered.descriptor, remembered.reference) == (image.manifest.layers[0], FULL)
    assert workshop.store.blobs.read(image.digest) == image.manifest_bytes


class TestWhatARegistryHasJustSaid:
    def test_of_an_image_that_is_known_nobody_is_asked_again(self, workshop: Workshop) -> None:
        image = workshop.remote.images[FULL] = an_image(workshop)
        workshop.resolver().resolve("app", None)
        before, workshop.heard[:] = list(workshop.heard), []

        found = workshop.resolver(told=lambda name: image.digest if str(name) == FULL else None).resolve("app", None)

        assert found == Base(FULL, image.digest, image.config)
        assert workshop.remote.asked == [FULL]
        assert [replace(event, at=0) for event in workshop.heard] == [replace(event, at=0) for event in before]

    def test_one_that_is_not_known_is_fetched(self, workshop: Workshop) -> None:
        image = workshop.remote.images[FULL] = an_image(workshop)

        found = workshop.resolver(told=lambda _: image.digest).resolve("app", None)

        assert (found.manifest, workshop.remote.asked) == (image.digest, [FULL])

    def test_a_name_with_a_digest_stands_for_that(self, workshop: Workshop) -> None:
        image, other = an_image(workshop), an_image(workshop, "other")
        name = f"app@{image.digest}"
        workshop.remote.images[str(Reference.parse(name))] = image
        workshop.has_image("other", other)

        assert workshop.resolver(told=lambda _: other.digest).resolve(name, None).manifest == image.digest


def test_no_layer_is_fetched(workshop: Workshop) -> None:
    image = workshop.remote.images[FULL] = an_image(workshop)

    workshop.resolver().resolve("app", None)

    assert workshop.remote.opened == []
    assert not workshop.store.blobs.has(image.manifest.layers[0])


def test_asking_a_registry_is_reported(workshop: Workshop) -> None:
    workshop.remote.images[FULL] = an_image(workshop)

    workshop.resolver().resolve("app", None)

    assert [event.name for event in workshop.events(events.Started)] == [f"[internal] load metadata for {FULL}"]
    assert len(workshop.events(events.Finished)) == 1


def test_an_image_that_nobody_has_is_an_error_that_is_reported(workshop: Workshop) -> None:
    with pytest.raises(NotFoundError) as caught:
        workshop.resolver().resolve("app", None)

    assert (caught.value.message, caught.value.hint) == ("there is no image app:latest", "check the name")
    assert [event.message for event in workshop.events(events.Failed)] == ["there is no image app:latest"]


def test_with_pull_the_registrys_image_wins(workshop: Workshop) -> None:
    workshop.has_image("app", an_image(workshop, "old"))
    new = workshop.remote.images[FULL] = an_image(workshop, "new")

    assert workshop.resolver(pull=True).resolve("app", None).manifest == new.digest


def test_an_image_for_another_platform_is_passed_over(workshop: Workshop) -> None:
    workshop.has_image("app", an_image(workshop, platform=OTHER))
    fitting = workshop.remote.images[FULL] = an_image(workshop)

    assert workshop.resolver().resolve("app", None).manifest == fitting.digest
    assert workshop.resolver().resolve("app", Platform.local()).manifest == fitting.digest


def test_who_only_looks_at_images_takes_one_for_another_platform_where_there_is_no_fitting_one(
    workshop: Workshop,
) -> None:
    other = an_image(workshop, platform=OTHER)
    workshop.has_image("app", other)

    with pytest.raises(NotFoundError):
        workshop.resolver().resolve("app", None)
    assert workshop.resolver(lenient=True).resolve("app", None) == Base(FULL, other.digest, other.config)

    fitting = workshop.remote.images[FULL] = an_image(workshop)
    assert workshop.resolver(lenient=True).resolve("app", None).manifest == fitting.digest


def test_where_no_platform_is_asked_for_the_stores_only_one_is_taken_unless_the_registry_has_to_say(
    workshop: Workshop,
) -> None:
    other = an_image(workshop, platform=OTHER)
    workshop.has_image("app", other)

    assert workshop.resolver(implicit=True).resolve("app", None) == Base(FULL, other.digest, other.config)
    with pytest.raises(NotFoundError):
        workshop.resolver(implicit=True, pull=True).resolve("app", None)


def test_a_platform_that_an_instruction_asks_for_is_had_or_nothing_is(workshop: Workshop) -> None:
    workshop.has_image("app", an_image(workshop))

    with pytest.raises(NotFoundError):
        workshop.resolver(implicit=True).resolve("app", OTHER)


def test_an_image_for_the_wanted_platform_is_taken(workshop: Workshop) -> None:
    other = an_image(workshop, platform=OTHER)
    workshop.has_image("app", other)

    assert workshop.resolver().resolve("app", OTHER).manifest == other.digest


def test_an_image_that_names_no_platform_is_taken_as_it_is(workshop: Workshop) -> None:
    image = an_image(workshop, platform=Platform("", ""))
    workshop.has_image("app", image)

    assert workshop.resolver().resolve("app", None).manifest == image.digest


class TestIndexes:
    def test_the_image_for_the_platform_is_taken(self, workshop: Workshop) -> None:
        own, other = an_image(workshop), an_image(workshop, platform=OTHER)
        workshop.has_image("app", ImageIndex.build([other, own]))

        assert workshop.resolver().resolve("app", None) == Base(FULL, own.digest, own.config)
        assert workshop.resolver().resolve("app", OTHER) == Base(FULL, other.digest, other.config)
        assert workshop.remote.asked == []

    def test_one_without_it_is_passed_over_also_where_nobody_asked(self, workshop: Workshop) -> None:
        workshop.has_image("app", ImageIndex.build([an_image(workshop, platform=OTHER)]))

        for resolver in (workshop.resolver(), workshop.resolver(implicit=True)):
            with pytest.raises(NotFoundError):
                resolver.resolve("app", None)

    def test_where_nobody_asked_an_image_of_one_platform_is_taken_if_there_is_no_other(
        self, workshop: Workshop
    ) -> None:
        other = an_image(workshop, platform=OTHER)
        workshop.has_image("app", other)

        assert workshop.resolver(implicit=True).resolve("app", None).manifest == other.digest

        fitting = workshop.remote.images[FULL] = an_image(workshop)
        assert workshop.resolver(implicit=True).resolve("app", None).manifest == fitting.digest

    def test_with_several_platforms_it_is_said_for_which_a_registry_is_asked(self, workshop: Workshop) -> None:
        workshop.remote.images[FULL] = an_image(workshop, platform=OTHER)

        workshop.resolver(several=True).resolve("app", OTHER)

        assert [event.name for event in workshop.events(events.Started)] == [
            f"[{OTHER} internal] load metadata for {FULL}"
        ]


class TestPlatforms:
    def test_those_of_an_index_in_the_store_are_told(self, workshop: Workshop) -> None:
        workshop.has_image("app", ImageIndex.build([an_image(workshop, platform=OTHER), an_image(workshop)]))

        assert workshop.resolver().platforms("app") == (OTHER, Platform.local())
        assert workshop.remote.asked == []

    def test_what_the_store_lacks_is_asked_for(self, workshop: Workshop) -> None:
        workshop.remote.images[FULL] = an_image(workshop, platform=OTHER)

        assert workshop.resolver().platforms("app") == (OTHER,)

    def test_what_was_fetched_for_one_may_be_there_for_others(self, workshop: Workshop) -> None:
        own = workshop.remote.images[FULL] = an_image(workshop)
        workshop.resolver().resolve("app", None)
        workshop.has_image("app", own)
        workshop.remote.images[FULL] = an_image(workshop, platform=OTHER)

        assert workshop.resolver().platforms("app") == (OTHER,)
        del workshop.remote.images[FULL]
        assert workshop.resolver().platforms("app") == (Platform.local(),)

    def test_what_was_built_here_is_what_it_is(self, workshop: Workshop) -> None:
        workshop.has_image("app", an_image(workshop))

        assert workshop.resolver().platforms("app") == (Platform.local(),)
        assert workshop.remote.asked == []

    def test_what_nobody_has_is_an_error(self, workshop: Workshop) -> None:
        with pytest.raises(NotFoundError):
            workshop.resolver().platforms("app")

    def test_a_layout_tells_those_of_a_tag_or_a_digest(self, workshop: Workshop, tmp_path: Path) -> None:
        index = ImageIndex.build([an_image(workshop, platform=OTHER), an_image(workshop)])
        oci_directory(index, workshop.remote.blobs, names=["app:1"], destination=tmp_path / "layout")

        for end in (":1", "", f"@{index.digest}"):
            assert workshop.resolver().platforms(f"oci-layout://{tmp_path}/layout{end}") == (OTHER, Platform.local())


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_an_image_of_the_store_that_is_torn_is_asked_for_again(workshop: Workshop, what: str) -> None:
    image = an_image(workshop)
    workshop.has_image("app", image)
    workshop.remote.images[FULL] = image
    digest = image.digest if what == "manifest" else image.manifest.config.digest
    workshop.store.blobs.path(digest).write_bytes(b"torn")

    assert workshop.resolver().resolve("app", None).manifest == image.digest
    assert workshop.remote.asked == [FULL]
    assert workshop.store.blobs.read(digest)


@pytest.mark.parametrize("text", ["Upper/Case", "a b", ":tag", ""])
def test_what_is_no_name_is_a_value_error(workshop: Workshop, text: str) -> None:
    with pytest.raises(ValueError):
        workshop.resolver().resolve(text, None)


class TestLayout:
    @pytest.fixture
    def layout(self, tmp_path: Path) -> tuple[str, Image]:
        blobs = MemoryBlobs()
        image = make_image(blobs, {"etc/motd": b"layout"}, platform=Platform.local())
        path = tmp_path / "layout"
        oci_directory(image, blobs, names=("docker.io/library/app:one",), destination=path)
        return f"oci-layout://{path}", image

    def test_its_image_is_in_the_store_afterwards(self, workshop: Workshop, layout: tuple[str, Image]) -> None:
        reference, image = layout

        found = workshop.resolver().resolve(reference, None)

        assert found == Base(reference, image.digest, image.config)
        assert workshop.store.blobs.has(image.manifest.layers[0])
        assert workshop.remote.asked == []

    def test_a_tag_chooses_among_its_images(self, workshop: Workshop, layout: tuple[str, Image]) -> None:
        reference, image = layout

        assert workshop.resolver().resolve(f"{reference}:one", None).manifest == image.digest

    def test_a_tag_that_it_lacks_is_an_error_that_names_those_it_has(
        self, workshop: Workshop, layout: tuple[str, Image]
    ) -> None:
        reference, _ = layout

        with pytest.raises(NotFoundError) as caught:
            workshop.resolver().resolve(f"{reference}:two", None)

        path = reference.removeprefix("oci-layout://")
        assert caught.value.message == f"{path} has no image with the tag two"
        assert caught.value.hint == "the tags in it: one"


def test_a_policy_says_which_image_is_had_for_a_name(workshop: Workshop) -> None:
    image = an_image(workshop)
    workshop.has_image("app", image)
    rule = Rule(
        "rule 1", "CONVERT", Selector("docker-image://docker.io/library/other:*"), Updates(f"docker-image://{FULL}")
    )

    assert workshop.resolver(policy=Policy((rule,))).resolve("other:1", None) == Base(FULL, image.digest, image.config)


def test_an_image_that_a_policy_denies_is_not_even_looked_for(workshop: Workshop) -> None:
    workshop.has_image("app", an_image(workshop))

    with pytest.raises(SourceError, match="is denied by the source policy: rule 1"):
        workshop.resolver(policy=Policy((Rule("rule 1", "DENY", Selector("*")),))).resolve("app", None)


class Pinned:
    """Pins that know one digest."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.asked: list[tuple[str, Platform | None]] = []

    def image(self, name: Reference, platform: Platform | None) -> Reference:
        self.asked.append((str(name), platform))
        return replace(name, digest=self.digest)

    def lost(self, name: Reference, error: NotFoundError) -> NotFoundError:
        return NotFoundError(f"{error}, {name.digest} is lost")

    def file(self, location: HttpLocation, checksum: Digest | None) -> Digest | None:
        raise AssertionError("no file is asked for")

    def repository(self, location: GitLocation) -> Found | None:
        raise AssertionError("no repository is asked for")

    def changed(self, location: HttpLocation, found: Digest, wanted: Digest) -> SourceError | None:
        raise AssertionError("no file is asked for")

    def found(self, location: Location, found: Http | Git) -> None:
        raise AssertionError("no URL is asked for")


class TestPins:
    def test_an_image_of_the_store_is_found_by_its_digest_whatever_its_name_means(self, workshop: Workshop) -> None:
        pinned, other = an_image(workshop), an_image(workshop, "other")
        workshop.has_image("app", pinned)
        workshop.has_image("app", other)
        pins = Pinned(pinned.digest)

        for pull in (False, True):
            found = workshop.resolver(pins=pins, pull=pull).resolve("app", OTHER)
            assert found == Base(f"{FULL}@{pinned.digest}", pinned.digest, pinned.config)

        assert pins.asked == [(FULL, OTHER)] * 2
        assert (workshop.remote.asked, workshop.heard) == ([], [])

    def test_one_that_the_store_lacks_is_asked_for_by_its_digest(self, workshop: Workshop) -> None:
        image = an_image(workshop)
        workshop.remote.images[f"{FULL}@{image.digest}"] = image

        workshop.resolver(pins=Pinned(image.digest)).resolve("app", None)

        assert workshop.remote.asked == [f"{FULL}@{image.digest}"]

    def test_one_whose_layers_nobody_knows_of_is_asked_for(self, workshop: Workshop) -> None:
        image = an_image(workshop)
        workshop.remote.images[f"{FULL}@{image.digest}"] = image
        for data in (image.manifest_bytes, image.config_bytes):
            workshop.store.blobs.put(data)

        workshop.resolver(pins=Pinned(image.digest)).resolve("app", None)

        remembered = workshop.store.links.base(image.chain_ids[0])
        assert remembered is not None
        assert remembered.reference == f"{FULL}@{image.digest}"

    def test_one_that_is_nowhere_is_told_by_the_pins(self, workshop: Workshop) -> None:
        digest = Digest.of(b"x")

        with pytest.raises(NotFoundError, match=f"there is no image app:latest@{digest}, {digest} is lost"):
            workshop.resolver(pins=Pinned(digest)).resolve("app", None)

    def test_the_policy_comes_first(self, workshop: Workshop) -> None:
        image = an_image(workshop)
        workshop.has_image("app", image)
        pins = Pinned(image.digest)
        updates = Updates("docker-image://docker.io/library/app:latest")
        policy = Policy((Rule("rule 1", "CONVERT", Selector("docker-image://docker.io/library/b:1"), updates),))

        workshop.resolver(pins=pins, policy=policy).resolve("b:1", None)

        assert [name for name, _ in pins.asked] == [FULL]

    def test_platforms_are_those_of_the_pinned_index(self, workshop: Workshop) -> None:
        image = an_image(workshop)
        workshop.remote.images[f"{FULL}@{image.digest}"] = image
        pins = Pinned(image.digest)

        workshop.resolver(pins=pins).platforms("app")

        assert pins.asked == [(FULL, None)]
        assert workshop.remote.asked == [f"{FULL}@{image.digest}"]
