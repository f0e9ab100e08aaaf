"""The planner: from a Dockerfile and a request to a `Plan`, the graph of what the target needs and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from stagemill.digest import Digest
from stagemill.dockerfile.tree import Add, Copy, Dockerfile, Run, Word, Workdir
from stagemill.graph import operations
from stagemill.graph.vertex import Label, Vertex
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan import begin
from stagemill.plan.dispatch import apply
from stagemill.plan.lookup import Bases, Mention, Name
from stagemill.plan.outline import (
    CONTEXT,
    EPOCH,
    SCRATCH,
    Line,
    Outline,
    StageText,
    image_triggers,
    source_words,
    triggers,
    undeclared,
)
from stagemill.plan.request import Request
from stagemill.plan.resolver import Base, Resolver
from stagemill.plan.scope import Scope
from stagemill.plan.site import Site
from stagemill.plan.state import Numbering, State, Step


@dataclass(frozen=True, slots=True)
class Stage:
    """A planned stage. `image` has no diff_ids and no times yet: they are known when the layers are.

    `base` is the image that it begins from, directly or through other stages (None for scratch); `parent` the index of
    the stage named by FROM; `steps` are its own layers, the lowest first; `reads` are the stages it copies from.
    """

    index: int
    name: str
    title: str
    vertex: Vertex
    image: ImageConfig
    base: Base | None
    parent: int | None
    steps: tuple[Step, ...]
    reads: tuple[int, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build. `stages` are those that the target needs, in the order of the file; `skipped` are the others.

    `epoch` is SOURCE_DATE_EPOCH in seconds, of the request or of a global ARG.
    """

    target: Stage
    stages: tuple[Stage, ...]
    skipped: tuple[StageText, ...]
    contents: Mapping[Digest, tuple[tuple[str, str], ...]]
    notices: tuple[str, ...]
    epoch: int | None = None


def plan(dockerfile: Dockerfile, request: Request, resolver: Resolver) -> Plan:
    """Raises DockerfileError for what is wrong in the file, UsageError for an unknown target."""
    site = Site(dockerfile.source, dockerfile.escape, request)
    return _Planner(Outline.of(dockerfile, site), resolver).plan()


