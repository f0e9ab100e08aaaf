"""`Outline`: the stages of a Dockerfile, what each is named and needs, before any of them is planned.

Only what the target needs is looked at further, so a stage that nobody needs may name a base that does not exist
(traps 15). A stage needs only stages above it, so the order of the file is an order to plan in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Protocol, TypeAlias, TypeVar

from stagemill.context.named import NamedContext, OtherStage
from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.dockerfile.parser import parse_trigger
from stagemill.dockerfile.source import Source, Span
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Arg, Copy, Dockerfile, From, InstructionNode, OnBuild, Run, Word
from stagemill.errors import StagemillError
from stagemill.oci.platform import Platform
from stagemill.plan import mount_options
from stagemill.plan.scope import Scope, platform_args
from stagemill.plan.site import Site
from stagemill.regex import regex
from stagemill.values import dataclass

Line: TypeAlias = tuple[InstructionNode, Site]
"""An instruction of a stage, and where it stands."""

Meaning: TypeAlias = "StageText | NamedContext | None"
"""What a name stands for: a stage, a named context (but for one that is a stage), or neither: an image."""

SCRATCH = "scratch"
INDEX = regex("[0-9]{1,9}")


class Named(Protocol):
    """What has the name of a stage, in lower case, empty where it has none."""

    @property
    def name(self) -> str: ...


Stage = TypeVar("Stage", bound=Named)


@dataclass(frozen=True, slots=True)
class StageText:
    """A stage as it is written. `name` is in lower case, empty where there is none."""

    index: int
    name: str
    start: From
    body: tuple[InstructionNode, ...]

    @property
    def title(self) -> str:
        """What people call it: its name, or `stage-2`."""
        return self.name or f"stage-{self.index}"


@dataclass(frozen=True, slots=True)
class Outline:
    """The stages of a file with the global scope that their FROM lines see; `also` are wanted beside the target.

    `places` are the indexes of the stages of each name, and `starts` what is known already of where stages begin: both
    are asked for again and again. `epoch` is SOURCE_DATE_EPOCH in seconds, where `plan/epoch` found one.
    """

    site: Site
    stages: tuple[StageText, ...]
    globals: Scope
    target: StageText
    also: tuple[StageText, ...]
    places: Mapping[str, Sequence[int]]
    starts: dict[int, Meaning] = field(default_factory=dict, compare=False)
    epoch: int | None = None

    @classmethod
    def of(cls, dockerfile: Dockerfile, site: Site) -> Outline:
        """A target that a named context replaces has no instructions of its own.

        Raises DockerfileError for a bad global ARG and StagemillError for an unknown stage of the request.
        """
        stages = tuple(
            StageText(index, start.name.text.lower() if start.name else "", start, tuple(body))
            for index, (start, body) in enumerate(dockerfile.stages())
        )
        target = find_stage(stages, site.request.target, "target stage") if site.request.target else stages[-1]
        if site.request.contexts.find(target.name, site.request.platform):
            target = replace(target, body=())
            stages = (*stages[: target.index], target, *stages[target.index + 1 :])
        also = (
            stages
            if site.request.all_stages
            else [find_stage(stages, name, "--also: stage") for name in site.request.also]
        )
        automatic = platform_args(target=site.request.platform, stage=target.name)
        places: dict[str, list[int]] = {}
        for stage in stages:
            places.setdefault(stage.name, []).append(stage.index)
        return cls(site, stages, global_scope(dockerfile, site, automatic), target, tuple(also), places)

    def named_above(self, name: str, index: int) -> StageText | None:
        """The last stage of a name before a position."""
        above = bisect_left(self.places.get(name, ()), index)
        return self.stages[self.places[name][above - 1]] if above else None

    def base_name(self, stage: StageText) -> str:
        """The text after FROM, expanded; never blank."""
        word = stage.start.image
        name = self.site.expand(word, self.globals.get)
        if not name.strip():
            message = f"base name ({word.text}) should not be blank"
            raise self.site.error(message, word.span, hint=self.unset(word))
        return name

    def unset(self, word: Word) -> str | None:
        """What to do about a variable without a value that a FROM reads, if there is one."""
        found = variables(word.text, escape=self.site.escape)
        plain = [name for name, at in found if word.text.startswith((f"${name}", f"${{{name}}}"), at)]
        names = [name for name in plain if not self.globals.get(name)]
        if not names:
            return None
        if late := self.late_argument(names):
            return late
        if names[0] in self.globals.args:
            return f"give {names[0]} a value: a default in its ARG, or --build-arg {names[0]}=VALUE"
        return f"nothing sets {names[0]}: write ARG {names[0]}=VALUE before the first FROM"

    def late_argument(self, names: Sequence[str]) -> str | None:
        """What to do where one of these names, which a FROM reads, is declared too late to count there."""
        for stage in self.stages:
            for node in stage.body:
                if isinstance(node, Arg) and any(pair.key in names for pair in node.items):
                    line = node.span.line
                    return f"only an ARG before the first FROM counts in FROM: move or copy line {line} to the top"
        return None

    def platform(self, stage: StageText) -> Platform | None:
        """What FROM --platform asks for."""
        word = stage.start.platform
        if word is None:
            return None
        try:
            return Platform.parse(self.site.expand(word, self.globals.get))
        except ValueError as error:
            hint = "write linux/amd64, or $BUILDPLATFORM for this machine"
            raise self.site.error(str(error), word.span, hint=hint) from error

    def parent(self, stage: StageText) -> StageText | None:
        """The stage that a stage begins from, or None where that is no stage."""
        start = self.start(stage)
        return start if isinstance(start, StageText) else None

    def start(self, stage: StageText) -> Meaning:
        """What FROM names: the last stage of that name above, a named context, or neither."""
        if stage.index not in self.starts:
            self.starts[stage.index] = self._start(stage)
        return self.starts[stage.index]

    def _start(self, stage: StageText) -> Meaning:
        span = stage.start.image.span
        if replacement := self._context(stage.name, stage, span, site=self.site):
            return replacement
        name = self.base_name(stage)
        found = self.named_above(name.lower(), stage.index)
        return self._unless_replaced(found, stage, span, site=self.site) or self._context(
            name, stage, span, site=self.site
        )

    def source(self, stage: StageText, word: Word, site: Site) -> Meaning:
        """What a `--from` names. Raises DockerfileError."""
        _refuse_variables(word, site)
        name = word.text.lower()
        if INDEX.fullmatch(name):
            return self._unless_replaced(self._by_index(stage, word, site), stage, word.span, site=site)
        if found := self.named_above(name, stage.index):
            return self._unless_replaced(found, stage, word.span, site=site)
        if context := self._context(word.text, stage, word.span, site=site):
            return context
        if later := [other for other in self.stages if other.name == name]:
            itself = later[0].index == stage.index
            what = "is this stage itself" if itself else f"is defined below, in line {later[0].start.span.line}"
            hint = "a stage can only copy from stages above it; move the stage up"
            raise site.error(f"cannot copy from stage {word.text!r}: it {what}", word.span, hint=hint)
        return None

    def _unless_replaced(self, stage: StageText | None, user: StageText, span: Span, *, site: Site) -> Meaning:
        """The stage, or what stands in its place: nobody asks for the stage itself then."""
        return (stage and self._context(stage.name, user, span, site=site)) or stage

    def _context(
        self, name: str, user: StageText, span: Span, *, site: Site, above: int | None = None
    ) -> StageText | NamedContext | None:
        """The named context of a name that a stage uses, if there is one. One that is a stage is that stage, from those
        above the user, or above an index.
        """
        known = site.request.contexts
        found = known.find(name, self.platform(user) or site.request.platform) if known.by_name else None
        if found is None or not isinstance(found.source, OtherStage):
            return found
        above = user.index if above is None else above
        other = self.named_above(found.source.stage, above)
        if other is None:
            near = nearest(found.source.stage, self.names_above(user))
            hint = f"did you mean target:{near}?" if near else "name one that is above the stage that uses it"
            message = f"the context {found.name} is the stage {found.source.stage!r}, and there is none above"
            raise site.error(message, span, hint=hint)
        return self._context(other.name, user, span, site=site, above=other.index) or other

    def _by_index(self, stage: StageText, word: Word, site: Site) -> StageText:
        index = int(word.text)
        if index < stage.index:
            return self.stages[index]
        count = f"there are {stage.index} stages above it, counted from 0" if stage.index else "no stage is above it"
        hint = "name the stage with AS and copy from the name"
        raise site.error(f"cannot copy from stage {index}: {count}", word.span, hint=hint)

    def names_above(self, stage: StageText) -> tuple[str, ...]:
        return tuple(other.name for other in self.stages[: stage.index] if other.name)


def _refuse_variables(word: Word, site: Site) -> None:
    try:
        plain = expand(word.text, lambda _name: None, escape=site.escape) == word.text
    except ExpansionError:
        plain = False
    if not plain:
        hint = "begin a stage with FROM, where variables work, give it a name with AS, and copy from that name"
        raise site.error("--from does not expand variables", word.span, hint=hint)


def find_stage(stages: Sequence[Stage], target: str, what: str) -> Stage:
    """The stage of a name or an index, the last one of a name. Raises StagemillError, which begins with `what` it is."""
    named = [stage for stage in stages if stage.name == target.lower()]
    if named:
        return named[-1]
    if INDEX.fullmatch(target) and int(target) < len(stages):
        return stages[int(target)]
    raise StagemillError(f"{what} {target!r} could not be found", hint=known_stages(stages, target))


def known_stages(stages: Sequence[Named], wanted: str) -> str:
    """What to write instead of a name that no stage has."""
    names = list(dict.fromkeys(stage.name for stage in stages if stage.name))
    import difflib  # noqa: PLC0415  only a mistake needs it

    near = difflib.get_close_matches(wanted.lower(), names, n=1)
    if near and len(names) == 1:
        return f"did you mean {near[0]}?"
    count = (
        "its only stage has the number 0" if len(stages) == 1 else f"its stages have the numbers 0 to {len(stages) - 1}"
    )
    known = f"the stages are {', '.join(names)}" if names else f"no stage of this file has a name; {count}"
    return f"did you mean {near[0]}? {known}" if near else known


def global_scope(dockerfile: Dockerfile, site: Site, automatic: dict[str, str]) -> Scope:
    """What FROM lines see: the ARGs before the first FROM and the platform arguments, --build-arg before all."""
    given = site.request.build_args
    scope = Scope({name: given.get(name, value) for name, value in automatic.items()})
    for node in dockerfile.global_args:
        for pair in node.items:
            value = given.get(pair.key)
            if value is None and pair.value is not None:
                value = site.expand_value(pair, scope.get)
            if value is None:
                value = scope.get(pair.key)
            scope = scope.with_arg(pair.key, value)
    return scope


def undeclared(outline: Outline, stage: StageText) -> Iterator[tuple[str, Word]]:
    """Names that a FROM reads, that --build-arg gave, and that no ARG declares: they have no effect there."""
    known = {*outline.globals.args, *outline.globals.values}
    for word in (stage.start.image, stage.start.platform):
        names = variables(word.text, escape=outline.site.escape) if word else []
        for name, _ in names:
            if word and name in outline.site.request.build_args and name not in known:
                yield name, word


def unused(outline: Outline, body: Iterable[Line]) -> Iterator[tuple[NamedContext, str]]:
    """Named contexts that no stage, FROM or `--from` asks for, and the name there that one of them was meant for.

    `body` is what is built; a context that has no near name may be for another build of the same command line.
    """
    site = outline.site
    words = [word.text for word, _ in source_words(body)]
    words += [
        node.from_.text for stage in outline.stages for node in stage.body if isinstance(node, Copy) and node.from_
    ]
    words += [name for stage in outline.stages for name in (stage.name, stage.start.image.text) if name]
    used = {site.request.contexts.find(word, site.request.platform) for word in words}
    for context in site.request.contexts.by_name.values():
        near = nearest(context.name, words)
        if context not in used and near and not INDEX.fullmatch(near):
            yield context, near


def source_words(body: Iterable[Line]) -> Iterator[tuple[Word, Site]]:
    """The `--from` of each COPY and the `from` of each mount, which read another stage or an image."""
    for node, site in body:
        if isinstance(node, Copy) and node.from_ is not None:
            yield node.from_, site
        elif isinstance(node, Run):
            yield from ((word, site) for word in mount_options.source_words(node, site))


def triggers(stage: StageText, site: Site) -> tuple[Line, ...]:
    """What a stage leaves to those that begin FROM it."""
    return tuple((node.trigger, site.trigger()) for node in stage.body if isinstance(node, OnBuild))


def image_triggers(reference: str, texts: Iterable[str], site: Site) -> tuple[Line, ...]:
    """What an image leaves to the stages that begin FROM it. Raises DockerfileError where a text is no instruction."""
    name = f"ONBUILD of {reference}"
    return tuple((parse_trigger(text, name), site.trigger(Source(name, text))) for text in texts)
