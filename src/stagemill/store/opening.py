"""`kept`: while somebody opens or closes the store's SQLite file, nobody sets it aside, and the other way round.

SQLite knows its log by name only: whoever opens or closes the file in the moment in which a damaged one is replaced would find
the old file with the log of the new one, and might take that away. A lock of an empty file beside it prevents this.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "state.opening"


@contextmanager
def kept(root: str | os.PathLike[str], how: int = fcntl.LOCK_SH) -> Iterator[None]:
    """Many may open and close it at once (LOCK_SH), one sets it aside (LOCK_EX). `root` is the store's. Raises OSError."""
    descriptor = os.open(os.path.join(root, NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
