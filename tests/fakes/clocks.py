"""What tests know of the clock of a file system, which may stand still for some milliseconds."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path


def next_tick(folder: Path) -> None:
    """Waits until what is written in a folder from now on has later times than all that was written there before."""
    with tempfile.TemporaryFile(dir=folder) as file:
        before = os.fstat(file.fileno()).st_ctime_ns
        while os.fstat(file.fileno()).st_ctime_ns == before:
            time.sleep(0.001)
            os.utime(file.fileno())
