"""`Ground`: what has to be known of a sandbox before anything of it can be made.

Nearly all sandboxes have the usual one, so that the next can be half made before anybody asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stagemill.sandbox.inside.wire import Request

SHM_SIZE = 64 << 20


class Ground(NamedTuple):
    """`mountpoint` is the directory for the file system of its own, `alone` says that it shares no network, `shm_size` is
    that of /dev/shm in bytes, and `emulators` are lines for the kernel's binfmt_misc. An `insecure` one hides nothing of
    the kernel.
    """

    mountpoint: str
    insecure: bool = False
    alone: bool = False
    shm_size: int = SHM_SIZE
    emulators: tuple[str, ...] = ()


def of(request: Request) -> Ground:
    """That of one request."""
    return Ground(
        request["mountpoint"],
        request["insecure"],
        request["network"] == "none",
        request["shm_size"],
        tuple(request["emulators"]),
    )
