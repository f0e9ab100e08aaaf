"""Messages over a socket, and failures on their way."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

import pytest

from stagemill.sandbox.inside import wire
from stagemill.sandbox.inside.failure import Failure
from stagemill.sandbox.inside.wire import Channel


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), Channel(theirs)


def test_messages_arrive_one_by_one(ends: tuple[Channel, Channel]) -> None:
    here, there = ends

    here.send({"signal": 15})
    here.send({"cancel": 3000})
    lines = there.receive()

    assert [wire.order(line) for line in lines or ()] == [{"signal": 15}, {"cancel": 3000}]


def test_a_message_longer_than_one_read_arrives_whole(ends: tuple[Channel, Channel]) -> None:
    here, there = ends

    here.send({"error": "x" * 100_000})
    first = there.receive()
    second: list[bytes] | None = []
    while second == []:
        second = there.receive()

    assert first == []
    assert [wire.report(line) for line in second or ()] == [{"error": "x" * 100_000}]


def test_a_descriptor_comes_beside_its_message_and_is_closed_by_exec(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    read_end, write_end = os.pipe()

    here.send({"terminal": True}, [write_end])
    os.close(write_end)
    there.receive()
    taken = there.take_descriptor()
    inheritable = os.get_inheritable(taken)
    os.write(taken, b"through")
    os.close(taken)
    received = os.read(read_end, 100)
    os.close(read_end)

    assert (received, inheritable) == (b"through", False)


def test_a_closed_end_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()

        assert Channel(ours).receive() is None


def test_names_that_are_no_utf8_survive(ends: tuple[Channel, Channel]) -> None:
    here, there = ends

    here.send({"error": os.fsdecode(b"caf\xe9")})
    lines = there.receive() or []

    assert os.fsencode(wire.report(lines[0])["error"]) == b"caf\xe9"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Failure("no room", "tidy up"), {"error": "no room", "hint": "tidy up"}),
        (OSError(errno.EIO, "x"), {"error": "cannot do it: input/output error", "hint": None}),
        (
            OSError(errno.EPERM, "x"),
            {
                "error": "cannot do it: operation not permitted",
                "hint": "the kernel refused; inside another container, start that one with --privileged",
            },
        ),
        (
            KeyError("k"),
            {"error": "cannot do it: KeyError('k')", "hint": "this is a bug in stagemill; please report it"},
        ),
    ],
)
def test_what_ends_a_block_is_reported(
    ends: tuple[Channel, Channel], error: Exception, expected: dict[str, str | None]
) -> None:
    here, there = ends

    def fail() -> None:
        raise error

    with here.reporting("cannot do it"):
        fail()
    lines = there.receive() or []

    assert wire.report(lines[0]) == expected
