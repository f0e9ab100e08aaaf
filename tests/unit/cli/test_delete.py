"""`stagemill delete`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.connecting import pushed
from fakes.program import Call
from fakes.registry import FakeRegistry


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def test_a_tag_is_deleted(stagemill: Call, registry: FakeRegistry) -> None:
    pushed(registry)

    said = stagemill("delete", f"docker://{registry.host}/team/app:1.0")

    assert (said.status, said.out) == (0, f"Untagged: {registry.host}/team/app:1.0\n")
    assert [tag for _, tag in registry.manifests if ":" not in tag] == []


def test_an_image_is_deleted_by_its_digest(stagemill: Call, registry: FakeRegistry) -> None:
    name = f"{registry.host}/team/app@{pushed(registry).digest}"

    said = stagemill("delete", name)

    assert (said.status, said.out) == (0, f"Deleted: {name}\n")
    assert registry.manifests == {}


def test_a_registry_that_deletes_nothing_is_told(stagemill: Call, registry: FakeRegistry) -> None:
    pushed(registry)
    registry.deletes = set()

    said = stagemill("delete", f"{registry.host}/team/app:1.0")

    assert (said.status, said.out) == (1, "")
    assert f"error: {registry.host} does not delete images: status 405" in said.err
    assert "hint: its owner has to allow it" in said.err


def test_who_wants_to_remove_it_otherwise_is_told_how(stagemill: Call) -> None:
    said = stagemill("rmi", "docker://registry.example/team/app:1")

    assert said.status == 2
    assert "hint: stagemill delete registry.example/team/app:1 deletes it in its registry" in said.err
