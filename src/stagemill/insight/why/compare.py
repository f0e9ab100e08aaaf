"""`Comparison`: a build beside an earlier one, step by step: what differs in each, and in what it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

from stagemill.dockerfile.expansion import variables
from stagemill.graph.vertex import Selection
from stagemill.insight.why.align import counterparts
from stagemill.insight.why.causes import Cause, FileChange, Kind
from stagemill.insight.why.files import changed_files, told
from stagemill.insight.why.operations import of_operation, value
from stagemill.insight.why.past import Input, Past, PastStep

Notes: TypeAlias = Callable[[str], "dict[str, str] | None"]
"""The brief facts behind a content digest, by path; None where nobody remembers."""
Keys: TypeAlias = Callable[[Past, str], Sequence[str]]
"""What the inputs of a step counted with in its key; empty where nobody knows."""
Selected: TypeAlias = Callable[[PastStep, Selection, str], "dict[str, str] | None"]
"""The brief facts of what is selected of what a step gave, by path, if they are those of a content digest and still there."""

_SHORT = slice(7, 19)


class Comparison:
    """What differs between two builds of the same. Steps that are equal have no causes."""

    def __init__(self, now: Past, then: Past, *, notes: Notes, keys: Keys, selected: Selected) -> None:
        self.now = now
        self.then = then
        self._notes = notes
        self._keys = keys
        self._selected = selected
        self.match = counterparts(now.graph, then.graph)

    @cached_property
    def causes(self) -> dict[str, tuple[Cause, ...]]:
        """By digest, for all steps of now; inputs are looked at before what reads them."""
        found: dict[str, tuple[Cause, ...]] = {}
        for step in self.now.graph.steps.values():
            found[step.digest] = tuple(self._of(step, found))
        return found

    @cached_property
    def _matched(self) -> frozenset[str]:
        return frozenset(self.match.values())

    @cached_property
    def _gone(self) -> dict[tuple[str, str], str]:
        """Steps that have no counterpart now, by stage and text."""
        steps = self.then.graph.steps.values()
        return {
            (step.stage, step.text): step.digest for step in steps if step.name and step.digest not in self._matched
        }

    @cached_property
    def _new(self) -> frozenset[tuple[str, str]]:
        """Steps that have no counterpart then: the same, if one of them is among those that are gone, has changed its place."""
        steps = self.now.graph.steps.values()
        return frozenset((step.stage, step.text) for step in steps if step.name and step.digest not in self.match)

    def _of(self, step: PastStep, known: dict[str, tuple[Cause, ...]]) -> Iterator[Cause]:
        if not step.name and step.kind != "stack":
            return
        other = self.match.get(step.digest)
        if other == step.digest:
            return
        if other is None and self._was_skipped(step.stage):
            yield Cause(Kind.NEW, f"no build before needed the stage {step.stage}", step.stage)
            return
        if other is None:
            moved = (step.stage, step.text) in self._gone
            text = "it stands in another place now" if moved else "the instruction is new"
            yield Cause(Kind.INSTRUCTION, text, step.text.partition(" ")[0], None, step.text, step.line)
            return
        then = self.then.graph.steps[other]
        if step.kind == "base":
            yield from self._base(step, then)
            return
        own = of_operation(step, then, (self.now.graph, self.then.graph))
        written = step.op.get("sources") != then.op.get("sources") or len(step.inputs) != len(then.inputs)
        yield from sorted((*own, *self._inputs(step, then, known, all_of_them=not written)), key=_rank)

    def _inputs(
        self, step: PastStep, then: PastStep, known: dict[str, tuple[Cause, ...]], *, all_of_them: bool
    ) -> Iterator[Cause]:
        """What it reads; without `all_of_them` only what it stands on, since the rest has been chosen anew."""
        keys = self._keys(self.now, step.digest), self._keys(self.then, then.digest)
        for place, (new, old) in enumerate(zip(step.inputs, then.inputs, strict=False)):
            if new.digest == old.digest or (place and not all_of_them and step.kind != "stack"):
                continue
            pair = [key[place] if place < len(key) else "" for key in keys]
            if pair[0] and pair[0] == pair[1] and (new.selects is None) == (old.selects is None):
                continue
            begins = list(self._begins(step.stage)) if place == 0 and self._is_first(step, new) else []
            giver = self._giver(new, pair[0], known)
            if begins or self._are_bases(new, old):
                causes = iter(begins) if begins else self._base_of(step, then, place)
            else:
                causes = self._input(giver, old, known, mounted=step.kind == "run" and place > 0)
            changes = self._changes(new, old, pair)
            yield from (_with_files(cause, changes) for cause in causes)

    def _changes(self, new: Input, old: Input, keys: Sequence[str]) -> tuple[FileChange, ...]:
        """What differs in the files that are selected of a stage or an image, if both are still there."""
        if new.selects is None or old.selects is None or not all(keys):
            return ()
        steps = self.now.graph.steps.get(new.digest), self.then.graph.steps.get(old.digest)
        if not steps[0] or not steps[1] or not (steps[0].name or steps[0].kind == "stack"):
            return ()
        facts = self._selected(steps[0], new.selects, keys[0]), self._selected(steps[1], old.selects, keys[1])
        if facts[0] is None or facts[1] is None:
            return ()
        found = changed_files(facts[0], facts[1], rules=((), ()))
        return tuple(replace(change, path="/" if change.path == "." else f"/{change.path}") for change in found)

    def _giver(self, given: Input, key: str, known: dict[str, tuple[Cause, ...]]) -> Input:
        """Of a stage in which several steps have causes of their own, the one by which what is selected became what it is."""
        if given.selects is None or not key:
            return given
        above = list(self._above(given.digest))
        own = [step for step in above if any(cause.kind is not Kind.PARENT for cause in known.get(step.digest, ()))]
        found = above[:1]
        if len(own) > 1:
            for step in above[1:]:
                if self._selected(step, given.selects, key) is None:
                    break
                found = [step]
        return replace(given, digest=found[0].digest) if found else given

    def _above(self, digest: str) -> Iterator[PastStep]:
        """The steps of a stage from one of them up to the first, without what the stage begins from."""
        here = self.now.graph.steps.get(digest)
        while here and here.kind not in {"base", "scratch", "context"}:
            yield here
            here = self.now.graph.steps.get(here.inputs[0].digest) if here.inputs else None

    def _are_bases(self, new: Input, old: Input) -> bool:
        step, then = self.now.graph.steps.get(new.digest), self.then.graph.steps.get(old.digest)
        return bool(step and then and step.kind == then.kind == "base")

    def _base_of(self, step: PastStep, then: PastStep, place: int) -> Iterator[Cause]:
        """One image may have several names, so it is called what the stage begins from, or what the instruction says."""
        new, old = self.now.graph.steps[step.inputs[place].digest], self.then.graph.steps[then.inputs[place].digest]
        stages = self.now.graph.stage(step.stage), self.then.graph.stage(then.stage)
        if place == 0 and stages[0] and stages[1] and stages[0].ref and stages[1].ref:
            new, old = replace(new, ref=stages[0].ref), replace(old, ref=stages[1].ref)
        elif place and step.text == then.text:
            old = replace(old, ref=new.ref)
        yield from self._base(new, old)

    def _was_skipped(self, stage: str) -> bool:
        """Whether the Dockerfile had a stage then that was not needed."""
        pattern = rf"^\s*FROM\s.*\sAS\s+{re.escape(stage)}\s*$"
        known = self.then.graph.stage(stage) is not None
        return (
            bool(stage) and not known and bool(re.search(pattern, self.then.graph.source, re.IGNORECASE | re.MULTILINE))
        )

    def _is_first(self, step: PastStep, below: Input) -> bool:
        """Whether a step stands on what its stage begins from."""
        other = self.now.graph.steps.get(below.digest)
        return other is None or other.kind == "base" or other.stage != step.stage

    def _begins(self, title: str) -> Iterator[Cause]:
        """Variables by which FROM names something else now."""
        stage = self.now.graph.stage(title)
        new, old = self.now.graph.globals, self.then.graph.globals
        for name in dict.fromkeys(name for name, _ in variables(stage.begins, escape="\\")) if stage else ():
            if new.get(name) != old.get(name):
                cause = value(Kind.ARG, name, old.get(name), new.get(name), prefix="ARG ")
                yield replace(cause, text=f"{cause.text}, in FROM {stage.begins if stage else ''}")

    def _input(self, new: Input, old: Input, known: dict[str, tuple[Cause, ...]], *, mounted: bool) -> Iterator[Cause]:
        step, then = self.now.graph.steps.get(new.digest), self.then.graph.steps.get(old.digest)
        if step is None or then is None:
            return
        if step.kind == then.kind == "context":
            yield self._files(step, then, Kind.MOUNT if mounted else Kind.FILE)
        elif step.kind == then.kind in {"http", "git"}:
            yield _download(step, then)
        elif mounted and not step.name and not then.name:
            for inner, before in zip(step.inputs, then.inputs, strict=False):
                if inner.digest != before.digest:
                    yield from self._input(inner, before, known, mounted=True)
        else:
            yield from self._parent(step, then, known, stands=new.selects is None)

    def _parent(
        self, step: PastStep, then: PastStep, known: dict[str, tuple[Cause, ...]], *, stands: bool
    ) -> Iterator[Cause]:
        """What it stands on, or what it copies of."""
        below = known.get(step.digest)
        if below:
            first = below[0]
            root = first.root or step.digest
            yield parent(self.now.graph.steps[root], self._first(root, known), kind=first.kind)
        gone = self._gone_above(then, self.match.get(step.digest)) if stands or not below else None
        if gone:
            yield Cause(
                Kind.INSTRUCTION, f"{_cut(gone.text)} is gone (was line {gone.line})", gone.text.split()[0], gone.text
            )
        elif below:
            return
        elif step.kind in {"base", "scratch"} or then.kind in {"base", "scratch"}:
            yield Cause(Kind.BASE, f"it begins from {_name(step)}, was {_name(then)}", "FROM", _name(then), _name(step))
        else:
            yield Cause(Kind.INSTRUCTION, f"{_cut(step.text)} stands before it now", step.text.split()[0])

    def _first(self, digest: str, known: dict[str, tuple[Cause, ...]]) -> Cause | None:
        found = known.get(digest)
        return found[0] if found else None

    def _gone_above(self, then: PastStep, until: str | None) -> PastStep | None:
        """The last instruction that stood between two steps, and stands nowhere any more."""
        here: PastStep | None = then
        while here and here.digest != until:
            if here.name and here.digest not in self._matched and here.kind != "base":
                return None if (here.stage, here.text) in self._new else here
            here = self.then.graph.steps.get(here.inputs[0].digest) if here.inputs else None
        return None

    def _files(self, step: PastStep, then: PastStep, kind: Kind) -> Cause:
        facts = [self._notes(str(one.op.get("content", ""))) for one in (step, then)]
        if facts[0] is None or facts[1] is None:
            return Cause(kind, told(()))
        changes = changed_files(facts[0], facts[1], rules=(self.now.graph.ignore, self.then.graph.ignore))
        return Cause(kind, told(changes) + (", which it mounts" if kind is Kind.MOUNT else ""), files=changes)

    def _base(self, step: PastStep, then: PastStep) -> Iterator[Cause]:
        old, new = (str(one.op.get("manifest", "")) for one in (then, step))
        was, is_now = (str(one.op.get("platform", "")) for one in (then, step))
        if was != is_now:
            yield Cause(Kind.PLATFORM, f"the platform was {was}, is {is_now}", "platform", was, is_now)
        elif step.ref != then.ref:
            yield Cause(Kind.BASE, f"the base was {then.ref}, is {step.ref}", step.ref, then.ref, step.ref, step.line)
        elif old != new:
            dates = [f" of {one.created[:10]}" if one.created else "" for one in (then, step)]
            text = f"{step.ref} moved from {old[_SHORT]}{dates[0]} to {new[_SHORT]}{dates[1]}"
            yield Cause(Kind.BASE, text, step.ref, old, new, step.line)


def parent(step: PastStep, cause: Cause | None, *, kind: Kind) -> Cause:
    """The cause of what stands on a step that has one; a base has no step of its own, so its cause is told itself."""
    why = f": {cause.text}" if cause else ""
    if step.kind == "base" and cause:
        return cause
    where = f"line {step.line}" if step.line else _cut(step.name)
    return Cause(Kind.PARENT, f"after {where} ({_cut(step.text)}{why})", str(kind), line=step.line, root=step.digest)


def _with_files(cause: Cause, changes: tuple[FileChange, ...]) -> Cause:
    return replace(cause, text=f"{cause.text}: {told(changes)}", files=changes) if changes else cause


def _rank(cause: Cause) -> int:
    """What the step itself says and reads comes before the base, that before variables, and what it stands on is last."""
    if cause.kind is Kind.PARENT:
        return 2 if cause.name == Kind.BASE else 5
    if cause.kind is Kind.INSTRUCTION:
        return 0 if cause.line else 3 if cause.name in {"USER", "WORKDIR"} else 4
    return {Kind.FILE: 1, Kind.MOUNT: 1, Kind.DOWNLOAD: 1, Kind.PLATFORM: 1, Kind.BASE: 2}.get(cause.kind, 3)


def _download(step: PastStep, then: PastStep) -> Cause:
    if step.kind == "git":
        old, new = (str(one.op.get("commit", "")) for one in (then, step))
        return Cause(Kind.DOWNLOAD, f"{step.ref} was at {old[:12]}, is at {new[:12]}", step.ref, old, new)
    old, new = (str(one.op.get("content", "")) for one in (then, step))
    return Cause(Kind.DOWNLOAD, f"{step.ref} has other content", step.ref, old, new)


def _name(step: PastStep) -> str:
    return step.ref or step.stage or step.kind


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 48 else f"{line[:47]}…"
