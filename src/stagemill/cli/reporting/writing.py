"""`written`: a page to a file, all of it or nothing, or to a pipe."""

from __future__ import annotations

import os
import sys

from stagemill.errors import UsageError

PIPE = "-"


def check(path: str, flag: str) -> None:
    """Raises UsageError where no file can be written, as far as that can be seen before."""
    directory = os.path.dirname(path) or "."
    if path != PIPE and (os.path.isdir(path) or not os.path.isdir(directory)):
        raise _refused(path, flag, "it is a directory" if os.path.isdir(path) else f"there is no directory {directory}")


def written(data: bytes, path: str, flag: str = "-o") -> None:
    """Raises UsageError where that cannot be done."""
    if path == PIPE:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    check(path, flag)
    stays = os.path.exists(path) and not os.path.isfile(path)  # a device or a pipe
    target = os.path.realpath(path)
    new = target if stays else f"{target}.{os.urandom(4).hex()}.tmp"
    try:
        with open(new, "wb" if stays else "xb") as file:
            file.write(data)
        if not stays:
            os.replace(new, target)
    except OSError as error:
        raise _refused(path, flag, (error.strerror or str(error)).lower()) from error


def _refused(path: str, flag: str, why: str) -> UsageError:
    return UsageError(f"cannot write {flag} {path}: {why}", hint="name a file in a directory that is there")
