"""What is run and in what: `Process`, its `Credentials` and `Mount`s, and the `Rootfs` it sees as `/`."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from stagemill.sandbox.inside import ground
from stagemill.sandbox.limits import UNLIMITED, Resources, Ulimit
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.files.view import FileView
    from stagemill.sandbox.emulators import Emulator


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or directory of this machine, shown at `target` (absolute; symlinks are resolved inside the tree).

    With `inside` it is what lies at that path in `source`, reached without following a symlink.
    """

    source: Path
    target: str
    read_only: bool = True
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """What lies at `path` in a tree of layers (bottom first), shown at `target`; symlinks stay inside that tree.

    Without an `upper` directory, an empty one on one file system with `work`, nothing can be written. `directory` says
    what is at the path.
    """

    lower: tuple[Path, ...]
    path: str
    target: str
    directory: bool = True
    upper: Path | None = None
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class Tmpfs:
    """Memory, at most `size` bytes (0: what the kernel gives), with the mode and the owner of its root."""

    target: str
    size: int = 0
    mode: int = 0o1777
    uid: int = 0
    gid: int = 0
    executable: bool = True


@dataclass(frozen=True, slots=True)
class Data:
    """A read-only file that exists in memory only."""

    content: bytes = field(repr=False)
    target: str
    mode: int = 0o400
    uid: int = 0
    gid: int = 0


Mount: TypeAlias = Bind | Stack | Tmpfs | Data


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the process is. `groups` are the supplementary ones, the primary one among them; `home` becomes HOME."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


SHM_SIZE = ground.SHM_SIZE
ROOT = Credentials(uid=0, gid=0, groups=(0,), home="/root")


@dataclass(frozen=True, slots=True)
class Process:
    """One program. `args[0]` without a slash is looked for in PATH; HOME and PATH get defaults where `env` has none.

    `hosts` and `resolv_conf` are the texts of /etc/hosts and /etc/resolv.conf. A `cwd` that does not exist is made,
    root's and 0755. `network` `host` shares this machine's; `none` leaves the loopback interface alone. An `insecure`
    root may do all that the caller may, with the machine's devices. `shm_size` is that of /dev/shm in bytes. `added` and
    `dropped` are capabilities by number, beside those that a sandbox has. With `read_only` nothing of the tree itself can
    be written, only what is mounted in it; with `no_new_privileges` no program gains rights by a set-user-id bit; what is
    not `filtered` may make every system call that its capabilities allow. `emulators` run
    programs of other architectures.
    """

    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = field(repr=False)
    cwd: str
    credentials: Credentials
    hostname: str
    network: Literal["host", "none"]
    hosts: str
    resolv_conf: str
    mounts: tuple[Mount, ...] = ()
    umask: int = 0o022
    insecure: bool = False
    resources: Resources = UNLIMITED
    ulimits: tuple[Ulimit, ...] = ()
    shm_size: int = SHM_SIZE
    added: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    read_only: bool = False
    no_new_privileges: bool = False
    filtered: bool = True
    emulators: tuple[Emulator, ...] = ()


@dataclass(frozen=True, slots=True)
class Rootfs:
    """Layer directories in overlay's format, bottom first. Writes go to `upper`, an empty directory on one file system
    with `work`; without one they are kept in memory and thrown away.

    `view` shows what the layers show together: with it they are mounted once, and without it twice, to look at them first.
    """

    lower: tuple[Path, ...]
    upper: Path | None
    work: Path | None
    view: FileView | None = field(default=None, repr=False, compare=False)
