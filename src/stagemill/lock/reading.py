"""Which vertices of plans read which files of the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.files.select import matches, walked
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.graph.vertex import Vertex, walk
from stagemill.plan.planner import Plan
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of a context, by its path there, and the instruction that reads it first."""

    context: str
    path: str
    at: Excerpt | None


def vertices(plans: Sequence[Plan]) -> Iterator[Vertex]:
    """Those of all plans, each once."""
    return walk(goal for planned in plans for goal in planned.goals)


def files(plans: Sequence[Plan], views: Mapping[str, FileView], *, named: Sequence[str]) -> Iterator[ReadFile]:
    """Each file once that a step reads from a context and whose name ends so, in the order of contexts and paths.

    Only the contexts are looked at that have such a name among what was selected of them.
    """
    places = _places(plans)
    found: dict[tuple[str, str], ReadFile] = {}
    for planned in plans:
        for (context, selection), content in planned.selected.items():
            if (context, content.digest) not in places or context not in views:
                continue
            if not any(name.endswith(tuple(named)) for name, _ in content.each_part()):
                continue
            at = places[context, content.digest]
            for match in matches(views[context], selection):
                for path, _, entry in walked(views[context], match):
                    if entry.kind == "file" and path.endswith(tuple(named)):
                        found.setdefault((context, path), ReadFile(context, path, at))
    return iter([found[key] for key in sorted(found)])


def _places(plans: Sequence[Plan]) -> dict[tuple[str, Digest], Excerpt | None]:
    """Where selected files are read first."""
    found: dict[tuple[str, Digest], Excerpt | None] = {}
    for vertex in vertices(plans):
        for edge in vertex.inputs:
            if isinstance(edge.vertex.op, operations.Context):
                found.setdefault((edge.vertex.op.name, edge.vertex.op.content), vertex.label.at)
    return found
