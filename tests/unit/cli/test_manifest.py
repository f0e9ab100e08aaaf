"""`manifest`, as docker, podman and buildah spell it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.places import AMD64, ARM64, both, one
from fakes.program import Call
from fakes.registry import FakeRegistry
from fakes.shelves import serve, there

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="a user's process enters a namespace")]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def names(registry: FakeRegistry) -> list[str]:
    return [serve(registry, "amd", "1", one("1")), serve(registry, "arm", "1", one("2", platform=ARM64))]


def platforms(stagemill: Call, name: str) -> list[str]:
    (row,) = (row for row in json.loads(stagemill("images", "--json").out) if row["name"].endswith(f"/{name}:latest"))
    return list(row["platforms"])


def test_an_index_is_made_in_the_store_changed_and_sent(
    stagemill: Call, registry: FakeRegistry, names: list[str], folder: Path
) -> None:
    stagemill("manifest", "create", "list", names[0])
    assert platforms(stagemill, "list") == [str(AMD64)]
    stagemill("manifest", "add", "list", names[1])
    assert platforms(stagemill, "list") == [str(AMD64), str(ARM64)]
    stagemill("manifest", "annotate", "--variant", "v8.2", "--annotation", "k=v", "list", names[1])

    said = stagemill("manifest", "push", "--purge", "--digestfile", "digest", "list", f"{registry.host}/team/list:1")

    node = there(registry, "team/list:1")
    assert (said.status, said.out) == (0, f"{node.digest}\n")
    assert (folder / "digest").read_text() == node.digest
    assert str(node.children[1].descriptor.platform) == "linux/arm64/v8.2"
    assert node.children[1].descriptor.annotations == {"k": "v"}
    assert json.loads(stagemill("images", "--json").out) == []


def test_an_index_may_be_empty_at_first(stagemill: Call, names: list[str]) -> None:
    stagemill("manifest", "create", "list")
    assert platforms(stagemill, "list") == []
    assert stagemill("inspect", "list").status == stagemill("save", "list").status == 1
    assert "docker's archives keep images, and the index has none" in stagemill("save", "list").err

    stagemill("manifest", "add", "list", names[0])

    assert platforms(stagemill, "list") == [str(AMD64)]
    assert len(json.loads(stagemill("images", "--json").out)) == 1


def test_no_layer_is_fetched_for_it(stagemill: Call, registry: FakeRegistry, names: list[str]) -> None:
    layers = [there(registry, name).blobs[0].digest for name in ("amd:1", "arm:1")]

    stagemill("manifest", "create", "list", names[0])
    stagemill("manifest", "add", "list", names[1])
    stagemill("manifest", "annotate", "--variant", "v8.2", "list", "linux/arm64")
    said = stagemill("manifest", "push", "list", f"{registry.host}/amd:list")

    assert said.status == 0
    assert not any(f"GET /v2/{name}/blobs/{digest}" in registry.paths() for name in ("amd", "arm") for digest in layers)


def test_the_store_goes_before_the_registry(stagemill: Call, registry: FakeRegistry, names: list[str]) -> None:
    stagemill("copy", "-q", f"docker://{names[1]}", names[0])

    stagemill("manifest", "create", "list", names[0])

    assert platforms(stagemill, "list") == [str(ARM64)]


def test_a_name_that_is_there_is_added_to_only_with_amend(stagemill: Call, names: list[str]) -> None:
    stagemill("manifest", "create", "list", names[0])

    refused = stagemill("manifest", "create", "list", names[1])
    stagemill("manifest", "create", "--amend", "list", names[1])

    assert refused.status == 2
    assert "hint: add to it with --amend" in refused.err
    assert platforms(stagemill, "list") == [str(AMD64), str(ARM64)]


def test_inspect_prints_json_of_the_store_or_of_the_registry(
    stagemill: Call, registry: FakeRegistry, names: list[str]
) -> None:
    name = serve(registry, "both", "1", both())
    stagemill("manifest", "create", "list", *names)

    assert json.loads(stagemill("manifest", "inspect", name).out) == json.loads(both().node().data)
    assert len(json.loads(stagemill("manifest", "inspect", "list").out)["manifests"]) == 2


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_push_may_change_the_format(stagemill: Call, registry: FakeRegistry, names: list[str], form: str) -> None:
    stagemill("manifest", "create", f"{registry.host}/team/list:1", *names)

    stagemill("manifest", "push", "--all", "-q", "--format", form, f"{registry.host}/team/list:1")

    assert ("docker" in there(registry, "team/list:1").media_type) == (form == "v2s2")


def test_an_image_is_taken_out_with_what_was_said_about_it(
    stagemill: Call, registry: FakeRegistry, names: list[str]
) -> None:
    stagemill("manifest", "create", "list", serve(registry, "both", "1", both()))

    said = stagemill("manifest", "remove", "list", "linux/arm64")

    assert said.status == 0
    left = json.loads(stagemill("manifest", "inspect", "list").out)["manifests"]
    assert [entry["digest"] for entry in left] == [both().node().children[number].digest for number in (0, 2)]


def test_rm_takes_the_name_away(stagemill: Call, names: list[str]) -> None:
    stagemill("manifest", "create", "list", *names)

    assert stagemill("manifest", "rm", "list").out == "Untagged: list:latest\n"
    assert json.loads(stagemill("images", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("create",), 2, "INDEX"),
        (("create", "--insecure", "list", "a"), 2, "--insecure is not supported"),
        (("add", "none", "a"), 1, "there is no image none in the store"),
        (("annotate", "none", "a", "--arch", "arm"), 1, "there is no image none in the store"),
        (("inspect", "-v", "a"), 2, "--verbose is not supported"),
        (("inspect", "127.0.0.1:1/a"), 1, "cannot read docker://127.0.0.1:1/a:latest"),
        (("push", "none"), 1, "there is no image none in the store"),
        (("rm", "none"), 1, "there is no image none in the store"),
    ],
)
def test_what_cannot_be_is_told(stagemill: Call, arguments: tuple[str, ...], status: int, message: str) -> None:
    said = stagemill("manifest", *arguments)

    assert (said.status, said.out) == (status, "")
    assert message in said.err
