"""The clock that files are stamped by: it goes in steps, of up to ten milliseconds, and two changes within one look alike."""

from __future__ import annotations

import os
import tempfile
import time


def next_tick() -> None:
    """What is changed afterwards has another time than what was changed, and looked at, before."""
    with tempfile.TemporaryFile() as probe:
        before = os.fstat(probe.fileno()).st_mtime_ns
        while os.fstat(probe.fileno()).st_mtime_ns == before:
            time.sleep(0.001)
            os.utime(probe.fileno())
