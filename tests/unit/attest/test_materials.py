"""What vertices read from outside."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import planned
from fakes.sources import FakeSources
from fakes.tree import MemoryTree
from stagemill.attest.materials import Confided, Ingredients, Material, image, repository
from stagemill.digest import Digest
from stagemill.graph.operations import BaseImage, Git
from stagemill.graph.vertex import walk
from stagemill.oci.config import RunConfig
from stagemill.oci.platform import Platform

LOCAL = str(Platform.local()).replace("/", "%2F")


def of(text: str, **request: object) -> Ingredients:
    images = FakeImages(busybox=RunConfig(), alpine=RunConfig())
    plan = planned(text, images=images, **request)  # type: ignore[arg-type]
    return Ingredients.of(list(walk([plan.target.vertex])))


def test_images_repositories_and_files_are_materials_each_once() -> None:
    found = of(
        "FROM busybox\nCOPY --from=alpine /a /\nCOPY --from=busybox /b /\nADD https://h/foo https://h/r.git#v1 /x/\n",
        sources=FakeSources(foo="foo"),
    )

    assert found.materials == (
        Material(f"pkg:docker/alpine@latest?platform={LOCAL}", "sha256", Digest.of(b"alpine").hex),
        Material(f"pkg:docker/busybox@latest?platform={LOCAL}", "sha256", Digest.of(b"busybox").hex),
        Material("https://h/r.git", "sha1", "v1".ljust(40, "a")),
        Material("https://h/foo", "sha256", Digest.of(b"foo").hex),
    )


def test_only_the_users_own_files_are_contexts() -> None:
    found = of(
        "FROM scratch\nCOPY a /\nCOPY --from=named b /\n",
        context=MemoryTree({"a": ""}),
        directories={"named": MemoryTree({"b": ""}), "unused": MemoryTree({})},
    )

    assert (found.contexts, found.materials) == (("context", "named"), ())


def test_secrets_and_agents_are_known_by_their_ids() -> None:
    found = of(
        "FROM busybox\nRUN --mount=type=secret,id=b --mount=type=secret,id=a,required=true --mount=type=ssh x\n"
        "RUN --mount=type=secret,id=b,required=true --mount=type=ssh,id=key,required=true y\n"
    )

    assert found.secrets == (Confided("a", optional=False), Confided("b", optional=False))
    assert found.agents == (Confided("default", optional=True), Confided("key", optional=False))
    assert [each.to_json() for each in found.agents] == [{"id": "default", "optional": True}, {"id": "key"}]


def test_repositories_may_ask_for_logins() -> None:
    found = of("FROM scratch\nADD https://h/r.git#v1 git@h:s.git /\n", sources=FakeSources())

    assert [each.id for each in found.secrets] == ["GIT_AUTH_HEADER", "GIT_AUTH_TOKEN"]
    assert [each.id for each in found.agents] == ["default"]


@pytest.mark.parametrize(
    ("text", "expected"), [("RUN x", True), ("RUN --network=none x", False), ("COPY --from=alpine a /", False)]
)
def test_a_process_may_see_the_network(text: str, expected: bool) -> None:
    assert of(f"FROM busybox\n{text}\n").network is expected


def test_a_ref_is_told_as_it_was_asked_for_and_a_digest_by_its_kind() -> None:
    sha1, sha256 = "a" * 40, "b" * 64

    assert repository(Git(sha1, remote="https://h/r.git", ref="refs/heads/main")) == Material(
        "https://h/r.git", "sha1", sha1
    )
    assert repository(Git(sha256, remote="https://h/r.git", written="v1")) == Material(
        "https://h/r.git#v1", "sha256", sha256
    )


def test_an_image_of_a_layout_is_known_by_its_directory_and_its_digest() -> None:
    digest = Digest.of(b"x")
    expected = f"pkg:oci/lay?digest={digest}&platform=linux%2Famd64"

    for text in ("oci-layout:///home/me/lay", "oci-layout://lay:tag", f"oci-layout://some/lay@{digest}"):
        assert image(BaseImage(digest, "linux/amd64", text)).uri == expected
