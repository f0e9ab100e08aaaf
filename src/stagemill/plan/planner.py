"""The planner: from a Dockerfile and a request to a `Plan`, the graph of what the target needs and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial

from stagemill.context.named import NamedContext
from stagemill.dockerfile.tree import Add, Dockerfile, Word
from stagemill.errors import DockerfileError
from stagemill.files.content import Content, Contents
from stagemill.graph.operations import Stack
from stagemill.graph.vertex import Label, Order, Selection, Vertex
from stagemill.oci.config import ImageConfig
from stagemill.oci.platform import Platform
from stagemill.plan import begin, contexts, needs
from stagemill.plan.ahead import asked_ahead
from stagemill.plan.contexts import Origin
from stagemill.plan.dispatch import apply
from stagemill.plan.effect import unheard_arguments
from stagemill.plan.epoch import settled
from stagemill.plan.lookup import Bases, Mention, Name
from stagemill.plan.missing import also_in_stage
from stagemill.plan.outline import (
    Line,
    Outline,
    StageText,
    image_triggers,
    source_words,
    undeclared,
    unused,
)
from stagemill.plan.request import Request, Times
from stagemill.plan.resolver import NOWHERE, Base, Resolver, Sources
from stagemill.plan.scope import Scope
from stagemill.plan.site import Site
from stagemill.plan.state import Step
from stagemill.plan.waiting import Link, Waiting, awaited, in_order, refuse_circles
from stagemill.timings import measured
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A planned stage. `image` has no diff_ids and no times yet: they are known when the layers are.

    `base` is the image that it begins from, directly or through other stages (None for scratch); `parent` the index of
    the stage named by FROM; `steps` are its own layers, the lowest first; `reads` are the stages it copies from, `after`
    those that it waits for; `platform` is what its processes run on, `wanted` what its base should be for.
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
    platform: Platform
    wanted: Platform
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build. `stages` are those that are needed, in the order of the file; `skipped` are the others.

    `also` are stages that have to be made though the target reads nothing of them: the request names them, or another
    stage waits for them. `order` says which vertices wait for which. `epoch` is SOURCE_DATE_EPOCH in seconds,
    `platform` what the request asks for, `globals` the arguments that FROM lines see, `times` what becomes of those of files,
    `selected` what was selected of which context, by its name.
    """

    target: Stage
    stages: tuple[Stage, ...]
    skipped: tuple[StageText, ...]
    contents: Contents
    notices: tuple[str, ...]
    platform: Platform
    epoch: int | None = None
    also: tuple[Stage, ...] = ()
    globals: Mapping[str, str] = field(default_factory=dict)
    order: Order = field(default_factory=dict)
    times: Times = "kept"
    selected: Mapping[tuple[str, Selection], Content] = field(default_factory=dict)

    @property
    def goals(self) -> tuple[Vertex, ...]:
        """What has to be made, the target first."""
        return (self.target.vertex, *(stage.vertex for stage in self.also))

    def read_by(self, vertex: Vertex) -> int | None:
        """The stage whose files a COPY takes, where it is one of these."""
        if isinstance(vertex.op, Stack):
            vertex = vertex.inputs[1].vertex
        sources = {edge.vertex.digest for edge in vertex.inputs[1:]}
        return next((stage.index for stage in self.stages if stage.vertex.digest in sources), None)


def plan(dockerfile: Dockerfile, request: Request, resolver: Resolver, sources: Sources = NOWHERE) -> Plan:
    """Raises DockerfileError for what is wrong in the file, StagemillError for an unknown target."""
    return plan_each(dockerfile, (request,), resolver, sources)[0]


