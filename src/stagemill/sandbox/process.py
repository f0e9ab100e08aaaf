"""What is run and in what: `Process`, its `Credentials` and `Bind`s, and the `Rootfs` it sees as `/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or directory of this machine, shown at `target` (absolute; symlinks are resolved inside the tree)."""

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the process is. `groups` are the supplementary ones, the primary one among them; `home` becomes HOME."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


ROOT = Credentials(uid=0, gid=0, groups=(0,), home="/root")


@dataclass(frozen=True, slots=True)
class Process:
    """One program. `args[0]` without a slash is looked for in PATH; HOME and PATH get defaults where `env` has none.

    `hosts` and `resolv_conf` are the texts of /etc/hosts and /etc/resolv.conf. A `cwd` that does not exist is made,
    root's and 0755. `network` `host` shares this machine's; `none` leaves the loopback interface alone.
    """

    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    credentials: Credentials
    hostname: str
    network: Literal["host", "none"]
    hosts: str
    resolv_conf: str
    binds: tuple[Bind, ...] = ()
    umask: int = 0o022


@dataclass(frozen=True, slots=True)
class Rootfs:
    """Layer directories in overlay's format, bottom first. Writes go to `upper`, an empty directory on one file system
    with `work`; without one they are kept in memory and thrown away.
    """

    lower: tuple[Path, ...]
    upper: Path | None
    work: Path | None
