"""`LintFile`, all that rules look at: a Dockerfile, its stages and who reads them, build arguments, the context."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Protocol

from stagemill.dockerfile import patterns
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Copy, Dockerfile, Flag, InstructionNode, OnBuild, Run
from stagemill.errors import masked
from stagemill.files.paths import clean
from stagemill.files.view import FileView
from stagemill.lint import pragmas, shell, stages
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.options import Options
from stagemill.lint.policy import Policy
from stagemill.lint.scripts import ShellChecker
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Stage, Step
from stagemill.oci.config import ImageConfig
from stagemill.oci.platform import Platform
from stagemill.regex import regex
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.lint.evidence import Evidence

_VARIABLE = regex(r"\$\{[^{}$]*\}|\$\w+")
_STAGE_NAME = regex(r"[a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Read:
    """A stage reads another one, by COPY or by a mount of a RUN. `paths` are absolute, None where one is not known."""

    reader: Stage
    step: Step
    source: Stage
    paths: tuple[str | None, ...]


class Ignore(Protocol):
    """What the ignore file of a context leaves out."""

    @property
    def has_exceptions(self) -> bool:
        """Whether a rule begins with `!`."""
        ...

    @property
    def hides_all(self) -> bool:
        """Whether a rule leaves everything out."""
        ...

    def excluded(self, path: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Alien:
    """A stage, by its index, that wanted an image for a platform and has found one for another."""

    stage: int
    wanted: Platform
    found: Platform


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the file and its context.

    `bases` are the images that stages begin from, by the stages' indices, and `alien` those that are of another platform
    than was wanted. `needed` are the stages that a target needs, None for all, and `target` is the one that nothing else is
    asked about, None where that is the last one or there are several. `policy` is what a house wants of its files,
    and `shell_checker` who is asked about the commands of RUN. `evidence` is what builds of the file have shown, the latest first.
    """

    ignore: Ignore | None = None
    bases: Mapping[int, ImageConfig] = field(default_factory=dict)
    alien: tuple[Alien, ...] = ()
    needed: frozenset[int] | None = None
    target: int | None = None
    policy: Policy = field(default_factory=Policy)
    shell_checker: ShellChecker | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The rules that comments in hadolint's spelling leave out: in the file, and in stages by their first lines."""

    everywhere: frozenset[str] = frozenset()
    stages: tuple[tuple[int, frozenset[str]], ...] = ()

    @classmethod
    def of(cls, dockerfile: Dockerfile) -> LeftAlone:
        return cls(pragmas.everywhere(dockerfile), tuple(pragmas.of_stages(dockerfile)))

    def of_stage(self, line: int) -> frozenset[str]:
        """What the stage that a line is in leaves out."""
        place = bisect_right(self.stages, line, key=lambda stage: stage[0]) - 1
        return self.stages[place][1] if place >= 0 else frozenset()