@measured("plan")
def plan_each(
    dockerfile: Dockerfile, requests: Sequence[Request], resolver: Resolver, sources: Sources = NOWHERE
) -> tuple[Plan, ...]:
    """Plans for several targets of one file, which look up an image and read a source once. Raises as `plan` does.

    Each is planned by itself, since steps may see the target's name in TARGETSTAGE; what is equal is one vertex.
    """
    site = Site(dockerfile.source, dockerfile.escape, requests[0], sources=sources)
    shared = Shared(Bases(resolver), Waiting())
    outlines = [settled(Outline.of(dockerfile, replace(site, request=request)), dockerfile) for request in requests]
    return tuple(_Planner(outline, shared).plan() for outline in outlines)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the plans of one file have in common."""

    bases: Bases
    waiting: Waiting


class _Planner:
    """Plans the stages of one file, each once."""

    def __init__(self, outline: Outline, shared: Shared) -> None:
        self.outline = outline
        self.site = outline.site
        self.bases = shared.bases
        self.waiting = shared.waiting
        self.planned: dict[int, Stage] = {}
        self.bodies: dict[int, tuple[Line, ...]] = {}

    def plan(self) -> Plan:
        needed = sorted(self._needed((self.outline.target, *self.outline.also)))
        self._refuse_circles(needed)
        with asked_ahead(self._additions(needed), self.site.sources):
            for index in needed:
                stage = self.outline.stages[index]
                self.planned[index] = self._stage(stage)
                for name, word in undeclared(self.outline, stage):
                    _notice_no_effect(name, word, self.outline)
        self._notice_unused()
        target = self.planned[self.outline.target.index]
        image = _asked(target.image, self.site.request)
        return Plan(
            target=replace(target, image=image),
            stages=tuple(self.planned[index] for index in needed),
            skipped=tuple(stage for stage in self.outline.stages if stage.index not in needed),
            contents=self.site.contents,
            notices=tuple(dict.fromkeys(self.site.notices)),
            platform=self.site.request.platform,
            epoch=self.outline.epoch,
            globals=self.outline.globals.values,
            also=self._also(),
            order=self._order(),
            times=self.site.request.times,
            selected=self.site.selected,
        )

    def _notice_unused(self) -> None:
        body = [line for lines in self.bodies.values() for line in lines]
        self.site.notices.extend(unheard_arguments(self.outline, body))
        if self.site.request.contexts.by_name:
            for context, near in unused(self.outline, body):
                message = (
                    f"--build-context {context.name} has no effect: nothing in {self.site.source.name} has that name"
                )
                self.site.notices.append(f"{message}\nhint: did you mean {near}?")

    def _additions(self, needed: Iterable[int]) -> Iterator[Add]:
        return (node for index in needed for node, _ in self.bodies[index] if isinstance(node, Add))

    def _refuse_circles(self, needed: Iterable[int]) -> None:
        stages = self.outline.stages
        if any(stages[index].start.after for index in needed):
            refuse_circles(self.outline, {index: list(self._links(stages[index])) for index in needed})

    def _links(self, stage: StageText) -> Iterator[Link]:
        """What a stage needs, and how."""
        if parent := self.outline.parent(stage):
            yield Link("begins from", parent.index)
        yield from (
            Link("copies from", other.index) for other in needs.sources(self.outline, stage, self.bodies[stage.index])
        )
        yield from (Link("waits for", other.index) for _, other in awaited(self.outline, stage))

    def _also(self) -> tuple[Stage, ...]:
        """The stages that nobody but the request or `--after` asks for, in the order of the file."""
        wanted = {stage.index for stage in self.outline.also} | {
            index for stage in self.planned.values() for index in stage.after
        }
        return tuple(self.planned[index] for index in sorted(wanted - {self.outline.target.index}))

    def _order(self) -> Order:
        """Which vertices wait for which; those of other plans of the file among them."""
        if not any(stage.after for stage in self.planned.values()):
            return self.waiting.order
        waiting = self.waiting.begin()
        for index in in_order(sorted(self.planned), lambda index: (*self._needs(index), *self.planned[index].after)):
            stage = self.planned[index]
            awaits = (
                vertex for other in stage.after for vertex in (self.planned[other].vertex, *waiting.pending(other))
            )
            steps = [step.vertex for step in stage.steps]
            waiting.add(index, steps, awaits=awaits, needs=self._needs(index))
        return waiting.order

    def _needs(self, index: int) -> tuple[int, ...]:
        stage = self.planned[index]
        return (*([] if stage.parent is None else [stage.parent]), *stage.reads)

    def _needed(self, wanted: Sequence[StageText]) -> set[int]:
        """These stages, and those that they need.

        Most is known from the text, so that images are looked up all at once; their triggers may need more.
        """
        needed: set[int] = set()
        wave = list(wanted)
        while wave:
            stages = needs.reachable(self.outline, wave, needed)
            self.bases.look_up([mention for stage in stages for mention in self._mentions(stage)])
            more = [other for stage in stages for other in self._begin(stage)]
            wave = [other for other in more if other.index not in needed]
        return needed

    def _begin(self, stage: StageText) -> Iterator[StageText]:
        """Puts the triggers of the base image before the stage. The stages that they copy from."""
        base = self._base(stage)
        inherited = image_triggers(base.reference, base.config.config.on_build, self.site) if base else ()
        self.bodies[stage.index] = (*inherited, *needs.lines(self.outline, stage))
        self.bases.look_up(list(self._copied_images(stage, inherited)))
        yield from needs.sources(self.outline, stage, inherited)

    def _mentions(self, stage: StageText) -> Iterator[Mention]:
        """The places where the text of a stage names images."""
        if name := needs.image(self.outline, stage):
            mention = self._mention(name, stage.start.image, stage, self.site)
            yield replace(mention, unset=self.outline.unset(stage.start.image))
        yield from self._copied_images(stage, needs.lines(self.outline, stage))

    def _copied_images(self, stage: StageText, body: Sequence[Line]) -> Iterator[Mention]:
        for word, site in source_words(body):
            if name := needs.copied_image(self.outline, stage, word, site):
                yield self._mention(name, word, stage, site)

    def _mention(self, name: Name, word: Word, stage: StageText, site: Site) -> Mention:
        return Mention(name, word.span, site, partial(self.outline.names_above, stage), site.request.contexts.names)

    def _base(self, stage: StageText) -> Base | None:
        name = needs.image(self.outline, stage)
        return self.bases[name] if name else None

    def _stage(self, text: StageText) -> Stage:
        parent = self.outline.parent(text)
        origin = self.planned[parent.index] if parent else None
        base = origin.base if origin else self._base(text)
        reads: list[int] = []
        inherited = begin.inherited(origin, base, self.site.request.platform)
        state = begin.state(text, self.bodies[text.index], inherited, self.outline, origin=origin, base=base)
        source_of = partial(self._source, text, reads)
        for node, site in self.bodies[text.index]:
            try:
                state = apply(node, state, site, source_of=source_of)
            except DockerfileError as error:
                raise also_in_stage(error, node, self.outline.stages[: text.index]) from error.__cause__
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
            platform=state.platform,
            wanted=state.platform
            if isinstance(self.outline.start(text), NamedContext)
            else needs.wanted(self.outline, text),
            after=tuple(other.index for _, other in awaited(self.outline, text)),
        )

    def _source(self, text: StageText, reads: list[int], word: Word, site: Site) -> Origin:
        """The tree or the files that a `--from` names."""
        source = self.outline.source(text, word, site)
        if isinstance(source, StageText):
            reads.append(source.index)
            return self.planned[source.index].vertex
        at = site.source.excerpt(word.span)
        if name := needs.copied_image(self.outline, text, word, site):
            base = self.bases[name]
            title = f"[context {name.context}] {base.reference}" if name.context else f"FROM {base.reference}"
            return begin.base_vertex(base, Label(title, "", at))
        return contexts.origin(source, site, at=at) if source else contexts.scratch()


def _asked(image: ImageConfig, request: Request) -> ImageConfig:
    """The config of the image as the request changes it."""
    config = image.config
    labels = {name: value for name, value in config.labels.items() if name not in request.unset_labels}
    env = tuple((name, value) for name, value in config.env if name not in request.unset_env)
    config = replace(config, labels={**labels, **request.labels}, env=env)
    return replace(image, config=config, platform=image.platform if request.implicit else _target(image, request))


def _target(image: ImageConfig, request: Request) -> Platform:
    """The platform that was asked for; what it leaves open is the base's where that is of the same. Source: BuildKit."""
    base, wanted = image.platform, request.platform
    if (base.os, base.architecture) != (wanted.os, wanted.architecture):
        return wanted
    return replace(
        wanted,
        variant=wanted.variant or base.variant,
        os_version=wanted.os_version or base.os_version,
        os_features=wanted.os_features or base.os_features,
    )


def _notice_no_effect(name: str, word: Word, outline: Outline) -> None:
    outline.site.notice(
        f"--build-arg {name} has no effect on FROM {word.text}: no ARG declares {name} before the first FROM",
        word.span,
        hint=outline.late_argument([name]) or f"add the line ARG {name} above the first FROM",
    )
