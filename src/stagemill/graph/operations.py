"""The operations a build is made of: one frozen class each, and nothing that says how they are done.

The canonical form of an operation enters digests that live for ever: it is pinned by a golden test, and a
change of what it holds bumps the number in `kind`. Fields that are not in the canonical form are for the
machine at hand (where to fetch a base from, a proxy) or for people.
"""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar, Literal, TypeAlias

from stagemill.digest import Canonical, Digest
from stagemill.graph.mounts import Mount
from stagemill.values import dataclass

Network: TypeAlias = Literal["default", "host", "none"]
Security: TypeAlias = Literal["sandbox", "insecure"]

STILL = 315_532_800
"""The time that files of a context have whose own are not to be seen: 1980-01-01, the first that a zip archive knows."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The empty tree."""

    kind: ClassVar[str] = "scratch/1"

    def canonical(self) -> Canonical:
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The layers of an image; `reference` is where to find them and is not in the key."""

    kind: ClassVar[str] = "base/1"

    manifest: Digest
    platform: str
    reference: str = field(default="", compare=False)

    def canonical(self) -> Canonical:
        return {"kind": self.kind, "manifest": self.manifest, "platform": self.platform}


@dataclass(frozen=True, slots=True)
class Context:
    """Files that the user sent, keyed by the content of what one instruction selects from them.

    `name` is the key of the context in the build (`context` is the main one).
    """

    kind: ClassVar[str] = "context/1"

    name: str
    content: Digest

    def canonical(self) -> Canonical:
        return {"kind": self.kind, "name": self.name, "content": self.content}


@dataclass(frozen=True, slots=True)
class Http:
    """A file that was fetched from a URL: a tree with nothing else in it, mode 0600, owned by root.

    `url` is where to fetch it again, with the `login` of the URL (`user:password`); neither they nor the time are in the key.
    """

    kind: ClassVar[str] = "http/1"

    content: Digest
    name: str
    url: str = field(default="", compare=False)
    login: str = field(default="", compare=False, repr=False)
    mtime: int = field(default=0, compare=False)

    def canonical(self) -> Canonical:
        return {"kind": self.kind, "content": self.content, "name": self.name}


@dataclass(frozen=True, slots=True)
class Git:
    """The files of a commit, or of one of its directories. `remote` and `ref` are where to fetch it; `written` is the ref as
    it was asked for.

    Remote and ref are in the key only where the repository itself is kept, for it names them. With `checkout_times`
    files have the time of the checkout and not the commit's.
    """

    kind: ClassVar[str] = "git/1"

    commit: str
    subdir: str = ""
    keep_git_dir: bool = False
    submodules: bool = True
    checkout_times: bool = False
    remote: str = field(default="", compare=False)
    ref: str = field(default="", compare=False)
    login: str = field(default="", compare=False, repr=False)
    written: str = field(default="", compare=False)

    def canonical(self) -> Canonical:
        return {
            "kind": self.kind,
            "commit": self.commit,
            "subdir": self.subdir,
            "origin": f"{self.remote}#{self.ref}" if self.keep_git_dir else None,
            "submodules": self.submodules,
            "checkout_times": self.checkout_times,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A process in the parent's tree; its inputs are the parent, then the trees that its mounts read, in their order.

    `env` is in order, each name once. `security` says whether it is kept apart from the machine.
    `script` is the body of a heredoc that begins with `#!`: it is put at `/dev/pipes/<name>` while the process runs.
    `extra_hosts` are lines of a hosts file, `address<tab>name`; the addresses are not in the key (traps 19).
    `ulimits` are name, soft and hard limit; `shm_size` is that of /dev/shm in bytes, 0 for the usual one; `capabilities`
    are names behind a `+` or a `-`; `devices` names of the container device interface, and whether each must be there.
    `proxy` holds the predefined proxy arguments: in the process's environment, not in the key.
    """

    kind: ClassVar[str] = "run/3"

    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    user: str
    network: Network = "default"
    platform: str = ""
    hostname: str = ""
    script: tuple[str, str] | None = None
    extra_hosts: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    security: Security = "sandbox"
    ulimits: tuple[tuple[str, int, int], ...] = ()
    shm_size: int = 0
    capabilities: tuple[str, ...] = ()
    devices: tuple[tuple[str, bool], ...] = ()
    proxy: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def canonical(self) -> Canonical:
        return {
            "kind": self.kind,
            "args": self.args,
            "env": self.env,
            "cwd": self.cwd,
            "user": self.user,
            "network": self.network,
            "platform": self.platform,
            "hostname": self.hostname,
            "script": self.script,
            "hosts": [line.rpartition("\t")[2] for line in self.extra_hosts],
            "mounts": [mount.canonical() for mount in self.mounts],
            "security": self.security,
            "ulimits": self.ulimits,
            "shm_size": self.shm_size,
            "capabilities": self.capabilities,
            "devices": self.devices,
        }


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A file whose content stands in the Dockerfile (a heredoc)."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Sources of one of several inputs of a Copy, and whether the archives among them are unpacked."""

    sources: tuple[str, ...]
    unpack: bool = False

    def canonical(self) -> Canonical:
        return {"sources": self.sources, "unpack": self.unpack}


