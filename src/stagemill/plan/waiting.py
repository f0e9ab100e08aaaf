"""Waiting: a stage begins when others are there, though it reads nothing of them (`FROM --after`, buildah's flag).

The others are made, and when one of them fails so does the build; the keys of the stage's steps know nothing of it. A
stage may wait for one below it. Two stages may begin with equal steps, which are one vertex: a step that is needed for
what is waited for does not wait for it, the first one after it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stagemill.digest import Digest
from stagemill.dockerfile.tree import Word
from stagemill.graph.vertex import Vertex, walk
from stagemill.plan.outline import INDEX, Outline, StageText, known_stages
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A stage needs another: `how` are words such as `copies from`."""

    how: str
    stage: int


def awaited(outline: Outline, stage: StageText) -> list[tuple[Word, StageText]]:
    """The stages that FROM --after names, and where. The last of a name above, else the last below. DockerfileError."""
    return [(word, _find(outline, stage, word)) for word in stage.start.after]


def _find(outline: Outline, stage: StageText, word: Word) -> StageText:
    site, stages = outline.site, outline.stages
    text = site.expand(word, outline.globals.get).lower()
    if INDEX.fullmatch(text) and int(text) < len(stages):
        found: StageText | None = stages[int(text)]
    else:
        found = outline.named_above(text, stage.index) or outline.named_above(text, len(stages)) if text else None
    if found is None:
        raise site.error(f"there is no stage {text!r} to wait for", word.span, hint=known_stages(stages, text))
    return found


def refuse_circles(outline: Outline, links: Mapping[int, Sequence[Link]]) -> None:
    """Raises DockerfileError where a stage waits for one that needs it. `links` are what each stage needs."""
    for index in sorted(links):
        stage = outline.stages[index]
        for word, other in awaited(outline, stage):
            if (way := _way(other.index, index, links)) is not None:
                names = {number: outline.stages[number].title for number in links}
                told = [f"{names[index]} waits for {names[other.index]}"]
                told += [f"{names[start]} {link.how} {names[link.stage]}" for start, link in way]
                hint = "remove --after here, or what makes the other stage need this one"
                message = f"stage {names[index]} would wait for itself: {', '.join(told)}"
                raise outline.site.error(message, word.span, hint=hint)


def _way(start: int, end: int, links: Mapping[int, Sequence[Link]]) -> list[tuple[int, Link]] | None:
    """The links that lead from one stage to another, or None; no link where they are the same."""
    came: dict[int, tuple[int, Link] | None] = {start: None}
    pending = [start]
    while pending and end not in came:
        here = pending.pop()
        for link in links.get(here, ()):
            if link.stage not in came:
                came[link.stage] = (here, link)
                pending.append(link.stage)
    if end not in came:
        return None
    way: list[tuple[int, Link]] = []
    step = came[end]
    while step is not None:
        way.insert(0, step)
        step = came[step[0]]
    return way


class Waiting:
    """Gathers which vertices wait, stage by stage; a stage comes after all that it needs and waits for."""

    def __init__(self, order: dict[Digest, tuple[Vertex, ...]] | None = None) -> None:
        self.order = {} if order is None else order
        self._left: dict[int, tuple[Vertex, ...]] = {}

    def begin(self) -> Waiting:
        """For another plan of the file, whose equal vertices wait as well."""
        return Waiting(self.order)

    def add(self, index: int, steps: Iterable[Vertex], *, awaits: Iterable[Vertex], needs: Iterable[int]) -> None:
        """A stage with its steps, the vertices that it awaits, and the stages that it begins from or reads.

        What no step of those stages waits for, because they have none, their readers wait for.
        """
        inherited = (vertex for other in needs for vertex in self._left.get(other, ()))
        every = tuple(steps)
        left = dict.fromkeys((*awaits, *inherited))
        self._left[index] = tuple(vertex for vertex in left if not self._wait(every, vertex))

    def pending(self, index: int) -> tuple[Vertex, ...]:
        """What whoever waits for a stage waits for beside its own tree."""
        return self._left.get(index, ())

    def _wait(self, steps: Iterable[Vertex], awaited: Vertex) -> bool:
        """Lets the first step that can wait do so; says whether there is one."""
        below = {vertex.digest for vertex in walk([awaited], self.order)}
        for step in steps:
            if step.digest not in below:
                self.order[step.digest] = tuple(dict.fromkeys((*self.order.get(step.digest, ()), awaited)))
                return True
        return False


def in_order(indexes: Iterable[int], needs: Callable[[int], Iterable[int]]) -> list[int]:
    """Stages after those that they need or wait for; otherwise as they come. There are no circles."""
    found: dict[int, None] = {}
    stack = [(index, False) for index in reversed(list(indexes))]
    while stack:
        index, ready = stack.pop()
        if ready:
            found.setdefault(index)
        elif index not in found:
            stack.append((index, True))
            stack.extend((other, False) for other in needs(index))
    return list(found)
