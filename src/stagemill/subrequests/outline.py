"""What a target can be given: build arguments with their values and descriptions, secrets, agents, caches.

Source: BuildKit, frontend/subrequests/outline, and dockerfile2llb/outline.go, which says which arguments count: those
that the target, its bases and the stages that it copies from declare, and those that their values and FROM lines read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from stagemill.dockerfile.expansion import ExpansionError, expand, variables
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, Dockerfile, Env, From, InstructionNode, Pair, Run
from stagemill.files.paths import clean
from stagemill.oci.config import DEFAULT_PATH
from stagemill.plan import mount_options
from stagemill.plan import outline as written
from stagemill.plan.planner import Plan, Stage
from stagemill.plan.request import Request
from stagemill.plan.scope import platform_args
from stagemill.plan.site import Site
from stagemill.subrequests import form
from stagemill.subrequests.form import Value
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Argument:
    """A build argument. `reads` are the names in its default."""

    name: str
    value: str
    description: str
    span: Span
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mounted:
    """What a RUN mounts by a name: a `secret`, an agent (`ssh`) or a `cache`."""

    kind: str
    name: str
    required: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Outline:
    """Everything in the order of the file; each name once."""

    name: str
    description: str
    args: tuple[Argument, ...]
    mounts: tuple[Mounted, ...]

    def of_kind(self, kind: str) -> tuple[Mounted, ...]:
        return tuple(mounted for mounted in self.mounts if mounted.kind == kind)


def outline(dockerfile: Dockerfile, request: Request, planned: Plan) -> Outline:
    """That of the plan's target; the plan says what else it needs, and what its bases set."""
    start = dockerfile.stages()[planned.target.index][0]
    args: dict[str, Argument] = {}
    mounts: dict[tuple[str, str], Mounted] = {}
    for walk in _Walks(dockerfile, request, planned).all():
        for argument in walk.used_args():
            args.setdefault(argument.name, argument)
        for mounted in walk.mounts:
            mounts.setdefault((mounted.kind, mounted.name), mounted)
    return Outline(
        name=planned.target.name,
        description=form.comment(start.comments, planned.target.name),
        args=tuple(sorted(args.values(), key=lambda argument: argument.span.line)),
        mounts=tuple(sorted(mounts.values(), key=lambda mounted: mounted.span.line)),
    )


def text(found: Outline) -> str:
    """Tables, with a blank line below each; one that would be empty is left out. Caches are in the JSON only."""
    parts: list[str] = []
    if found.name or found.description:
        rows = [("TARGET:", found.name or "(default)")]
        rows += [("DESCRIPTION:", found.description)] if found.description else []
        parts.append(form.table(rows, padding=1))
    if found.args:
        lines = [(argument.name, argument.value, argument.description) for argument in found.args]
        parts.append(form.table([("BUILD ARG", "VALUE", "DESCRIPTION"), *lines], padding=3))
    for title, kind in ("SECRET", "secret"), ("SSH", "ssh"):
        mounts = [(mounted.name, "true" if mounted.required else "") for mounted in found.of_kind(kind)]
        if mounts:
            parts.append(form.table([(title, "REQUIRED"), *mounts], padding=3))
    return "".join(f"{part}\n" for part in parts)


def json(found: Outline, dockerfile: Dockerfile) -> str:
    args: list[Value] = [
        {"name": one.name, **form.present({"description": one.description, "value": one.value}), **_at(one.span)}
        for one in found.args
    ]
    caches: list[Value] = [{"ID": one.name, **_at(one.span)} for one in found.of_kind("cache")]
    return form.document(
        form.present(
            {
                "name": found.name,
                "description": found.description,
                "args": args,
                "secrets": _required(found.of_kind("secret")),
                "ssh": _required(found.of_kind("ssh")),
                "cache": caches,
                "sources": [form.data(dockerfile.source)],
            }
        )
    )


def _required(mounts: Iterable[Mounted]) -> Value:
    return [{"name": one.name, **form.present({"required": one.required}), **_at(one.span)} for one in mounts]


def _at(span: Span) -> dict[str, Value]:
    return {"location": form.location(span)}