class _Planner:
    """Plans the stages of one file, each once."""

    def __init__(self, outline: Outline, resolver: Resolver) -> None:
        self.outline = outline
        self.site = outline.site
        self.bases = Bases(resolver)
        self.planned: dict[int, Stage] = {}
        self.bodies: dict[int, tuple[Line, ...]] = {}

    def plan(self) -> Plan:
        needed = self._needed()
        for index in sorted(needed):
            stage = self.outline.stages[index]
            self.planned[index] = self._stage(stage)
            for name, word in undeclared(self.outline, stage):
                _notice_no_effect(name, word, self.outline)
        target = self.planned[self.outline.target.index]
        image = replace(target.image, config=_asked(target.image.config, self.site.request))
        return Plan(
            target=replace(target, image=image),
            stages=tuple(self.planned[index] for index in sorted(needed)),
            skipped=tuple(stage for stage in self.outline.stages if stage.index not in needed),
            contents=self.site.contents,
            notices=tuple(dict.fromkeys(self.site.notices)),
            epoch=self._epoch(),
        )

    def _epoch(self) -> int | None:
        """A global ARG says it where the request does not."""
        if self.site.request.epoch is not None:
            return self.site.request.epoch
        text = self.outline.globals.get(EPOCH)
        return int(text) if text and text != CONTEXT else None

    def _needed(self) -> set[int]:
        """The stages that the target needs.

        Most is known from the text, so that images are looked up all at once; their triggers may need more.
        """
        needed: set[int] = set()
        wave = [self.outline.target]
        while wave:
            stages = self._reachable(wave, needed)
            self.bases.look_up([mention for stage in stages for mention in self._mentions(stage)])
            more = [other for stage in stages for other in self._begin(stage)]
            wave = [other for other in more if other.index not in needed]
        return needed

    def _reachable(self, wave: Sequence[StageText], needed: set[int]) -> list[StageText]:
        """These stages and all that they name, in the order of the file; they are needed afterwards."""
        pending = list(wave)
        found: dict[int, StageText] = {}
        while pending:
            stage = pending.pop()
            if stage.index in needed:
                continue
            needed.add(stage.index)
            found[stage.index] = stage
            parent = self.outline.parent(stage)
            pending += [parent] if parent else []
            pending += self._sources(stage, self._lines(stage))
        return [stage for _, stage in sorted(found.items())]

    def _begin(self, stage: StageText) -> Iterator[StageText]:
        """Puts the triggers of the base image before the stage. The stages that they copy from."""
        base = self._base(stage)
        inherited = image_triggers(base.reference, base.config.config.on_build, self.site) if base else ()
        self.bodies[stage.index] = (*inherited, *self._lines(stage))
        self.bases.look_up(list(self._copied_images(stage, inherited)))
        yield from self._sources(stage, inherited)

    def _lines(self, stage: StageText) -> tuple[Line, ...]:
        """What the file says of a stage: triggers of the stage that it begins from, then its own instructions (traps 14)."""
        parent = self.outline.parent(stage)
        own = [(node, self.site) for node in stage.body]
        return (*(triggers(parent, self.site) if parent else ()), *own)

    def _sources(self, stage: StageText, body: Sequence[Line]) -> list[StageText]:
        found = [self.outline.source(stage, word, site) for word, site in source_words(body)]
        return [source for source in found if source]

    def _mentions(self, stage: StageText) -> Iterator[Mention]:
        """The places where the text of a stage names images."""
        if name := self._image(stage):
            yield Mention(name, stage.start.image.span, self.site, self.outline.names_above(stage))
        yield from self._copied_images(stage, self._lines(stage))

    def _copied_images(self, stage: StageText, body: Sequence[Line]) -> Iterator[Mention]:
        for word, site in source_words(body):
            if not self.outline.source(stage, word, site) and word.text != SCRATCH:
                yield Mention(Name(word.text), word.span, site, self.outline.names_above(stage))

    def _image(self, stage: StageText) -> Name | None:
        """The image that a stage begins from; None for a stage or scratch, which have no platform of their own."""
        platform = self._platform(stage)
        if self.outline.parent(stage):
            return None
        reference = self.outline.base_name(stage)
        if reference == SCRATCH:
            return None
        if platform not in {None, Platform.local()}:
            word = stage.start.platform or stage.start.image
            raise self.site.unsupported(f"FROM --platform={platform} on a {Platform.local()} machine", word.span)
        return Name(reference, platform)

    def _platform(self, stage: StageText) -> Platform | None:
        """What FROM --platform asks for."""
        word = stage.start.platform
        if word is None:
            return None
        try:
            return Platform.parse(self.site.expand(word, self.outline.globals.get))
        except ValueError as error:
            hint = "write linux/amd64, or $BUILDPLATFORM for this machine"
            raise self.site.error(str(error), word.span, hint=hint) from error

    def _base(self, stage: StageText) -> Base | None:
        name = self._image(stage)
        return self.bases[name] if name else None

    def _stage(self, text: StageText) -> Stage:
        parent = self.outline.parent(text)
        origin = self.planned[parent.index] if parent else None
        base = origin.base if origin else self._base(text)
        reads: list[int] = []
        inherited = self._inherited(origin, base)
        state = self._start(text, inherited, origin=origin, base=base)
        source_of = partial(self._source, text, reads)
        for node, site in self.bodies[text.index]:
            state = apply(node, state, site, source_of=source_of)
        image = replace(
            inherited,
            config=state.config,
            diff_ids=(),
            history=(*inherited.history, *state.history),
            author=state.author or inherited.author,
        )
        return Stage(
            index=text.index,
            name=text.name,
            title=text.title,
            vertex=state.vertex,
            image=image,
            base=base,
            parent=parent.index if parent else None,
            steps=state.steps,
            reads=tuple(dict.fromkeys(reads)),
            scope=state.scope,
        )

    def _inherited(self, origin: Stage | None, base: Base | None) -> ImageConfig:
        if origin:
            return begin.from_stage(origin.image)
        return begin.from_image(base.config) if base else begin.from_nothing(self.site.request.platform)

    def _start(self, text: StageText, image: ImageConfig, *, origin: Stage | None, base: Base | None) -> State:
        own = int(base is not None and origin is None)
        steps = sum(isinstance(node, Run | Copy | Add | Workdir) for node, _ in self.bodies[text.index])
        numbering = Numbering(text.title, own + steps, alone=len(self.outline.stages) == 1)
        scope = (origin.scope if origin else Scope()).begun(image.config.env)
        if origin:
            vertex = origin.vertex
        elif base:
            at = self.site.source.excerpt(text.start.span)
            vertex = _base_vertex(base, Label(f"{numbering.prefix(1)} FROM {base.reference}", text.title, at))
        else:
            vertex = _scratch()
        return State(vertex, image.config, scope, numbering, number=own, outer=self.outline.globals)

    def _source(self, text: StageText, reads: list[int], word: Word, site: Site) -> Vertex:
        """The tree that a `--from` names."""
        stage = self.outline.source(text, word, site)
        if stage:
            reads.append(stage.index)
            return self.planned[stage.index].vertex
        if word.text == SCRATCH:
            return _scratch()
        base = self.bases[Name(word.text)]
        return _base_vertex(base, Label(f"FROM {base.reference}", "", site.source.excerpt(word.span)))


def _asked(config: RunConfig, request: Request) -> RunConfig:
    """The config of the image as the request changes it."""
    labels = {name: value for name, value in config.labels.items() if name not in request.unset_labels}
    env = tuple((name, value) for name, value in config.env if name not in request.unset_env)
    return replace(config, labels={**labels, **request.labels}, env=env)


def _scratch() -> Vertex:
    return Vertex(operations.Scratch(), (), Label(""))


def _base_vertex(base: Base, label: Label) -> Vertex:
    op = operations.BaseImage(base.manifest, str(base.config.platform), base.reference)
    return Vertex(op, (), label)


def _notice_no_effect(name: str, word: Word, outline: Outline) -> None:
    outline.site.notice(
        f"--build-arg {name} has no effect on FROM {word.text}: no ARG declares {name} before the first FROM",
        word.span,
        hint=outline.late_argument([name]) or f"add the line ARG {name} above the first FROM",
    )
