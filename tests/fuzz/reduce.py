"""`reduced`: an input that fails made as small as it gets while it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from fuzz.inputs import Input


def reduced(given: Input, fails: Callable[[Input], bool], *, seconds: float) -> Input:
    """Takes away ever smaller pieces, whose sizes are powers of two as archives have them, until none can go or time is up."""
    deadline = time.monotonic() + seconds
    size = 1 << max(len(given.data).bit_length() - 1, 0)
    while size and time.monotonic() < deadline:
        at, shrunk = 0, False
        while at < len(given.data) and time.monotonic() < deadline:
            smaller = replace(given, data=given.data[:at] + given.data[at + size :])
            if fails(smaller):
                given, shrunk = smaller, True
            else:
                at += size
        size = size if shrunk and size == 1 else size // 2
    return given
