"""What is said of a manifest: found, and added to, in registries that list it and in those that do not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.connecting import Connect, of
from fakes.registry import FakeRegistry, Reply, status
from stagemill.digest import Digest
from stagemill.errors import RegistryError
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.registry.client import RegistryClient
from stagemill.registry.referrers import tag

IMAGE = b'{"schemaVersion": 2, "config": {}}'
SUBJECT = Digest.of(IMAGE)
KIND, OTHER = "application/vnd.in-toto+json", "application/vnd.example"


def manifest(number: int, kind: str = KIND) -> bytes:
    """One that says something of the image, with a note that tells it from others."""
    subject = {"mediaType": media_types.MANIFEST, "digest": SUBJECT, "size": len(IMAGE)}
    document = {"artifactType": kind, "subject": subject, "annotations": {"number": str(number)}}
    return json.dumps(document).encode()


def entry(data: bytes) -> Descriptor:
    document = json.loads(data)
    notes, kind = document["annotations"], document["artifactType"]
    return Descriptor(media_types.MANIFEST, Digest.of(data), len(data), notes, artifact_type=kind)


def say(client: RegistryClient, registry: FakeRegistry, *manifests: bytes) -> list[bool]:
    """Sends them as our pushes do; whether the registry listed each by itself."""
    destination = client.destination(of(registry, "team/app:1"))
    listed = [destination.put_referrer(data, entry(data), subject=SUBJECT) for data in manifests]
    if not all(listed):
        destination.enlist(SUBJECT, [entry(data) for data in manifests])
    return listed


def found(client: RegistryClient, registry: FakeRegistry, kind: str = "") -> set[Descriptor]:
    return set(client.referrers(of(registry, "team/app:1"), SUBJECT, kind=kind))


def index(registry: FakeRegistry) -> Any:
    return json.loads(registry.manifests["team/app", tag(SUBJECT)][1])


@pytest.mark.parametrize("page", [0, 1, 10])
def test_what_is_said_is_found_whether_the_registry_lists_it_or_not(connect: Connect, page: int) -> None:
    with FakeRegistry(referrers=page) as registry:
        client = connect()
        one, two, three = manifest(1), manifest(2), manifest(3, OTHER)

        listed = say(client, registry, one, two, three)

        assert listed == [bool(page)] * 3
        assert found(client, registry) == {entry(one), entry(two), entry(three)}
        assert found(client, registry, KIND) == {entry(one), entry(two)}
        assert (("team/app", tag(SUBJECT)) in registry.manifests) is (page == 0)


def test_of_what_nothing_is_said_there_is_nothing(registry: FakeRegistry, connect: Connect) -> None:
    assert connect().referrers(of(registry, "team/app:1"), SUBJECT) == ()


def test_the_registry_is_asked_for_one_kind(connect: Connect) -> None:
    with FakeRegistry(referrers=9) as registry:
        found(connect(), registry, KIND)

        assert registry.paths("referrers") == [
            f"GET /v2/team/app/referrers/{SUBJECT}?artifactType=application%2Fvnd.in-toto%2Bjson"
        ]


def test_a_list_that_others_began_keeps_all_of_it(registry: FakeRegistry, connect: Connect) -> None:
    theirs = {**entry(manifest(7)).to_json(), "digest": "sha512:" + "0" * 128, "data": "e30="}
    document = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": [theirs], "annotations": {"a": "b"}}
    data = json.dumps(document).encode()
    registry.put_manifest("team/app", tag(SUBJECT), data, media_type=media_types.INDEX)

    say(connect(), registry, manifest(1))

    assert index(registry) == {**document, "manifests": [theirs, entry(manifest(1)).to_json()]}
    assert found(connect(), registry) == {entry(manifest(1))}


def test_what_is_said_already_is_not_said_again(registry: FakeRegistry, connect: Connect) -> None:
    say(connect(), registry, manifest(1), manifest(2))
    registry.requests.clear()

    say(connect(), registry, manifest(1))

    assert registry.paths(tag(SUBJECT)) == [f"GET /v2/team/app/manifests/{tag(SUBJECT)}"]
    assert len(index(registry)["manifests"]) == 2


def test_an_entry_that_somebody_wrote_over_is_written_again(
    registry: FakeRegistry, connect: Connect, pauses: list[float]
) -> None:
    """Somebody read the list before us and writes it after us."""
    say(connect(), registry, manifest(1))
    before = registry.manifests["team/app", tag(SUBJECT)]

    def overwritten(right: Reply) -> Reply:
        document = json.loads(before[1])
        document["manifests"].append(entry(manifest(3)).to_json())
        registry.put_manifest("team/app", tag(SUBJECT), json.dumps(document).encode(), media_type=before[0])
        return right

    registry.fail(f"manifests/{tag(SUBJECT)}", lambda right: right, overwritten)
    say(connect(), registry, manifest(2))

    assert found(connect(), registry) == {entry(manifest(number)) for number in (1, 2, 3)}
    assert pauses.count(0.25) == 3


def test_a_registry_that_knows_conditions_is_asked_to_keep_what_changed(
    registry: FakeRegistry, connect: Connect
) -> None:
    say(connect(), registry, manifest(1))

    def changed(right: Reply) -> Reply:
        """The list as it was asked for; the next moment it is another."""
        document = index(registry)
        document["manifests"].append(entry(manifest(3)).to_json())
        registry.put_manifest("team/app", tag(SUBJECT), json.dumps(document).encode(), media_type=media_types.INDEX)
        return right

    registry.fail(f"manifests/{tag(SUBJECT)}", changed)
    say(connect(), registry, manifest(2))

    assert [item["annotations"]["number"] for item in index(registry)["manifests"]] == ["1", "3", "2"]


def test_a_list_that_never_holds_is_told(registry: FakeRegistry, connect: Connect) -> None:
    def forget(right: Reply) -> Reply:
        registry.manifests.pop(("team/app", tag(SUBJECT)), None)
        return right

    registry.fail(f"manifests/{tag(SUBJECT)}", *[forget] * 20)

    with pytest.raises(RegistryError) as caught:
        say(connect(), registry, manifest(1))

    assert caught.value.message == (
        f"{registry.host} answered with another list each of 8 times when it was sent the list of referrers for"
        f" {registry.host}/team/app:1"
    )


@pytest.mark.parametrize("body", [b"{", b'{"manifests": 3}', b'{"manifests": [{"digest": 1}]}'])
def test_a_list_that_is_none_is_told(registry: FakeRegistry, connect: Connect, body: bytes) -> None:
    registry.manifests["team/app", tag(SUBJECT)] = (media_types.INDEX, body)

    with pytest.raises(RegistryError) as caught:
        connect().referrers(of(registry, "team/app:1"), SUBJECT)

    assert caught.value.message.startswith("the referrers in team/app cannot be read: ")
    assert caught.value.hint == "what wrote the list is broken"


def test_who_answers_with_something_else_keeps_no_list(registry: FakeRegistry, connect: Connect) -> None:
    registry.fail("/referrers/", lambda _right: Reply(200, {"Content-Type": "text/html"}, b"<html>"))

    assert found(connect(), registry) == set()


def test_a_registry_that_fails_is_told(registry: FakeRegistry, connect: Connect) -> None:
    registry.fail("/referrers/", *[status(403)] * 9)

    with pytest.raises(RegistryError) as caught:
        found(connect(), registry)

    assert "does not give out the list of referrers of" in caught.value.message
