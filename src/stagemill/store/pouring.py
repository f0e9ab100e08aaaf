"""`pour`: bytes from one open file into another without coming through this process.

A file system that can lets both files have the same blocks. Source: copy_file_range(2), sendfile(2).
"""

from __future__ import annotations

import os

_MOST = 64 << 20  # bytes at a time: Ctrl-C is heard in between


def pour(source: int, target: int, size: int) -> int:
    """Copies at most so many bytes from where one file stands to where the other does, and says how many they were.

    Fewer where the kernel cannot go on for whatever reason: who goes on by reading and writing has the error, if there is one.
    """
    left = size
    for way in (_ranged, _sent):
        try:
            while left and (count := way(source, target, min(left, _MOST))):
                left -= count
        except OSError:
            continue
    return size - left


def _ranged(source: int, target: int, size: int) -> int:
    """Between regular files."""
    return os.copy_file_range(source, target, size)


def _sent(source: int, target: int, size: int) -> int:
    """From a regular file to anything, such as a pipe or another file system."""
    return os.sendfile(target, source, None, size)
