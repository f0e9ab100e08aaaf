"""`Outline`: the stages of a Dockerfile, what each is named and needs, before any of them is planned.

Only what the target needs is looked at further, so a stage that nobody needs may name a base that does not exist
(traps 15). A stage needs only stages above it, so the order of the file is an order to plan in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.dockerfile.parser import parse_trigger
from stagemill.dockerfile.source import Source
from stagemill.dockerfile.tree import Arg, Copy, Dockerfile, From, InstructionNode, OnBuild, Run, Word
from stagemill.errors import UsageError
from stagemill.plan import mount_options
from stagemill.plan.scope import Scope, platform_args
from stagemill.plan.site import Site

Line: TypeAlias = tuple[InstructionNode, Site]
"""An instruction of a stage, and where it stands."""

SCRATCH = "scratch"
EPOCH = "SOURCE_DATE_EPOCH"
CONTEXT = "context"  # the date of the context, which a directory has not
_SECONDS = re.compile("[0-9]{1,11}")
_INDEX = re.compile("[0-9]{1,9}")


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
    """The stages of a file with the global scope that their FROM lines see."""

    site: Site
    stages: tuple[StageText, ...]
    globals: Scope
    target: StageText

    @classmethod
    def of(cls, dockerfile: Dockerfile, site: Site) -> Outline:
        """Raises DockerfileError for a bad global ARG and UsageError for an unknown target."""
        stages = tuple(
            StageText(index, start.name.text.lower() if start.name else "", start, tuple(body))
            for index, (start, body) in enumerate(dockerfile.stages())
        )
        target = find_target(stages, site.request.target)
        automatic = platform_args(target=site.request.platform, stage=target.name)
        return cls(site, stages, global_scope(dockerfile, site, automatic), target)

    def base_name(self, stage: StageText) -> str:
        """The text after FROM, expanded; never blank."""
        word = stage.start.image
        name = self.site.expand(word, self.globals.get)
        if not name.strip():
            unset = [name for name, _ in variables(word.text, escape=self.site.escape) if not self.globals.get(name)]
            hint = self.late_argument(unset) or "give it a value, with a default in ARG or with --build-arg"
            raise self.site.error(f"base name ({word.text}) should not be blank", word.span, hint=hint)
        return name

    def late_argument(self, names: Sequence[str]) -> str | None:
        """What to do where one of these names, which a FROM reads, is declared too late to count there."""
        for stage in self.stages:
            for node in stage.body:
                if isinstance(node, Arg) and any(pair.key in names for pair in node.items):
                    line = node.span.line
                    return f"only an ARG before the first FROM counts in FROM: move or copy line {line} to the top"
        return None

    def parent(self, stage: StageText) -> StageText | None:
        """The stage that FROM names: the last one of that name above, or None where it names an image."""
        return named_above(self.stages, self.base_name(stage).lower(), stage.index)

    def source(self, stage: StageText, word: Word, site: Site) -> StageText | None:
        """The stage that a `--from` names, or None where it names an image. Raises DockerfileError."""
        _refuse_variables(word, site)
        name = word.text.lower()
        if _INDEX.fullmatch(name):
            return self._by_index(stage, word, site)
        found = named_above(self.stages, name, stage.index)
        if found is None and (later := [other for other in self.stages if other.name == name]):
            itself = later[0].index == stage.index
            what = "is this stage itself" if itself else f"is defined below, in line {later[0].start.span.line}"
            hint = "a stage can only copy from stages above it; move the stage up"
            raise site.error(f"cannot copy from stage {word.text!r}: it {what}", word.span, hint=hint)
        return found

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


def find_target(stages: Sequence[StageText], target: str) -> StageText:
    """The stage of a name or an index, the last one of a name; without a target the last stage."""
    if not target:
        return stages[-1]
    named = [stage for stage in stages if stage.name == target.lower()]
    if named:
        return named[-1]
    if _INDEX.fullmatch(target) and int(target) < len(stages):
        return stages[int(target)]
    names = [stage.name for stage in stages if stage.name]
    near = difflib.get_close_matches(target.lower(), names, n=1)
    known = f"the stages are {', '.join(names)}" if names else "no stage of this file has a name"
    hint = f"did you mean {near[0]}? {known}" if near else known
    raise UsageError(f"target stage {target!r} could not be found", hint=hint)


def named_above(stages: Sequence[StageText], name: str, index: int) -> StageText | None:
    """The last stage of a name before a position."""
    return next((stage for stage in reversed(stages[:index]) if stage.name == name), None)


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
            if pair.key == EPOCH and value and value != CONTEXT and not _SECONDS.fullmatch(value):
                hint = "give seconds since 1970, such as 1700000000"
                raise site.error(f"invalid {EPOCH} {value!r}", pair.span, hint=hint)
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
