"""Every place that images are copied to is one that they are read from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.places import Place, PlaceContract
from fakes.registry import FakeRegistry
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.named.places import reading, writing
from stagemill.places.address import Address, parse
from stagemill.places.source import Source
from stagemill.places.target import Target
from stagemill.store.store import Store


@dataclass
class AtAddress:
    """A place as the command line opens it."""

    address: Address
    workplace: Workplace

    def write(self) -> AbstractContextManager[Target]:
        return writing(self.address, self.workplace)

    def read(self) -> AbstractContextManager[Source]:
        return reading(self.address, self.workplace)


@contextmanager
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    with Store.open(tmp_path / "store") as store:
        made = Workplace(store, tmp_path / "config.toml", {})
        try:
            yield made
        finally:
            made.hang_up()


@pytest.fixture
def at(tmp_path: Path) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class TestRegistry(PlaceContract):
    @pytest.fixture
    def place(self, at: ExitStack, tmp_path: Path) -> Place:
        registry = at.enter_context(FakeRegistry())
        return AtAddress(parse(f"docker://{registry.host}/team/app:1"), at.enter_context(workplace(tmp_path)))


class TestStore(PlaceContract):
    @pytest.fixture
    def place(self, at: ExitStack, tmp_path: Path) -> Place:
        return AtAddress(parse("app"), at.enter_context(workplace(tmp_path)))


class TestFiles(PlaceContract):
    @pytest.fixture(
        params=["oci:{}", "oci:{}:1", "oci-layout://{}:1", "oci-archive:{}", "oci-archive:{}:1", "docker-archive:{}",
                "docker-archive:{}:app:1"]
    )  # fmt: skip
    def place(self, at: ExitStack, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
        text: str = request.param.format(tmp_path / "place")
        return AtAddress(parse(text), at.enter_context(workplace(tmp_path)))