@dataclass(frozen=True, slots=True)
class Copy:
    """Files from a source tree into the parent's tree, as a new layer. Inputs: the parent, then the source if any.

    `sources` are relative to the source's root, without a leading or trailing slash (`""` is the whole tree);
    each may be a pattern. With `parents` each is `root/./rest`, and paths are kept from `root` on. `excludes` are patterns
    of what is left out. `destination` is absolute; a trailing slash says that it is a directory.
    `owner` is the text of `--chown`; `keep_owner` (COPY --from) keeps owners where there is none, else files are 0:0.
    `unpack` is ADD's: an archive becomes what is in it. With `named_owner` the last input is a tree that knows the names
    in `owner`; otherwise the parent does. `origins` are for an ADD that reads more than one tree or a remote one: one for
    each input between, in order, and `sources` is empty. With `still` all files of a context have the time `STILL`, and none
    is shared with another layer: what a RUN sees of it is the same whatever else the store has.
    """

    kind: ClassVar[str] = "copy/2"

    sources: tuple[str, ...]
    destination: str
    files: tuple[InlineFile, ...] = ()
    owner: str = ""
    mode: str = ""
    keep_owner: bool = False
    unpack: bool = False
    excludes: tuple[str, ...] = ()
    parents: bool = False
    named_owner: bool = False
    origins: tuple[Origin, ...] = ()
    still: bool = False

    def canonical(self) -> Canonical:
        several = {"origins": [origin.canonical() for origin in self.origins]} if self.origins else {}
        still = {"still": True} if self.still else {}
        return {
            "kind": self.kind,
            "sources": self.sources,
            "destination": self.destination,
            "files": [[f.name, f.content] for f in self.files],
            "owner": self.owner,
            "mode": self.mode,
            "keep_owner": self.keep_owner,
            "unpack": self.unpack,
            "excludes": self.excludes,
            "parents": self.parents,
            "named_owner": self.named_owner,
            **several,
            **still,
        }


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers of the second input on top of those of the first, as `--link` wants it: neither knows of the other."""

    kind: ClassVar[str] = "stack/1"

    def canonical(self) -> Canonical:
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """WORKDIR: the directory and its missing parents, 0755, owned by `user`; an existing one is left alone."""

    kind: ClassVar[str] = "mkdir/1"

    path: str
    user: str = ""

    def canonical(self) -> Canonical:
        return {"kind": self.kind, "path": self.path, "user": self.user}


Operation: TypeAlias = Scratch | BaseImage | Context | Http | Git | Run | Copy | Stack | MakeDirectory
