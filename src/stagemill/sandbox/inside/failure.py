"""`Failure`, the error that travels from a sandbox's processes to the caller, where it becomes a SandboxError."""

from __future__ import annotations

import errno
import os


class Failure(Exception):  # noqa: N818 - the Error is what the caller gets
    """A sandbox cannot be made; the message and the hint are for people."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def of(what: str, error: OSError, *, hint: str | None = None) -> Failure:
    """What failed and the kernel's reason; the usual reasons bring their hint."""
    number = error.errno or 0
    return Failure(f"{what}: {os.strerror(number).lower()}", hint or _HINTS.get(number))


_HINTS = {
    errno.EPERM: "the kernel refused; inside another container, start that one with --privileged",
    errno.ENOSYS: "the kernel is too old; wanted Linux 5.12 or newer",
    errno.ENOSPC: "a limit is reached; free some space, or raise the limits in /proc/sys/user",
    errno.EAGAIN: "too many processes; end some, or raise the limit (ulimit -u)",
    errno.ENOMEM: "the machine has too little free memory",
}
