"""`State`: a stage between two of its instructions; each instruction makes a new one of it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace
from types import MappingProxyType

from stagemill.errors import Excerpt, redacted
from stagemill.files.paths import clean
from stagemill.graph.operations import Operation, Scratch, Stack
from stagemill.graph.vertex import Edge, Label, Vertex
from stagemill.oci.config import History, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.scope import Scope
from stagemill.values import dataclass

DEFAULT_SHELL = ("/bin/sh", "-c")
WINDOWS_SHELL = ("cmd", "/S", "/C")
NO_VALUES: Mapping[str, str] = MappingProxyType({})
COMMENT = "buildkit.dockerfile.v0"  # the tools that read history know this one


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction that makes a layer: its vertex, its text as written, its place."""

    vertex: Vertex
    text: str
    at: Excerpt


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the steps of a stage are called: `[builder 2/4]`, or `[2/4]` in a file of one stage, as BuildKit aligns them.

    Where there are several platforms it begins with that of the stage: `[linux/arm64 builder 2/4]`.
    """

    stage: str
    total: int
    alone: bool
    platform: Platform | None = None

    def prefix(self, number: int, values: Mapping[str, str] = NO_VALUES) -> str:
        """`values` are those in scope; where they tell of another target it is shown, as `linux/amd64->arm64`."""
        stage = "" if self.alone else f"{self.stage} "
        platform = f"{self.platform.full}{crossing(self.platform, values)} " if self.platform else ""
        return f"[{platform}{stage}{number:{len(str(self.total))}}/{self.total}]"


def crossing(base: Platform, values: Mapping[str, str]) -> str:
    """What a step for one platform makes something for, if it knows of another one. Source: BuildKit, convert.go."""
    target = _target(base, values)
    if target is None or (target.os, target.architecture) == (base.os, base.architecture):
        return ""
    if target.os != base.os:
        return f"->{target.full}"
    return f"->{target.architecture}" + (f"/{target.variant}" if target.variant else "")


def _target(base: Platform, values: Mapping[str, str]) -> Platform | None:
    with suppress(ValueError):
        return (
            Platform.parse(values["TARGETPLATFORM"]) if "TARGETPLATFORM" in values else _target_of_parts(base, values)
        )
    return _target_of_parts(base, values)


def _target_of_parts(base: Platform, values: Mapping[str, str]) -> Platform | None:
    parts = [values.get(f"TARGET{part}", "") for part in ("OS", "ARCH", "VARIANT")]
    return Platform.normal(parts[0] or base.os, parts[1] or base.architecture, parts[2]) if any(parts) else None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a stage so far.

    `platform` is the one that its processes run on. `outer` is the global scope, whose ARGs a stage may import. `history` has no times yet: they are those of the layers
    when they are made.
    """

    vertex: Vertex
    config: RunConfig
    scope: Scope
    numbering: Numbering
    number: int
    platform: Platform
    outer: Scope = field(default_factory=Scope)
    author: str = ""
    cmd_set: bool = False
    history: tuple[History, ...] = ()
    steps: tuple[Step, ...] = field(default=())

    @property
    def shell(self) -> tuple[str, ...]:
        return self.config.shell or (WINDOWS_SHELL if self.platform.os == "windows" else DEFAULT_SHELL)

    @property
    def cwd(self) -> str:
        return self.config.working_dir or "/"

    def absolute(self, path: str) -> str:
        """A path of the image, from the working directory on, without `.` and `..`; no trailing slash but for `/`."""
        return f"/{clean(posixpath.join(self.cwd, path))}"

    def configured(self, config: RunConfig, created_by: str) -> State:
        """After an instruction that only changes the config."""
        entry = History(created_by=created_by, comment=COMMENT, empty_layer=True)
        return replace(self, config=config, history=(*self.history, entry))

    def layered(
        self, op: Operation, inputs: tuple[Edge, ...], *, text: str, created_by: str, at: Excerpt, link: bool = False
    ) -> State:
        """After an instruction that makes a layer on top of the stage; with `link` one that knows nothing of the stage.

        Logins of URLs in `text` are not shown.
        """
        number = self.number + 1
        text = redacted(text)
        prefix = self.numbering.prefix(number, self.scope.values)
        label = Label(f"{prefix} {text}", self.numbering.stage, at)
        below = Vertex(Scratch(), (), Label("")) if link else self.vertex
        vertex = Vertex(op, (Edge(below), *inputs), label)
        if link:
            vertex = Vertex(Stack(), (Edge(self.vertex), Edge(vertex)), Label("", self.numbering.stage, at))
        entry = History(created_by=created_by, comment=COMMENT)
        return replace(
            self,
            vertex=vertex,
            number=number,
            history=(*self.history, entry),
            steps=(*self.steps, Step(vertex, text, at)),
        )
