"""Process 1 of a sandbox, before there is a sandbox."""

from __future__ import annotations

import json
import os
import socket

from stagemill.sandbox.inside import init
from stagemill.sandbox.inside.ground import Ground
from stagemill.sandbox.inside.wire import Channel

NOWHERE = Ground("/there/is/no/such/place")


def began(*, watching: bool, asked: bool) -> tuple[int, bytes]:
    """How process 1 ends, on ground that is none, whose watcher is there or is gone already; and what it says."""
    watched, watching_end = os.pipe()
    orders, its_orders = socket.socketpair()
    control, its_control = socket.socketpair()
    if not watching:
        os.close(watching_end)
    pid = os.fork()
    if pid == 0:
        for stream in orders, control:
            stream.close()
        if watching:
            os.close(watching_end)
        init.run(NOWHERE, Channel(its_orders), parent=watched, seccomp=b"")
    its_orders.close()
    with its_control, orders:
        if asked:
            Channel(orders).send_line(json.dumps({}).encode(), [its_control.fileno(), 0, 1, 2])
    _, status = os.waitpid(pid, 0)
    with control:
        said = control.recv(1 << 16)
    os.close(watched)
    if watching:
        os.close(watching_end)
    return init.exit_code(status), said


def test_it_makes_nothing_where_its_watcher_died_before_it_could_be_told() -> None:
    assert began(watching=False, asked=False) == (init.FAILED, b"")


def test_it_tells_what_went_wrong_before_when_there_is_somebody_to_tell_it() -> None:
    status, said = began(watching=True, asked=True)

    assert status == init.FAILED
    assert b"cannot make namespaces" in said or b"cannot begin a file system for the sandbox" in said


def test_it_ends_where_nobody_asks_for_it_any_more() -> None:
    assert began(watching=True, asked=False) == (init.FAILED, b"")


def test_an_exit_code_is_the_shells() -> None:
    assert [init.exit_code(status) for status in (0, 3 << 8, 9)] == [0, 3, 137]
