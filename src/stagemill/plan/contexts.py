"""Contexts as vertices: what of their files is selected, keyed by content; and what a named one is to a stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from stagemill.context.named import Directory, NamedContext, Remote
from stagemill.errors import CancelledError, DockerfileError, Excerpt, StagemillError
from stagemill.files.content import Content, content
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Label, Selection, Vertex
from stagemill.location import GitLocation, Location
from stagemill.oci.config import History
from stagemill.plan.request import MAIN, FileContext
from stagemill.plan.resolver import Sources
from stagemill.plan.site import Site
from stagemill.plan.state import COMMENT, State, Step

Origin: TypeAlias = Vertex | FileContext
"""What `--from` names: a tree, or files of the user's, of which only those that are selected are read."""


def selected(context: FileContext, select: Selection, site: Site) -> Content:
    """What is selected of a context, looked at once. Raises StagemillError, MissingSourceError."""
    asked = (context.name, select)
    if asked not in site.selected:
        if context.location is None:
            site.sources.admit_files(context.name)
        site.selected[asked] = _looked_at(context, select)
    return site.selected[asked]


def _looked_at(context: FileContext, select: Selection) -> Content:
    memory = context.memory
    found = memory.recalled(select) if memory else None
    if found is None:
        found = content(context.view, select, owners=False)
        if memory:
            memory.keep(select, found)
    return found


def files(context: FileContext, select: Selection, site: Site) -> Vertex:
    """The files that are selected, keyed by what they hold. Raises MissingSourceError."""
    found = selected(context, select, site)
    site.contents.add(found)
    return Vertex(operations.Context(context.name, found.digest), (), Label(""))


def tree(context: FileContext, select: Selection, destination: str, *, site: Site, label: Label) -> Vertex:
    """A tree with nothing but what is selected, as COPY would bring it. Raises MissingSourceError."""
    op = operations.Copy(select.patterns, destination, still=site.request.times == "still")
    return Vertex(op, (Edge(scratch()), Edge(files(context, select, site))), label)


def scratch() -> Vertex:
    return Vertex(operations.Scratch(), (), Label(""))


def origin(context: NamedContext, site: Site, *, at: Excerpt, stage: str = "") -> Origin:
    """What a named context is that is no image and no stage; `at` is where it is used. Raises DockerfileError."""
    match context.source:
        case Directory():
            return site.request.directories[context.name]
        case Remote(location):
            try:
                return remote(location, site.sources, label=_label(context, at, stage))
            except CancelledError:
                raise
            except StagemillError as error:
                raise DockerfileError(f"the context {context.name}: {error.message}", at=at, hint=error.hint) from error
        case _:
            return scratch()


def _label(context: NamedContext, at: Excerpt, stage: str) -> Label:
    return Label(f"[context {context.name}] load {context.place}", stage, at)


def remote(location: Location, sources: Sources, *, label: Label) -> Vertex:
    """The files of a repository, of an archive, or else one file called `context`. Raises StagemillError."""
    if isinstance(location, GitLocation):
        return Vertex(sources.git(location), (), label)
    file = replace(sources.http(location), name=MAIN)
    op = operations.Copy((MAIN,), "/", unpack=True)
    return Vertex(op, (Edge(scratch()), Edge(Vertex(file, (), Label("", at=label.at)))), label)


def begun(state: State, context: NamedContext, *, site: Site, at: Excerpt) -> State:
    """A stage that begins from files: all of them are its first layer. With none it begins from nothing."""
    stage = state.numbering.stage
    found = origin(context, site, at=at, stage=stage)
    if isinstance(found, FileContext):
        found = tree(found, Selection(("",)), "/", site=site, label=_label(context, at, stage))
    if isinstance(found.op, operations.Scratch):
        return state
    text = f"FROM {context.name}"
    entry = History(created_by=f"{text} # buildkit", comment=COMMENT)
    return replace(state, vertex=found, history=(entry,), steps=(Step(found, text, at),))
