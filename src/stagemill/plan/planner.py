"""The planner: from a Dockerfile and a request to a `Plan`, the graph of what the target needs and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse_trigger
from stagemill.dockerfile.tree import Add, Copy, Dockerfile, InstructionNode, Run, Word, Workdir
from stagemill.errors import StagemillError
from stagemill.graph import operations
from stagemill.graph.vertex import Label, Vertex
from stagemill.oci.config import DEFAULT_PATH, ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.dispatch import apply
from stagemill.plan.outline import SCRATCH, Outline, StageText, copies, triggers, undeclared
from stagemill.plan.request import Request
from stagemill.plan.resolver import Base, Resolver
from stagemill.plan.scope import Scope
from stagemill.plan.site import Site
from stagemill.plan.state import Numbering, State, Step

_PARALLEL_LOOKUPS = 8


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
    """What to build. `stages` are those that the target needs, in the order of the file; `skipped` are the others."""

    target: Stage
    stages: tuple[Stage, ...]
    skipped: tuple[StageText, ...]
    contents: Mapping[Digest, tuple[tuple[str, str], ...]]
    notices: tuple[str, ...]


def plan(dockerfile: Dockerfile, request: Request, resolver: Resolver) -> Plan:
    """Raises DockerfileError for what is wrong in the file, UsageError for an unknown target."""
    site = Site(dockerfile.source, dockerfile.escape, request)
    return _Planner(Outline.of(dockerfile, site), resolver).plan()


class _Planner:
    """Plans the stages of one file, each once."""

    def __init__(self, outline: Outline, resolver: Resolver) -> None:
        self.outline = outline
        self.site = outline.site
        self.resolver = resolver
        self.bases: dict[str, Base] = {}
        self.planned: dict[int, Stage] = {}
        self.onbuild: dict[int, tuple[InstructionNode, ...]] = {}

    def plan(self) -> Plan:
        needed = self._needed()
        for index in sorted(needed):
            stage = self.outline.stages[index]
            self.planned[index] = self._stage(stage)
            for name in undeclared(self.outline, stage):
                self.site.notices.append(_no_effect(name, stage, self.site))
        target = self.planned[self.outline.target.index]
        labels = {**target.image.config.labels, **self.site.request.labels}
        image = replace(target.image, config=replace(target.image.config, labels=labels))
        return Plan(
            target=replace(target, image=image),
            stages=tuple(self.planned[index] for index in sorted(needed)),
            skipped=tuple(stage for stage in self.outline.stages if stage.index not in needed),
            contents=self.site.contents,
            notices=tuple(dict.fromkeys(self.site.notices)),
        )

    def _needed(self) -> set[int]:
        """The stages that the target needs. Triggers of base images may need more, so images are resolved on the way."""
        needed: set[int] = set()
        wave = [self.outline.target]
        while wave:
            needed.update(stage.index for stage in wave)
            self._resolve_all(self._image_words(wave))
            found = {other.index: other for stage in wave for other in self._reads(stage)}
            wave = [other for index, other in sorted(found.items()) if index not in needed]
        return needed

    def _reads(self, stage: StageText) -> Iterator[StageText]:
        """The stages that a stage begins from or copies from. Its triggers are known afterwards."""
        parent = self.outline.parent(stage)
        if parent:
            yield parent
        self.onbuild[stage.index] = self._triggers(stage, parent)
        body = (*self.onbuild[stage.index], *stage.body)
        late = [node.from_ for node in copies(self.onbuild[stage.index]) if node.from_]
        self._resolve_all([(stage, word) for word in late if not self.outline.source(stage, word)])
        for node in copies(body):
            if node.from_ and (source := self.outline.source(stage, node.from_)):
                yield source

    def _triggers(self, stage: StageText, parent: StageText | None) -> tuple[InstructionNode, ...]:
        """What ONBUILD of the parent stage or of the base image adds at the start (traps 14)."""
        if parent:
            return tuple(node.trigger for node in triggers(parent))
        base = self._base(stage)
        if base is None:
            return ()
        where = f"ONBUILD of {base.reference}"
        return tuple(parse_trigger(text, where) for text in base.config.config.on_build)

    def _image_words(self, stages: Sequence[StageText]) -> list[tuple[StageText, Word]]:
        """The places where stages name images."""
        found: list[tuple[StageText, Word]] = []
        for stage in stages:
            if not self.outline.parent(stage) and self.outline.base_name(stage) != SCRATCH:
                found.append((stage, stage.start.image))
            words = [node.from_ for node in copies(stage.body) if node.from_]
            found += [(stage, word) for word in words if not self.outline.source(stage, word)]
        return found

    def _resolve_all(self, words: Sequence[tuple[StageText, Word]]) -> None:
        """Looks images up, several at once; the first error in the order of the file is the one that is shown."""
        wanted = {self._image_name(stage, word): (stage, word) for stage, word in words}
        missing = [(name, stage, word) for name, (stage, word) in wanted.items() if name not in self.bases]
        if len(missing) <= 1:
            found = [self._resolve(*item) for item in missing]
        else:
            with ThreadPoolExecutor(_PARALLEL_LOOKUPS) as pool:
                found = list(pool.map(lambda item: self._resolve(*item), missing))
        self.bases.update({name: base for (name, _, _), base in zip(missing, found, strict=True)})

    def _image_name(self, stage: StageText, word: Word) -> str:
        return self.outline.base_name(stage) if word is stage.start.image else word.text

    def _resolve(self, name: str, stage: StageText, word: Word) -> Base:
        platform = self._platform(stage) if word is stage.start.image else None
        try:
            return self.resolver.resolve(name, platform)
        except StagemillError as error:
            hint = error.hint
            if near := self._near_stage(name, stage):
                hint = (
                    f"did you mean the stage {near}?" if hint is None else f"{hint}; or did you mean the stage {near}?"
                )
            raise self.site.error(error.message, word.span, hint=hint) from error
        except ValueError as error:
            raise self.site.error(str(error), word.span, hint=self._near_hint(name, stage)) from error

    def _near_hint(self, name: str, stage: StageText) -> str | None:
        near = self._near_stage(name, stage)
        return f"did you mean the stage {near}?" if near else None

    def _near_stage(self, name: str, stage: StageText) -> str | None:
        import difflib  # noqa: PLC0415  (only an error needs it)

        names = [other.name for other in self.outline.stages[: stage.index] if other.name]
        return next(iter(difflib.get_close_matches(name.lower(), names, n=1)), None)

    def _platform(self, stage: StageText) -> Platform | None:
        """What FROM --platform asks for; only this machine's runs so far."""
        word = stage.start.platform
        if word is None:
            return None
        text = self.site.expand(word, self.outline.globals.get)
        try:
            platform = Platform.parse(text)
        except ValueError as error:
            hint = "write linux/amd64, or $BUILDPLATFORM for this machine"
            raise self.site.error(str(error), word.span, hint=hint) from error
        if platform != Platform.local():
            raise self.site.unsupported(f"FROM --platform={text} on a {Platform.local()} machine", word.span)
        return platform

    def _base(self, stage: StageText) -> Base | None:
        name = self.outline.base_name(stage)
        return None if name == SCRATCH else self.bases[name]

    def _stage(self, text: StageText) -> Stage:
        parent = self.outline.parent(text)
        origin = self.planned[parent.index] if parent else None
        body = (*self.onbuild[text.index], *text.body)
        base = origin.base if origin else self._base(text)
        reads: list[int] = []
        state = self._start(text, origin, base)
        source_of = partial(self._source, text, reads)
        for node in body:
            state = apply(node, state, self.site, source_of=source_of)
        inherited = origin.image if origin else base.config if base else ImageConfig(self.site.request.platform)
        image = replace(
            inherited,
            config=state.config,
            diff_ids=(),
            history=(*inherited.history, *state.history),
            created="",
            author=state.author or (origin.image.author if origin else ""),
        )
        index = parent.index if parent else None
        return Stage(
            index=text.index,
            name=text.name,
            title=text.title,
            vertex=state.vertex,
            image=image,
            base=base,
            parent=index,
            steps=state.steps,
            reads=tuple(dict.fromkeys(reads)),
            scope=state.scope,
        )

    def _start(self, text: StageText, origin: Stage | None, base: Base | None) -> State:
        own = base is not None and origin is None
        body = (*self.onbuild[text.index], *text.body)
        total = own + sum(isinstance(node, Run | Copy | Add | Workdir) for node in body)
        numbering = Numbering(text.title, total, alone=len(self.outline.stages) == 1)
        outer = self.outline.globals
        if origin:
            config = replace(origin.image.config, on_build=())
            return State(origin.vertex, config, origin.scope, numbering, number=0, outer=outer)
        if base is None:
            config = RunConfig(env=(("PATH", DEFAULT_PATH),), working_dir="/")
            label = Label("")
            vertex = Vertex(operations.Scratch(), (), label)
            return State(vertex, config, Scope(dict(config.env)), numbering, number=0, outer=outer)
        config = _with_path(replace(base.config.config, on_build=()))
        at = self.site.source.excerpt(text.start.span)
        label = Label(f"{numbering.prefix(1)} FROM {base.reference}", text.title, at)
        return State(_base_vertex(base, label), config, Scope(dict(config.env)), numbering, number=1, outer=outer)

    def _source(self, text: StageText, reads: list[int], word: Word) -> Vertex:
        """The tree that a `--from` names."""
        stage = self.outline.source(text, word)
        if stage:
            reads.append(stage.index)
            return self.planned[stage.index].vertex
        base = self.bases[word.text]
        return _base_vertex(base, Label(f"FROM {base.reference}", "", self.site.source.excerpt(word.span)))


def _base_vertex(base: Base, label: Label) -> Vertex:
    op = operations.BaseImage(base.manifest, str(base.config.platform), base.reference)
    return Vertex(op, (), label)


def _with_path(config: RunConfig) -> RunConfig:
    """The config of a base, whose processes find their programs even where it has no PATH."""
    if any(name == "PATH" for name, _ in config.env):
        return config
    return replace(config, env=(*config.env, ("PATH", DEFAULT_PATH)))


def _no_effect(name: str, stage: StageText, site: Site) -> str:
    word = stage.start.image
    place = site.source.excerpt(word.span)
    return (
        f"--build-arg {name} has no effect on FROM {word.text}: no ARG declares {name} before the first FROM\n"
        f"{place.render()}\n"
        f"hint: add the line ARG {name} above the first FROM"
    )
