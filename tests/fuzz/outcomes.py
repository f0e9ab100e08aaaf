"""`refused`: whether something was refused in words that can be shown to a person."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeVar

from stagemill.cli.frame import failure
from stagemill.errors import DockerfileError, StagemillError

T = TypeVar("T")


def outcome(action: Callable[[], T], *, placed: bool = False) -> T | StagemillError:
    """What the action gives, or the error that it ends with; `placed` errors say where in a Dockerfile."""
    try:
        return action()
    except StagemillError as error:
        _check(error, placed=placed)
        return error


def _check(error: StagemillError, *, placed: bool) -> None:
    assert error.message
    if placed:
        assert isinstance(error, DockerfileError), error.message
        assert error.at is not None, error.message
    shown = io.StringIO()
    failure.show(error, stream=shown)
    # What a terminal would take for an order of its own came from the input.
    wild = [char for char in shown.getvalue() if (char < " " and char not in "\n\t") or "\x7f" <= char < "\xa0"]
    assert not wild, (wild, error.message, error.hint)
