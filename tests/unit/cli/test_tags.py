"""`stagemill tags`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fakes.connecting import pushed
from fakes.program import Call
from fakes.registry import FakeRegistry


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry(auth="basic") as running:
        running.page = 2
        for tag in ("2.0", "1.0", "latest"):
            pushed(running, tag=tag)
        yield running


def test_each_is_a_line(stagemill: Call, registry: FakeRegistry) -> None:
    said = stagemill("tags", "--creds", "alice:secret", f"{registry.host}/team/app")

    assert (said.status, said.out, said.err) == (0, "1.0\n2.0\nlatest\n", "")


def test_programs_get_json(stagemill: Call, registry: FakeRegistry) -> None:
    said = stagemill("tags", "--json", "--creds", "alice:secret", f"docker://{registry.host}/team/app")

    assert json.loads(said.out) == {"repository": f"{registry.host}/team/app", "tags": ["1.0", "2.0", "latest"]}


@pytest.mark.parametrize("name", ["app:1", "app:latest", f"app@sha256:{'0' * 64}"])
def test_an_image_is_no_repository(stagemill: Call, name: str) -> None:
    said = stagemill("tags", name)

    assert (said.status, said.out) == (2, "")
    assert said.err == f"error: {name} is no repository but an image\nhint: write app\n"
