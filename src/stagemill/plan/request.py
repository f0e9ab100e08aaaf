"""`Request`: what a build is asked to make, beside the Dockerfile itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, Protocol, TypeAlias

from stagemill.context.named import NamedContexts
from stagemill.digest import Digest
from stagemill.files.content import Content
from stagemill.files.select import Sources
from stagemill.files.view import FileView
from stagemill.graph.mounts import HostMount
from stagemill.graph.operations import STILL
from stagemill.graph.vertex import Vertex
from stagemill.location import Location
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

MAIN = "context"

Times: TypeAlias = Literal["kept", "clamped", "exact", "still"]
"""What becomes of the times of files in the layers that a build adds to its base: they are `kept`; none is newer than the
build's date (`clamped`); all are that date (`exact`); or they are clamped, and those of a context are not even seen (`still`).
"""


class IgnoredBy(Protocol):
    """Says which line of an ignore file hides a path."""

    def explain(self, path: str, /) -> str | None:
        """Words such as `line 3 of .dockerignore ("*.log")`, or None where no rule hides the path, or there is none.

        Of a pattern: the rule that hides what it matches.
        """
        ...


class Memory(Protocol):
    """Knows from earlier builds what files hold that did not change."""

    @property
    def value(self) -> Digest | None:
        """Names all that an earlier build saw of the files, if they are exactly so still; None if not, or nobody knows."""
        ...

    def recalled(self, select: Sources, /) -> Content | None:
        """What a selection is; None where nobody knows."""
        ...

    def keep(self, select: Sources, found: Content, /) -> None:
        """Takes down what it was found to be."""
        ...


@dataclass(frozen=True, slots=True)
class FileContext:
    """Files that the user gave: of the main context, which COPY and ADD without `--from` read, or of a named one.

    `title` is what a person calls it, `name` its key in the build. `ignored` answers for a path that is not there: the
    rule of the ignore file that hides it, as words, or None. `location` is the URL that they came from, if they did,
    and `made_of` what that was. `memory` is of this very view.
    """

    view: FileView
    title: str = "the build context"
    ignored: IgnoredBy | None = None
    name: str = MAIN
    location: Location | None = None
    made_of: Vertex | None = None
    memory: Memory | None = None


class Devices(Protocol):
    """The devices of this machine that a RUN may ask for."""

    def is_free(self, name: str, /) -> bool | None:
        """Whether anybody may have the device without being allowed to; None where there is no such device."""
        ...

    def advice(self) -> str:
        """What to do where a device is missing."""
        ...


@dataclass(frozen=True, slots=True)
class EveryRun:
    """What the command line says of every RUN, in the words of `operations.Run`; all of it is in its key."""

    ulimits: tuple[tuple[str, int, int], ...] = ()
    shm_size: int = 0
    capabilities: tuple[str, ...] = ()
    volumes: tuple[HostMount, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """`build_args` holds what `--build-arg` gave; `target` is the stage's name or index, empty for the last.

    `also` are stages that must be made beside the target, by name or index; with `all_stages` that is every one.

    `labels` override LABEL. `context` is None where there is none
    (a Dockerfile on standard input). `allow` holds what `--allow` permits, such as `security.insecure`. `contexts` are
    those of `--build-context`, `directories` the files of those that are directories, opened when they are asked for.
    `implicit` says that nobody asked for the platform: the image is then of the one that its base is of. With `several`
    labels say which platform a step is of. `devices` is None where nobody looks for any. What is in `unset_env` and `unset_labels` is not in the image that is made.
    `epoch` is the date, in seconds, of what is to be `still` and has no other.
    """

    platform: Platform
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    network: Literal["default", "host", "none"] = "default"
    extra_hosts: tuple[str, ...] = ()
    context: FileContext | None = None
    allow: frozenset[str] = frozenset()
    contexts: NamedContexts = field(default_factory=NamedContexts)
    directories: Mapping[str, FileContext] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    all_stages: bool = False
    every_run: EveryRun = field(default_factory=EveryRun)
    devices: Devices | None = None
    unset_env: frozenset[str] = frozenset()
    unset_labels: frozenset[str] = frozenset()
    implicit: bool = False
    several: bool = False
    times: Times = "kept"
    epoch: int = STILL
