"""`State`: a stage between two of its instructions; each instruction makes a new one of it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace

from stagemill.errors import Excerpt, redacted
from stagemill.files.paths import clean
from stagemill.graph.operations import Operation, Scratch, Stack
from stagemill.graph.vertex import Edge, Label, Vertex
from stagemill.oci.config import History, RunConfig
from stagemill.plan.scope import Scope

DEFAULT_SHELL = ("/bin/sh", "-c")
COMMENT = "buildkit.dockerfile.v0"  # the tools that read history know this one


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction that makes a layer: its vertex, its text as written, its place."""

    vertex: Vertex
    text: str
    at: Excerpt


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the steps of a stage are called: `[builder 2/4]`, or `[2/4]` in a file of one stage, as BuildKit aligns them."""

    stage: str
    total: int
    alone: bool

    def prefix(self, number: int) -> str:
        stage = "" if self.alone else f"{self.stage} "
        return f"[{stage}{number:{len(str(self.total))}}/{self.total}]"


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a stage so far.

    `outer` is the global scope, whose ARGs a stage may import. `history` has no times yet: they are those of the layers
    when they are made.
    """

    vertex: Vertex
    config: RunConfig
    scope: Scope
    numbering: Numbering
    number: int
    outer: Scope = field(default_factory=Scope)
    author: str = ""
    cmd_set: bool = False
    history: tuple[History, ...] = ()
    steps: tuple[Step, ...] = field(default=())

    @property
    def shell(self) -> tuple[str, ...]:
        return self.config.shell or DEFAULT_SHELL

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
        label = Label(f"{self.numbering.prefix(number)} {text}", self.numbering.stage, at)
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
