"""COPY and ADD: which files of which tree go where. Source: BuildKit's Dockerfile reference, and its code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import TypeAlias

from stagemill.dockerfile.tree import Add, Copy, Word
from stagemill.files.paths import clean
from stagemill.files.select import MissingSourceError
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Selection, Vertex
from stagemill.location import redacted
from stagemill.plan import contexts, fetched
from stagemill.plan.contexts import Origin
from stagemill.plan.fetched import Fetched
from stagemill.plan.missing import missing_source
from stagemill.plan.site import Site
from stagemill.plan.state import State

SourceOf: TypeAlias = Callable[[Word, Site], Origin]
_NOTHING: Mapping[int, Fetched] = MappingProxyType({})
_OCTAL = re.compile(r"[0-7]+")
_ACTIONS = r"(?:[-+=](?:[rwxXst]*|[ugo]))+"
_SYMBOLIC = re.compile(rf"[ugoa]*{_ACTIONS}(?:,[ugoa]*{_ACTIONS})*")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a COPY or ADD when they are expanded; `sources` below the root of their tree."""

    written: tuple[str, ...]
    sources: tuple[str, ...]
    destination: str
    owner: str
    mode: str


def copy(node: Copy, state: State, site: Site, *, source_of: SourceOf) -> State:
    """Files of the context, of a stage or of an image. Owners are kept only from the latter two (traps 2)."""
    _refuse_later_flags(node, site)
    words = _expand(node, state, site)
    for word, text in zip(node.sources, words.written, strict=True):
        if fetched.is_remote(text):
            raise site.error("source can't be a URL for COPY", word.span, hint="use ADD for a URL")
    return _copied(node, words, state, site=site, source_of=source_of)


def add(node: Add, state: State, site: Site) -> State:
    """Like COPY from the context, and unpacks local archives; or from URLs."""
    _refuse_later_flags(node, site)
    words = _expand(node, state, site)
    found = fetched.find(node, words.written, words.destination, state=state, site=site)
    return _copied(node, words, state, site=site, source_of=None, found=found)


def _refuse_later_flags(node: Copy | Add, site: Site) -> None:
    asked = {
        "exclude": bool(node.excludes),
        "link": bool(node.link),
        "parents": isinstance(node, Copy) and bool(node.parents),
    }
    for flag in node.flags:
        if asked.get(flag.name):
            raise site.unsupported(f"{node.keyword} --{flag.name}", flag.span)


def _expand(node: Copy | Add, state: State, site: Site) -> _Words:
    lookup = state.scope.get
    written = tuple(site.expand(word, lookup) for word in node.sources)
    for word, text in zip(node.sources, written, strict=True):
        if not text:
            hint = "give the variable a value, with ARG or --build-arg, or write . for all of it"
            site.notice(f"the source {word.text} is blank, so everything is copied", word.span, hint=hint)
    return _Words(
        written=written,
        sources=tuple(map(clean, written)),
        destination=site.expand(node.destination, lookup),
        owner=site.expand(node.chown, lookup) if node.chown else "",
        mode=_mode(node.chmod, state, site) if node.chmod else "",
    )


def _copied(
    node: Copy | Add,
    words: _Words,
    state: State,
    *,
    site: Site,
    source_of: SourceOf | None,
    found: Mapping[int, Fetched] = _NOTHING,
) -> State:
    from_ = node.from_ if isinstance(node, Copy) else None
    origin = source_of(from_, site) if from_ is not None and source_of is not None else site.request.context
    files = tuple(operations.InlineFile(doc.name, site.expand_body(doc, state.scope.get)) for doc in node.heredocs)
    op = operations.Copy(
        sources=words.sources,
        destination=_destination(words.destination, state),
        files=files,
        owner=words.owner,
        mode=words.mode,
        keep_owner=isinstance(origin, Vertex),
        unpack=isinstance(node, Add) and node.unpack is not False,
    )
    inputs: tuple[Edge, ...] = ()
    if found:
        gathered = _gathered(node, words, found, site=site)
        op = replace(op, sources=(), unpack=False, origins=tuple(part for _, part in gathered))
        inputs = tuple(edge for edge, _ in gathered)
    elif words.sources:
        inputs = (_edge(node, words.sources, origin, site=site),)
    text = redacted(site.title(node.original))
    created_by = f"{node.keyword} {_shown(node, words)} # buildkit"
    return state.layered(op, inputs, text=text, created_by=created_by, at=site.source.excerpt(node.span))


def _gathered(node: Copy | Add, words: _Words, found: Mapping[int, Fetched], *, site: Site) -> list[Fetched]:
    """What an instruction reads that reads URLs, in the order of its sources; neighbours in the context count as one."""
    gathered: list[Fetched] = []
    for local, group in groupby(range(len(words.sources)), key=lambda number: number not in found):
        numbers = list(group)
        if not local:
            gathered += [found[number] for number in numbers]
            continue
        sources = tuple(words.sources[number] for number in numbers)
        origin = operations.Origin(sources, unpack=isinstance(node, Add) and node.unpack is not False)
        gathered.append((_edge(node, sources, site.request.context, site=site, first=numbers[0]), origin))
    return gathered


def _edge(node: Copy | Add, sources: tuple[str, ...], origin: Origin | None, *, site: Site, first: int = 0) -> Edge:
    """What sources, from the one with the number `first` on, select of a tree, known when it is made, or of a context."""
    if isinstance(origin, Vertex):
        return Edge(origin, Selection(sources))
    if origin is None:
        hint = "give a directory as the last argument, and the Dockerfile with -f -"
        raise site.error(f"{node.keyword} needs a build context, and this build has none", node.span, hint=hint)
    try:
        return Edge(contexts.files(origin, sources, site))
    except MissingSourceError as error:
        word = node.sources[first + sources.index(error.pattern)]
        message, hint_ = missing_source(error, word.text, origin)
        raise site.error(message, word.span, hint=hint_) from error


def _destination(text: str, state: State) -> str:
    """Absolute; with a trailing slash where the text says that it is a directory."""
    folder = text == "" or text.endswith("/") or posixpath.basename(text) == "."
    path = state.absolute(text)
    return f"{path.rstrip('/')}/" if folder else path


def _mode(word: Word, state: State, site: Site) -> str:
    mode = site.expand(word, state.scope.get)
    if _OCTAL.fullmatch(mode) and int(mode, 8) <= 0o7777:
        return mode
    if mode and not _SYMBOLIC.fullmatch(mode):
        hint = "use an octal number such as 0755, or a form of chmod(1) such as u=rwX,go=rX"
        message = f"invalid chmod parameter: {mode!r}, it should be an octal string between 0 and 07777, or symbolic"
        raise site.error(message, word.span, hint=hint)
    return mode


def _shown(node: Copy | Add, words: _Words) -> str:
    """What history shows after the keyword; where files of stages come from is not in it, nor are logins of URLs."""
    flags = [f"--{name}={value}" for name, value in (("chown", words.owner), ("chmod", words.mode)) if value]
    names = [f"<<{doc.name}" for doc in node.heredocs]
    return " ".join([*flags, *map(redacted, words.written), *names, words.destination])
