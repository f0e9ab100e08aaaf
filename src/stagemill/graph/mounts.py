"""`Mount`: what a RUN sees beside its tree, one frozen class for each type; what each becomes is `execute`'s business.

Source of what counts as part of a key: BuildKit's solver/llbsolver/ops/exec.go. It is what a process can see of a mount;
neither whose cache directory it is, nor what is in a cache or a secret. Targets are absolute.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from stagemill.digest import Canonical
from stagemill.values import dataclass

Sharing: TypeAlias = Literal["shared", "private", "locked"]


@dataclass(frozen=True, slots=True)
class BindMount:
    """A file or directory of another tree, which is the operation's next input, at `source` there (`""` is all of it).

    What is written to a `writable` one is thrown away. `source` is not in the canonical form: the edge selects it, and it
    counts by its content.
    """

    target: str
    source: str = ""
    writable: bool = False

    def canonical(self) -> Canonical:
        return {"type": "bind", "target": self.target, "writable": self.writable}


@dataclass(frozen=True, slots=True)
class CacheMount:
    """A directory that outlives the build, by `id`. A new one has `mode` and owner, and holds what a `seed` has.

    `source` is a directory in it. With `seeded` the operation's next input is the tree that a new one begins from.
    """

    target: str
    id: str
    sharing: Sharing = "shared"
    source: str = ""
    seeded: bool = False
    read_only: bool = False
    mode: int = 0o755
    uid: int = 0
    gid: int = 0

    def canonical(self) -> Canonical:
        return {
            "type": "cache",
            "target": self.target,
            "source": self.source,
            "read_only": self.read_only,
            "mode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
        }


@dataclass(frozen=True, slots=True)
class TmpfsMount:
    """Memory, at most `size` bytes of it (0: as much as the kernel gives)."""

    target: str
    size: int = 0

    def canonical(self) -> Canonical:
        return {"type": "tmpfs", "target": self.target, "size": self.size}


@dataclass(frozen=True, slots=True)
class SecretMount:
    """A secret that was given by `id`: a file at `target`, a variable named `env`, or both where both are given."""

    id: str
    target: str = ""
    env: str = ""
    required: bool = False
    mode: int = 0o400
    uid: int = 0
    gid: int = 0

    def canonical(self) -> Canonical:
        return {
            "type": "secret",
            "id": self.id,
            "target": self.target,
            "env": self.env,
            "required": self.required,
            "mode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
        }


@dataclass(frozen=True, slots=True)
class SshMount:
    """The socket of an SSH agent that was given by `id`."""

    id: str
    target: str
    required: bool = False
    mode: int = 0o600
    uid: int = 0
    gid: int = 0

    def canonical(self) -> Canonical:
        return {
            "type": "ssh",
            "id": self.id,
            "target": self.target,
            "required": self.required,
            "mode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
        }


@dataclass(frozen=True, slots=True)
class HostMount:
    """A file or directory of this machine, which the command line gave to every RUN; what is in it is in no key."""

    source: str = field(compare=False)
    target: str
    read_only: bool = False

    def canonical(self) -> Canonical:
        return {"type": "host", "target": self.target, "read_only": self.read_only}


Mount: TypeAlias = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount | HostMount


def reads_input(mount: Mount) -> bool:
    """Whether one of the operation's inputs, in their order, belongs to the mount."""
    return isinstance(mount, BindMount) or (isinstance(mount, CacheMount) and mount.seeded)
