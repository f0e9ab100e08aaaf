"""`counterparts`: which step of an earlier build a step goes with: the same line of its stage, though it may be written anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from stagemill.insight.why.past import Graph, PastStep


def counterparts(now: Graph, before: Graph) -> dict[str, str]:
    """Digests of steps now, and of the step before that each goes with; steps that have none are not in it."""
    found: dict[str, str] = {}
    groups, old = _groups(now), _groups(before)
    names = _renamed(groups, old)
    for group, steps in groups.items():
        for one, other in _paired(steps, old.get(names.get(group, group), ())):
            found.setdefault(one.digest, other.digest)
    found |= {digest: digest for digest, step in now.steps.items() if step.name and digest in before.steps}
    for one, other in _stacks(now, before, found):
        found[one.digest] = other.digest
    return found


def _groups(graph: Graph) -> dict[tuple[str, str], list[PastStep]]:
    """The steps of each stage for each platform; what belongs to no stage is a group of its own, by its name.

    A step that two stages have in common is in the groups of both: they may part.
    """
    found: dict[tuple[str, str], dict[str, PastStep]] = {}
    placed: set[str] = set()
    for stage in graph.stages:
        for step in filter(None, map(graph.steps.get, stage.steps)):
            found.setdefault((stage.title, step.platform), {})[step.digest] = step
            placed.add(step.digest)
    for step in graph.steps.values():
        if step.name and step.digest not in placed:
            found.setdefault((step.stage or step.name, step.platform), {})[step.digest] = step
    return {group: list(steps.values()) for group, steps in found.items()}


def _renamed(
    now: Mapping[tuple[str, str], Sequence[PastStep]], before: Mapping[tuple[str, str], Sequence[PastStep]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Stages that have another name now, or another platform: the nearest of those that have none of theirs any more."""
    free = [key for key in before if key not in now]
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for key, steps in now.items():
        if key in before or not free:
            continue
        texts = {step.text for step in steps}
        best = max(free, key=lambda old: (old[0] == key[0], len(texts & {step.text for step in before[old]})))
        if best[0] == key[0] or texts & {step.text for step in before[best]}:
            found[key] = best
            free.remove(best)
    return found


def _paired(now: Sequence[PastStep], before: Sequence[PastStep]) -> Iterator[tuple[PastStep, PastStep]]:
    new, old = ([step.text for step in steps] for steps in (now, before))
    for tag, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(now[first:last], before[begin:end], strict=True)
        elif tag == "replace":
            yield from _alike(now[first:last], before[begin:end])


def _alike(now: Sequence[PastStep], before: Sequence[PastStep]) -> Iterator[tuple[PastStep, PastStep]]:
    """Steps that were written anew, in their order: of the same instruction."""
    left = list(before)
    for step in now:
        keyword = step.text.partition(" ")[0]
        other = next((one for one in left if one.text.partition(" ")[0] == keyword), None)
        if other:
            yield step, other
            del left[: left.index(other) + 1]


def _stacks(now: Graph, before: Graph, found: Mapping[str, str]) -> Iterator[tuple[PastStep, PastStep]]:
    """What puts a linked layer on a stage goes with what does so with the layer's counterpart."""
    old = {step.inputs[1].digest: step for step in before.steps.values() if step.kind == "stack"}
    for step in now.steps.values():
        other = old.get(found.get(step.inputs[1].digest, "")) if step.kind == "stack" else None
        if other:
            yield step, other
