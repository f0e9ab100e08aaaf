"""Process 1 of a sandbox, before there is a sandbox."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from stagemill.sandbox.inside import init
from stagemill.sandbox.inside.wire import Channel

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import Request


def began(request: Request, *, watching: bool) -> tuple[int, bytes]:
    """How process 1 ends whose watcher is there or is gone already, and what it says."""
    watched, watching_end = os.pipe()
    ours, theirs = socket.socketpair()
    if not watching:
        os.close(watching_end)
    pid = os.fork()
    if pid == 0:
        if watching:
            os.close(watching_end)
        init.run(request, Channel(theirs), (0, 1, 2), parent=watched, seccomp=b"")
    theirs.close()
    _, status = os.waitpid(pid, 0)
    with ours:
        said = ours.recv(1 << 16)
    os.close(watched)
    if watching:
        os.close(watching_end)
    return init.exit_code(status), said


def without_anything() -> Request:
    return {}  # type: ignore[typeddict-item]


def test_it_makes_nothing_where_its_watcher_died_before_it_could_be_told() -> None:
    assert began(without_anything(), watching=False) == (init.FAILED, b"")


def test_it_goes_on_where_its_watcher_lives() -> None:
    status, said = began(without_anything(), watching=True)

    assert (status, b"cannot make the sandbox" in said) == (init.FAILED, True)


def test_an_exit_code_is_the_shells() -> None:
    assert [init.exit_code(status) for status in (0, 3 << 8, 9)] == [0, 3, 137]
