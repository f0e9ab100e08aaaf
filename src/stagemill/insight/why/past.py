"""`Past`: a build that was carried out, as its journal has it: the graph of its steps, and what became of each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from stagemill.oci.document import Json, JsonObject
from stagemill.values import dataclass

_NAME = re.compile(r"\[(?P<prefix>[^\]]*?) *\d+/\d+\] (?P<text>.*)", re.DOTALL)
STEPS = frozenset({"run", "copy", "mkdir", "http", "git"})


@dataclass(frozen=True, slots=True)
class Input:
    """What a step reads: another one by its digest, all of it or what it `selects`."""

    digest: str
    selects: bool = False


@dataclass(frozen=True, slots=True)
class PastStep:
    """A vertex: `op` is the canonical form of its operation, `ref` where it comes from if that is elsewhere."""

    digest: str
    op: JsonObject
    inputs: tuple[Input, ...]
    name: str = ""
    stage: str = ""
    line: int = 0
    ref: str = ""
    created: str = ""

    @property
    def kind(self) -> str:
        return str(self.op.get("kind", "")).partition("/")[0]

    @property
    def text(self) -> str:
        """The instruction as it is written."""
        found = _NAME.fullmatch(self.name)
        return found["text"] if found else self.name

    @property
    def platform(self) -> str:
        """What its name says of that, where there are several."""
        found = _NAME.fullmatch(self.name)
        words = found["prefix"].split() if found else []
        return words[0] if words and "/" in words[0] else ""

    @property
    def is_step(self) -> bool:
        """Whether people see it, and its result is kept."""
        return bool(self.name) and self.kind in STEPS


@dataclass(frozen=True, slots=True)
class PastStage:
    """`args` are the names that ARG declares in it; `values` are those of all variables at its end; `begins` is what FROM says, `parent` the
    stage or `ref` the image that this is. `shared` are steps that stand in the graph under another stage, with their lines. `made` is
    what is kept so that it can be looked at as it was made, as `cli.journal.made` writes it.
    """

    title: str
    line: int
    args: tuple[str, ...]
    values: Mapping[str, Json]
    begins: str = ""
    ref: str = ""
    parent: str = ""
    shared: tuple[tuple[str, int], ...] = ()
    made: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """What was built. `steps` are in an order in which each comes after what it reads; `ignore` has the rules of the context;
    `globals` are the values of the variables that FROM lines see.
    """

    name: str
    file: str
    source: str
    steps: Mapping[str, PastStep] = field(default_factory=dict)
    stages: tuple[PastStage, ...] = ()
    ignore: tuple[str, ...] = ()
    globals: Mapping[str, Json] = field(default_factory=dict)

    def stage(self, title: str) -> PastStage | None:
        return next((stage for stage in self.stages if stage.title == title), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step: `ran`, `cached`, `alike`, `failed` or `stopped`.

    `inputs` are what its inputs counted with in its key, where that is known; `like` the key's ingredients of a step like it
    that an imported cache has. `begun` is in seconds since the build began, None where nobody wrote it down.
    """

    state: str
    seconds: float = 0.0
    inputs: tuple[str, ...] = ()
    like: str = ""
    begun: float | None = None

    @property
    def made(self) -> bool:
        """Whether there was a result."""
        return self.state in {"ran", "cached", "alike"}


@dataclass(frozen=True, slots=True)
class Past:
    """A build. `fresh` are the stages that --no-cache-filter names, None for all; `again` the steps of --rerun; `trees` what
    became of stages, by their last steps, as the store keeps it, where the build wrote that down.
    """

    number: int
    begun: float
    seconds: float
    result: str
    place: str
    title: str
    graph: Graph
    outcomes: Mapping[str, Outcome]
    all_cached: bool = False
    no_cache: bool = False
    fresh: tuple[str, ...] = ()
    again: frozenset[str] = frozenset()
    imports: tuple[str, ...] = ()
    trees: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, digest: str) -> Outcome | None:
        """None for what was not looked at."""
        if self.all_cached and digest in self.graph.steps:
            return Outcome("cached")
        return self.outcomes.get(digest)


def graph(name: str, document: str) -> Graph:
    """Raises ValueError for what is none."""
    value = _object(json.loads(document))
    steps = [_step(_object(item)) for item in _list(value.get("steps"))]
    stages = [_object(item) for item in _list(value.get("stages"))]
    return Graph(
        name,
        str(value.get("file", "")),
        str(value.get("source", "")),
        {step.digest: step for step in steps},
        tuple(
            PastStage(
                str(stage.get("title", "")),
                _int(stage.get("line")),
                _texts(stage.get("args")),
                _object(stage.get("values")),
                str(stage.get("begins", "")),
                str(stage.get("ref", "")),
                str(stage.get("parent", "")),
                tuple(
                    (str(item[0]), _int(item[1]))
                    for item in _list(stage.get("shared"))
                    if isinstance(item, list) and len(item) == 2
                ),
                _object(stage.get("made")),
            )
            for stage in stages
        ),
        _texts(value.get("ignore")),
        _object(value.get("globals")),
    )


def account(text: str) -> JsonObject:
    """What a build says of its steps. Raises ValueError."""
    return _object(json.loads(text)) if text else {}


def outcomes(value: JsonObject) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for digest, item in _object(value.get("steps")).items():
        match item:
            case [str(state), float() | int() as seconds, list(inputs), str(like), *rest]:
                begun = float(rest[0]) if rest and isinstance(rest[0], float | int) else None
                found[digest] = Outcome(state, float(seconds), _texts(inputs), like, begun)
    return found


def _step(value: JsonObject) -> PastStep:
    return PastStep(
        digest=str(value.get("digest", "")),
        op=_object(value.get("op")),
        inputs=tuple(
            Input(str(item[0]), item[1] is True)
            for item in _list(value.get("inputs"))
            if isinstance(item, list) and len(item) == 2
        ),
        name=str(value.get("name", "")),
        stage=str(value.get("stage", "")),
        line=_int(value.get("line")),
        ref=str(value.get("ref", "")),
        created=str(value.get("created", "")),
    )


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))