class _Walks:
    """Goes through the stages of a plan in the order of the file, with the values that names have in each."""

    def __init__(self, dockerfile: Dockerfile, request: Request, planned: Plan) -> None:
        self._target = planned.target
        self._stages = {stage.index: stage for stage in planned.stages}
        self._done: dict[int, _Walk] = {}
        site = Site(dockerfile.source, dockerfile.escape, request)
        outer = _Globals(dockerfile, request, stage=planned.target.name)
        texts = written.Outline.of(dockerfile, site).stages
        for stage in planned.stages:
            text = texts[stage.index]
            walk = self._done[stage.index] = _Walk(site, outer, self._begin(stage))
            walk.begin(text.start)
            for node in text.body:
                walk.step(node)

    def all(self) -> Iterator[_Walk]:
        """The target's, then those of the stages that it begins from and copies from, nearest first."""
        pending = [self._target]
        seen: set[int] = set()
        while pending:
            stage = pending.pop(0)
            if stage.index not in seen:
                seen.add(stage.index)
                yield self._done[stage.index]
                nearest = [] if stage.parent is None else [stage.parent]
                pending += [self._stages[index] for index in (*nearest, *stage.reads)]

    def _begin(self, stage: Stage) -> dict[str, str]:
        if stage.parent is not None:
            return dict(self._done[stage.parent].values)
        return {"PATH": DEFAULT_PATH, **(dict(stage.base.config.config.env) if stage.base else {})}


class _Globals:
    """The ARGs before the first FROM."""

    def __init__(self, dockerfile: Dockerfile, request: Request, *, stage: str) -> None:
        self.given = request.build_args
        automatic = platform_args(target=request.platform, stage=stage)
        self.values = {name: self.given.get(name, value) for name, value in automatic.items()}
        self.args: dict[str, Argument] = {}
        for node in dockerfile.global_args:
            for pair in node.items:
                self._declare(node, pair, escape=dockerfile.escape)

    def _declare(self, node: Arg, pair: Pair, *, escape: str) -> None:
        value, reads = self.given.get(pair.key), frozenset[str]()
        if value is None and pair.value is not None:
            value = expand(pair.value, self.values.get, escape=escape)
            reads = frozenset(name for name, _ in variables(pair.value, escape=escape) if name in self.values)
            if pair.key in reads:
                before = self.args.get(pair.key)
                reads = reads - {pair.key} | (before.reads if before else frozenset())
        if value is not None:
            self.values[pair.key] = value
        self.args[pair.key] = Argument(pair.key, value or "", form.comment(node.comments, pair.key), node.span, reads)


class _Walk:
    """One stage. `values` are those of ENV and ARG after the instructions so far."""

    def __init__(self, site: Site, outer: _Globals, values: dict[str, str]) -> None:
        self.values = values
        self.mounts: list[Mounted] = []
        self._site = site
        self._outer = outer
        self._args = dict(outer.args)
        self._used: set[str] = set()

    def begin(self, start: From) -> None:
        for word in filter(None, (start.image, start.platform)):
            self._used |= {name for name, _ in variables(word.text, escape=self._site.escape)} & set(self._outer.values)

    def step(self, node: InstructionNode) -> None:
        match node:
            case Arg():
                for pair in node.items:
                    self._declare(node, pair)
            case Env():
                self.values |= {self._expand(pair.key): self._expand(pair.value or "") for pair in node.items}
            case Run():
                self.mounts += self._mounts(node)
            case _:
                pass

    def used_args(self) -> Iterator[Argument]:
        """The arguments that count here, and those that their defaults read."""
        pending, seen = sorted(self._used), set[str]()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += self._args[name].reads if name in self._args else ()
        return (argument for name, argument in self._args.items() if name in seen)

    def _declare(self, node: Arg, pair: Pair) -> None:
        """An ARG that takes the value of a global one leaves that one's description and place."""
        self._used.add(pair.key)
        value = self._outer.given.get(pair.key)
        if value is None and pair.value is None and pair.key in self._outer.values:
            self.values[pair.key] = self._outer.values[pair.key]
            return
        if value is None and pair.value is not None:
            value = self._expand(pair.value)
        if value is not None:
            self.values[pair.key] = value
        self._args[pair.key] = Argument(pair.key, value or "", form.comment(node.comments, pair.key), node.span)

    def _mounts(self, node: Run) -> Iterator[Mounted]:
        for flag in node.mounts:
            found = {one.name: one.value for one in mount_options.options(flag, self._site)}
            values = {name: self._expand(value) for name, value in found.items() if value is not None}
            kind = values.get("type", "bind")
            required = "required" in found and values.get("required", "true").lower() in {"true", "t", "1"}
            name = _NAMES[kind](values) if kind in _NAMES else ""
            if name:
                yield Mounted(kind, name, required, node.span)

    def _expand(self, text: str) -> str:
        """As it is written where only a trigger, which is not looked at, gives the names in it their values."""
        with suppress(ExpansionError):
            return expand(text, self.values.get, escape=self._site.escape)
        return text


_NAMES: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "secret": lambda given: (
        given.get("source") or given.get("id") or posixpath.basename(given.get("target", "").rstrip("/"))
    ),
    "ssh": lambda given: given.get("id") or "default",
    "cache": lambda given: given.get("id") or "/" + clean(given.get("target", "")),
}
"""What the id of a mount is, by its type."""
