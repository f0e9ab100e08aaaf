"""`Stage`, a stage of a Dockerfile as far as its text tells: base, steps, and what holds before each of them.

Nothing is resolved outside of the file, so much is not known unless a build tells it: the environment and working
directory of a base image, platform arguments. What is not known is None and proves nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.dockerfile.tree import Arg, Dockerfile, Env, From, InstructionNode, Pair, Shell, User, Workdir
from stagemill.oci.config import DEFAULT_PATH, ImageConfig
from stagemill.values import dataclass

PLATFORM_ARGS = frozenset(
    f"{side}{fact}" for side in ("TARGET", "BUILD") for fact in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
) | {"TARGETSTAGE"}

Environment: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds at a place in a stage. `user` is as written, None where no USER was met; `shell` likewise.

    `windows` says that the image is one of Windows, as far as its name tells: paths and commands are others there.
    """

    env: Environment
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] | None = None
    windows: bool = False

    def path(self, text: str | None) -> str | None:
        """The absolute path that a path means here."""
        if text is None or (self.workdir is None and not text.startswith("/")):
            return None
        return "/" + posixpath.normpath(posixpath.join(self.workdir or "/", text)).lstrip("/")


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction, with what holds before it."""

    node: InstructionNode
    before: Moment


@dataclass(frozen=True, slots=True)
class Stage:
    """`name` is in lower case, empty where there is none. `base` is what FROM means, `parent` the index of that stage.

    `certain` says that the environment is known: what is not in it is not set.
    """

    index: int
    name: str
    start: From
    base: str | None
    parent: int | None
    steps: tuple[Step, ...]
    end: Moment
    certain: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return f"`{self.name}`" if self.name else f"stage {self.index}"

    @property
    def last_node(self) -> InstructionNode:
        return self.steps[-1].node if self.steps else self.start


def read(dockerfile: Dockerfile, build_args: Mapping[str, str], bases: Mapping[int, ImageConfig]) -> tuple[Stage, ...]:
    """The stages of a file, in its order; `bases` are the images that stages begin from, as far as they are known."""
    given = global_args(dockerfile, build_args)
    stages: list[Stage] = []
    for index, (start, body) in enumerate(dockerfile.stages()):
        base = _base(start.image.text, given, escape=dockerfile.escape)
        parent = named_above(stages, base or "", index)
        first = stages[parent].end if parent is not None else _first(base, bases.get(index))
        scope = _Scope(build_args, given, dockerfile.escape)
        steps, end = scope.walk(body, first)
        name = start.name.text.lower() if start.name else ""
        certain = stages[parent].certain if parent is not None else base == "scratch" or index in bases
        stages.append(Stage(index, name, start, base, parent, steps, end, certain))
    return tuple(stages)


def known(text: str, env: Environment, *, escape: str) -> str | None:
    """The text with its variables replaced; None where one of them is not known."""
    if any(env.get(name) is None for name, _ in variables(text, escape=escape)):
        return None
    return _expand(text, env, escape=escape)


def named_above(stages: Iterable[Stage], name: str, index: int) -> int | None:
    """The index of the last stage of a name, in any case, before a position."""
    wanted = name.lower()
    found = [stage.index for stage in stages if wanted and stage.name == wanted and stage.index < index]
    return found[-1] if found else None


def repository(image: str) -> str:
    """The name of an image without its registry, tag and digest, as people call it."""
    plain = image.partition("@")[0]
    head, slash, last = plain.rpartition("/")
    return (head + slash + last.partition(":")[0]).removeprefix("docker.io/").removeprefix("library/")


def tag_of(image: str) -> str:
    """The tag of an image, empty where it has none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def is_windows(image: str) -> bool:
    """Whether an image is one of Windows, as far as its name tells."""
    name, tag = repository(image), tag_of(image)
    last = name.rpartition("/")[2]
    return (
        name.startswith("mcr.microsoft.com/windows/")
        or last.startswith(("windowsservercore", "servercore", "nanoserver"))
        or last.endswith("-windows")
        or any(word in tag for word in ("windows", "nanoserver", "servercore"))
    )


def _first(base: str | None, image: ImageConfig | None) -> Moment:
    if base == "scratch":
        return Moment({"PATH": DEFAULT_PATH}, "/")
    if image is None:
        return Moment({}, windows=is_windows(base or ""))
    config = image.config
    env = {"PATH": DEFAULT_PATH, **dict(config.env)}
    return Moment(env, config.working_dir or "/", config.user or None, config.shell or None)


def _base(text: str, given: Environment, *, escape: str) -> str | None:
    names = {name for name, _ in variables(text, escape=escape)}
    if names & (PLATFORM_ARGS - given.keys()):
        return None
    return _expand(text, given, escape=escape)


def _expand(text: str, env: Environment, *, escape: str) -> str | None:
    try:
        return expand(text, env.get, escape=escape)
    except ExpansionError:
        return None


def global_args(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> Environment:
    """The values of the ARGs before the first FROM; None where one has none."""
    env: dict[str, str | None] = {}
    for node in dockerfile.global_args:
        for pair in node.items:
            default = None if pair.value is None else _expand(pair.value, env, escape=dockerfile.escape)
            env[pair.key] = build_args.get(pair.key, default)
    return env


@dataclass(frozen=True, slots=True)
class _Scope:
    """What gives variables their values."""

    build_args: Mapping[str, str]
    global_args: Environment
    escape: str

    def walk(self, body: Iterable[InstructionNode], first: Moment) -> tuple[tuple[Step, ...], Moment]:
        moment = first
        steps: list[Step] = []
        for node in body:
            steps.append(Step(node, moment))
            moment = self._after(node, moment)
        return tuple(steps), moment

    def _after(self, node: InstructionNode, moment: Moment) -> Moment:
        match node:
            case Arg():
                return replace(
                    moment, env={**moment.env, **{pair.key: self._argument(pair, moment) for pair in node.items}}
                )
            case Env():
                values = {pair.key: known(pair.value or "", moment.env, escape=self.escape) for pair in node.items}
                return replace(moment, env={**moment.env, **values})
            case Workdir():
                return replace(moment, workdir=moment.path(known(node.path.text, moment.env, escape=self.escape)))
            case User():
                return replace(moment, user=node.user.text)
            case Shell():
                return replace(moment, shell=node.args)
            case _:
                return moment

    def _argument(self, pair: Pair, moment: Moment) -> str | None:
        if pair.key in self.build_args:
            return self.build_args[pair.key]
        if pair.value is not None:
            return known(pair.value, moment.env, escape=self.escape)
        return self.global_args.get(pair.key) or moment.env.get(pair.key)
