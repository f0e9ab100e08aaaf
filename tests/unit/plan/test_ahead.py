"""URLs that need no variable are asked for at the same time."""

from __future__ import annotations

from threading import Barrier, Event

import pytest

from fakes.planning import planned
from fakes.sources import FakeSources
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Add
from stagemill.errors import DockerfileError
from stagemill.graph.operations import Git, Http
from stagemill.location import GitLocation, HttpLocation
from stagemill.plan.ahead import asked_ahead


class Meeting(FakeSources):
    """Answers nobody before so many have asked."""

    def __init__(self, parties: int, **files: str) -> None:
        super().__init__(**files)
        self.barrier = Barrier(parties)
        self.parties = parties

    def meet(self) -> None:
        if len(self.asked) < self.parties:
            self.barrier.wait(60)

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> Http:
        self.meet()
        return super().http(location, checksum=checksum)

    def git(self, location: GitLocation) -> Git:
        self.meet()
        return super().git(location)


def adds(text: str) -> list[Add]:
    nodes = [node for _, body in parse(f"FROM scratch\n{text}\n").stages() for node in body]
    return [node for node in nodes if isinstance(node, Add)]


def asked(text: str) -> list[str]:
    found = FakeSources(foo="foo", bar="bar")
    with asked_ahead(adds(text), found):
        pass
    return sorted(found.asked)


def test_all_are_on_their_way_at_once() -> None:
    meeting = Meeting(3, foo="foo", bar="bar")

    with asked_ahead(adds("ADD https://h/foo https://h/bar /x/\nADD https://h/r.git#v1 /y/"), meeting):
        while len(meeting.asked) < 3:
            Event().wait(0.01)

    assert sorted(meeting.asked) == ["https://h/bar", "https://h/foo", "https://h/r.git#v1"]


@pytest.mark.parametrize(
    "text",
    [
        "ADD https://h/foo /x/",
        "ADD https://h/foo $U /x/",
        "ADD https://h/foo /x/\nADD --checksum=$S https://h/bar /x/",
        "ADD https://h/foo a github.com/a/b /x/",
        "ADD https://h/foo https://h/r.git?nosuch=1 /x/",
    ],
)
def test_one_alone_or_what_is_not_known_yet_waits_for_its_turn(text: str) -> None:
    assert asked(text) == []


def test_an_error_is_that_of_its_place() -> None:
    with pytest.raises(DockerfileError) as caught:
        planned(
            "FROM scratch\nADD https://h/foo /\nADD https://h/nosuch /\nADD https://h/r.git#nosuch /\n",
            sources=FakeSources(foo="foo"),
        )

    assert caught.value.message == "there is nothing at https://h/nosuch (status 404)"
    assert str(caught.value.at) == "Dockerfile:3"
