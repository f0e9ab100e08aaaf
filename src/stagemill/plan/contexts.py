"""Contexts as vertices: what of their files is selected, keyed by content; and what a named one is to a stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from stagemill.context.named import Directory, NamedContext
from stagemill.errors import Excerpt
from stagemill.files.content import content
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Label, Vertex
from stagemill.oci.config import History
from stagemill.plan.request import FileContext
from stagemill.plan.site import Site
from stagemill.plan.state import COMMENT, State, Step

Origin: TypeAlias = Vertex | FileContext
"""What `--from` names: a tree, or files of the user's, of which only those that are selected are read."""


def files(context: FileContext, sources: tuple[str, ...], site: Site) -> Vertex:
    """The files that sources select, keyed by what they hold. Raises MissingSourceError."""
    asked = (context.name, sources)
    if asked not in site.selected:
        site.selected[asked] = content(context.view, sources, owners=False)
    found = site.selected[asked]
    site.contents[found.digest] = found.parts
    return Vertex(operations.Context(context.name, found.digest), (), Label(""))


def tree(context: FileContext, source: str, destination: str, *, site: Site, label: Label) -> Vertex:
    """A tree with nothing but what a source selects, as COPY would bring it. Raises MissingSourceError."""
    op = operations.Copy((source,), destination)
    return Vertex(op, (Edge(scratch()), Edge(files(context, (source,), site))), label)


def scratch() -> Vertex:
    return Vertex(operations.Scratch(), (), Label(""))


def origin(context: NamedContext, site: Site) -> Origin:
    """What a named context is that is no image and no stage."""
    if isinstance(context.source, Directory):
        return site.request.directories[context.name]
    return scratch()


def begun(state: State, context: NamedContext, *, site: Site, at: Excerpt) -> State:
    """A stage that begins from files: all of them are its first layer. With none it begins from nothing."""
    found = origin(context, site)
    text = f"FROM {context.name}"
    label = Label(f"[context {context.name}] load {context.source}", state.numbering.stage, at)
    vertex = tree(found, "", "/", site=site, label=label) if isinstance(found, FileContext) else found
    if isinstance(vertex.op, operations.Scratch):
        return state
    entry = History(created_by=f"{text} # buildkit", comment=COMMENT)
    return replace(state, vertex=vertex, history=(entry,), steps=(Step(vertex, text, at),))
