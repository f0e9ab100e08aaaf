"""`buildx imagetools`, as docker spells it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from fakes.places import ARM64, both, one
from fakes.program import Call
from fakes.registry import FakeRegistry
from fakes.shelves import serve, there

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="a user's process enters a namespace")]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def test_names_are_of_registries(stagemill: Call, registry: FakeRegistry) -> None:
    names = [serve(registry, "amd", "1", one("1")), serve(registry, "arm", "1", one("2", platform=ARM64))]

    said = stagemill("buildx", "imagetools", "create", "-t", f"{registry.host}/app:1", "--progress=quiet", *names)

    assert (said.status, said.err) == (0, "")
    assert said.out.strip() == there(registry, "app:1").digest
    assert len(there(registry, "app:1").children) == 2


def test_a_digest_or_a_descriptor_is_of_the_tags_repository(stagemill: Call, registry: FakeRegistry) -> None:
    serve(registry, "app", "both", both())
    amd, arm, *_ = both().node().children
    tag = f"{registry.host}/app:1"

    stagemill("buildx", "imagetools", "create", "--tag", tag, amd.digest, json.dumps(arm.entry))

    assert [child.digest for child in there(registry, "app:1").children] == [amd.digest, arm.digest]


def test_a_layout_is_one_too(stagemill: Call, registry: FakeRegistry) -> None:
    name = serve(registry, "app", "1", both())

    stagemill("buildx", "imagetools", "create", "-t", "oci-layout://layout:1", name)

    assert both().node().digest in stagemill("buildx", "imagetools", "inspect", "oci-layout://layout:1").out


def test_inspect_begins_as_docker_s_does(stagemill: Call, registry: FakeRegistry) -> None:
    name = serve(registry, "app", "1", both())

    said = stagemill("buildx", "imagetools", "inspect", name)
    raw = stagemill("buildx", "imagetools", "inspect", "--raw", name)
    digest = stagemill("buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", name)

    assert said.out.splitlines()[2].split() == ["Digest:", both().node().digest]
    assert raw.stdout == both().node().data
    assert digest.out.strip() == both().node().digest


@pytest.mark.parametrize(("builder", "noted"), [("other", True), ("default", False)])
def test_a_builder_changes_nothing(stagemill: Call, registry: FakeRegistry, builder: str, noted: bool) -> None:
    name = serve(registry, "app", "1", both())

    said = stagemill("buildx", "imagetools", "inspect", "--builder", builder, name)

    assert said.status == 0
    assert ("note: --builder changes nothing" in said.err) == noted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "sha256:" + "0" * 64), "does not say in which repository it is"),
        (("create", "Bad Name"), "docker://Bad Name: "),
        (("inspect", "dokcer://app"), "is no image reference"),
    ],
)
def test_what_cannot_be_is_told(stagemill: Call, arguments: tuple[str, ...], message: str) -> None:
    said = stagemill("buildx", "imagetools", *arguments)

    assert (said.status, said.out) == (2, "")
    assert message in said.err