@dataclass(frozen=True, slots=True)
class LintFile:
    """`context` is None where no context is given; then nothing about its files is proven.

    `spoken` remembers the commands of the RUNs, which many rules ask for.
    """

    dockerfile: Dockerfile
    stages: tuple[Stage, ...]
    reads: tuple[Read, ...]
    build_args: Mapping[str, str] = field(default_factory=dict)
    context: FileView | None = None
    options: Options = field(default_factory=Options)
    surroundings: Known = field(default_factory=Known)
    left_alone: LeftAlone = field(default_factory=LeftAlone)
    spoken: dict[int, tuple[ShellCommand, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        dockerfile: Dockerfile,
        *,
        build_args: Mapping[str, str] | None = None,
        context: FileView | None = None,
        known: Known | None = None,
    ) -> LintFile:
        """Reads the stages; FROM lines are expanded with `build_args` and the defaults of the file.

        Raises DockerfileError or UsageError where the options of the checks are wrong.
        """
        given = dict(build_args or {})
        surroundings = known or Known()
        found = stages.read(dockerfile, given, surroundings.bases)
        reads = tuple(read for stage in found for read in _reads(stage, found, escape=dockerfile.escape))
        options = Options.of(dockerfile, given)
        return cls(dockerfile, found, reads, given, context, options, surroundings, LeftAlone.of(dockerfile))

    def again(self, dockerfile: Dockerfile) -> LintFile:
        """A changed text of the same file, with the same options."""
        new = LintFile.of(dockerfile, build_args=self.build_args, context=self.context, known=self.surroundings)
        return replace(new, options=self.options)

    @property
    def escape(self) -> str:
        return self.dockerfile.escape

    @property
    def asked(self) -> tuple[Stage, ...]:
        """The stages that matter: what a target needs, or all."""
        needed = self.surroundings.needed
        return self.stages if needed is None else tuple(stage for stage in self.stages if stage.index in needed)

    @property
    def target(self) -> Stage:
        """The stage that an image is made of: the last one when none is named."""
        index = self.surroundings.target
        return self.stages[-1 if index is None else index]

    def concerns(self, line: int) -> bool:
        """Whether a line is of a stage that the target needs, where one is named; what stands above all stages always is."""
        if self.surroundings.target is None:
            return True
        place = bisect_right(self.stages, line, key=lambda stage: stage.start.span.line) - 1
        return place < 0 or self.stages[place] in self.asked

    def allows(self, name: str, line: int, *, experimental: bool = False, aliases: Iterable[str] = ()) -> bool:
        """Whether the options of the file, and a comment above the instruction in a line, let a rule speak of it."""
        instructions = self.dockerfile.instructions
        place = bisect_right(instructions, line, key=lambda node: node.span.line) - 1
        comments = instructions[place].comments if place >= 0 else ()
        names = {name, *aliases}
        if self.surroundings.policy.pragmas and names & (
            self.left_alone.everywhere | self.left_alone.of_stage(line) | pragmas.above(comments)
        ):
            return False
        return self.options.above(comments).allow(names, experimental=experimental)

    def chain(self, stage: Stage) -> tuple[Stage, ...]:
        """The stage and those it begins from, the first one first."""
        found = [stage]
        while (parent := found[0].parent) is not None:
            found.insert(0, self.stages[parent])
        return tuple(found)

    def shipped(self) -> tuple[Stage, ...]:
        """The target and the stages that it begins from: what an image is made of."""
        return self.chain(self.target)

    def steps(self, stage: Stage) -> Iterator[Step]:
        """The steps that made a stage, those of the stages it begins from first."""
        for link in self.chain(stage):
            yield from link.steps

    def readers(self, stage: Stage) -> tuple[Read, ...]:
        return tuple(read for read in self.reads if read.source.index == stage.index)

    def commands(self, step: Step, node: Run) -> tuple[ShellCommand, ...]:
        """The commands of a RUN."""
        found = self.spoken.get(id(node))
        if found is None:
            found = self.spoken[id(node)] = tuple(shell.of_run(step, node, escape=self.escape))
        return found

    def may_have_children(self, stage: Stage) -> bool:
        """Whether another stage begins from this one, or would with other build arguments."""
        later = self.stages[stage.index + 1 :]
        return any(
            other.parent == stage.index or (stage.name and may_mean(other.start.image.text, stage.name))
            for other in later
        )

    def known(self, text: str, step: Step) -> str | None:
        """What a word of a step means, or None."""
        return stages.known(text, step.before.env, escape=self.escape)

    def finding(
        self,
        rule: str,
        message: str,
        *,
        span: Span,
        hint: str | None = None,
        fix: Fix | None = None,
        about: Span | None = None,
        alias: str = "",
    ) -> Finding:
        """Logins of URLs are not shown."""
        at = self.dockerfile.source.excerpt(span)
        return Finding(rule, masked(message), span, at, masked(hint) if hint else hint, fix, about, alias)


def may_mean(text: str, name: str) -> bool:
    """Whether the text of a FROM is the name of a stage, or may become it by the values of its variables."""
    literal = text.lower()
    if "$" not in literal:
        return literal == name
    while (shorter := _VARIABLE.sub("\0", literal)) != literal:
        literal = shorter
    if "$" in literal:
        return True
    pieces = literal.split("\0")
    if not all(_STAGE_NAME.fullmatch(piece) for piece in pieces):
        return False
    return not patterns.without_prefix(_tokens(pieces), name, longest=True)


def _tokens(pieces: Iterable[str]) -> list[str]:
    """A pattern of these pieces with anything between them."""
    found: list[str] = []
    for piece in pieces:
        found += ["*", *(f"\\{char}" for char in piece)]
    return found[1:]


def source_stage(text: str, reader: Stage, found: tuple[Stage, ...]) -> Stage | None:
    """The stage that a `--from` names, or None where it names something else."""
    if text.isdecimal():
        index = int(text) if len(text) < 6 else len(found)
        return found[index] if index < reader.index else None
    above = stages.named_above(found, text, reader.index)
    return None if above is None else found[above]


def mount_options(mount: Flag) -> dict[str, str]:
    """The options of a `--mount`, keys in lower case."""
    pairs = (option.partition("=") for option in (mount.value or "").split(","))
    return {key.strip().lower(): value.strip('"') for key, _, value in pairs}


def _reads(stage: Stage, found: tuple[Stage, ...], *, escape: str) -> Iterator[Read]:
    for step in stage.steps:
        node = step.node
        later = isinstance(node, OnBuild)
        inner: InstructionNode = node.trigger if isinstance(node, OnBuild) else node
        for name, paths in _sources(inner):
            source = source_stage(name, stage, found)
            if source is not None:
                places = (None,) if later else tuple(_absolute(path, step, escape=escape) for path in paths)
                yield Read(stage, step, source, places)


def _sources(node: InstructionNode) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, Copy) and node.from_:
        yield node.from_.text, tuple(word.text for word in node.sources)
    if isinstance(node, Run):
        for options in map(mount_options, node.mounts):
            if "from" in options:
                yield options["from"], (options.get("source") or options.get("src") or "/",)


def _absolute(path: str, step: Step, *, escape: str) -> str | None:
    text = stages.known(path, step.before.env, escape=escape)
    return None if text is None else "/" + clean(text)
