"""COPY and ADD: which files of which tree go where. Source: BuildKit's Dockerfile reference, and its code."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import TypeAlias

from stagemill.dockerfile.expansion import Lookup, variables
from stagemill.dockerfile.tree import Add, Copy, Word
from stagemill.errors import ContextError, StagemillError, redacted
from stagemill.files.exclusion import Exclusion
from stagemill.files.paths import clean
from stagemill.files.select import PIVOT, MissingSourceError
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Selection, Vertex
from stagemill.plan import contexts, fetched
from stagemill.plan.contexts import Origin
from stagemill.plan.fetched import Fetched
from stagemill.plan.missing import matches_nothing, missing_source
from stagemill.plan.site import Site
from stagemill.plan.state import State
from stagemill.regex import regex
from stagemill.values import dataclass

SourceOf: TypeAlias = Callable[[Word, Site], Origin]
_NAMES = Selection(("etc/passw[d]", "etc/grou[p]"))  # patterns, since a tree may have neither
_NOTHING: Mapping[int, Fetched] = MappingProxyType({})
_OCTAL = regex(r"[0-7]+")
_ACTIONS = r"(?:[-+=](?:[rwxXst]*|[ugo]))+"
_SYMBOLIC = regex(rf"[ugoa]*{_ACTIONS}(?:,[ugoa]*{_ACTIONS})*")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a COPY or ADD when they are expanded; `sources` below the root of their tree.

    `blank` has, for each source, the variables in it that have no value.
    """

    written: tuple[str, ...]
    sources: tuple[str, ...]
    destination: str
    owner: str
    mode: str
    excludes: tuple[str, ...]
    blank: tuple[tuple[str, ...], ...]

    def selection(self, *, parents: bool) -> Selection:
        return Selection(self.sources, self.excludes, parents)


def copy(node: Copy, state: State, site: Site, *, source_of: SourceOf) -> State:
    """Files of the context, of a stage or of an image. Owners are kept only from the latter two (traps 2)."""
    words = _expand(node, state, site)
    for word, text in zip(node.sources, words.written, strict=True):
        if fetched.is_remote(text):
            raise site.error("source can't be a URL for COPY", word.span, hint="use ADD for a URL")
    return _copied(node, words, state, site=site, source_of=source_of)


def add(node: Add, state: State, site: Site) -> State:
    """Like COPY from the context, and unpacks local archives unless told not to; or from URLs."""
    words = _expand(node, state, site)
    found = fetched.find(node, words.written, words.destination, state=state, site=site)
    return _copied(node, words, state, site=site, source_of=None, found=found)


def _expand(node: Copy | Add, state: State, site: Site) -> _Words:
    lookup = state.scope.get
    written = tuple(site.expand(word, lookup) for word in node.sources)
    for word, text in zip(node.sources, written, strict=True):
        if not text:
            hint = "give the variable a value, with ARG or --build-arg, or write . for all of it"
            site.notice(f"the source {word.text} is blank, so everything is copied", word.span, hint=hint)
    return _Words(
        written=written,
        sources=tuple(map(_pivoted if _keeps_parents(node) else clean, written)),
        destination=site.expand(node.destination, lookup),
        owner=site.expand(node.chown, lookup) if node.chown else "",
        mode=_mode(node.chmod, state, site) if node.chmod else "",
        excludes=_excludes(node, site),
        blank=tuple(_blank(word, lookup, site) for word in node.sources),
    )


def _blank(word: Word, lookup: Lookup, site: Site) -> tuple[str, ...]:
    """Those that nothing takes the place of, as in `${name:-value}`."""
    found = variables(word.text, escape=site.escape)
    plain = (name for name, at in found if word.text.startswith((f"${name}", f"${{{name}}}"), at))
    return tuple(dict.fromkeys(name for name in plain if not lookup(name)))


def _keeps_parents(node: Copy | Add) -> bool:
    return isinstance(node, Copy) and bool(node.parents)


def _pivoted(source: str) -> str:
    """`root/./rest`; without a pivot of its own a source keeps all of its path."""
    root, pivot, rest = source.partition(PIVOT)
    return f"{clean(root)}{PIVOT}{clean(rest)}" if pivot else f"{PIVOT}{clean(source)}"


def _excludes(node: Copy | Add, site: Site) -> tuple[str, ...]:
    """The patterns, which expand no variables."""
    for word in node.excludes:
        try:
            Exclusion.of([word.text], name="--exclude")
        except ContextError as error:
            raise site.error(error.message, word.span, hint=error.hint) from error
        if variables(word.text, escape=site.escape):
            hint = "write the pattern out; only sources, the destination, --chown and --chmod expand variables"
            site.notice(f"--exclude={word.text} does not expand variables", word.span, hint=hint)
    return tuple(word.text.strip() for word in node.excludes if word.text.strip())


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
    link = _links(node, words, site)
    parents = _keeps_parents(node)
    named = link and any(name and not (name.isascii() and name.isdigit()) for name in words.owner.split(":"))
    op = operations.Copy(
        sources=words.sources,
        destination=_destination(words.destination, state),
        files=files,
        owner=words.owner,
        mode=words.mode,
        keep_owner=isinstance(origin, Vertex),
        unpack=isinstance(node, Add) and node.unpack is not False,
        excludes=words.excludes,
        parents=parents,
        named_owner=named,
        still=site.request.times == "still",
    )
    inputs: tuple[Edge, ...] = ()
    if found:
        gathered = _gathered(node, words, found, site=site)
        op = replace(op, sources=(), unpack=False, origins=tuple(part for _, part in gathered))
        inputs = tuple(edge for edge, _ in gathered)
    elif words.sources:
        inputs = (_edge(node, words, origin, site=site),)
    if named:
        inputs = (*inputs, Edge(state.vertex, _NAMES))
    text = site.title(node.original)
    created_by = f"{node.keyword} {_shown(node, words)} # buildkit"
    at = site.source.excerpt(node.span)
    return state.layered(op, inputs, text=text, created_by=created_by, at=at, link=link)


def _links(node: Copy | Add, words: _Words, site: Site) -> bool:
    """Whether the layer is to know nothing of the stage below it."""
    if not node.link or not words.mode:
        return bool(node.link)
    for flag in node.flags:
        if flag.name == "link":
            hint = "leave --link out, or set the modes where the files come from"
            site.notice("--link has no effect beside --chmod", flag.span, hint=hint)
    return False


def _gathered(node: Copy | Add, words: _Words, found: Mapping[int, Fetched], *, site: Site) -> list[Fetched]:
    """What an instruction reads that reads URLs, in the order of its sources; neighbours in the context count as one."""
    gathered: list[Fetched] = []
    for local, group in groupby(range(len(words.sources)), key=lambda number: number not in found):
        numbers = list(group)
        if not local:
            gathered += [_without(words.excludes, found[number]) for number in numbers]
            continue
        some = replace(words, sources=tuple(words.sources[number] for number in numbers))
        origin = operations.Origin(some.sources, unpack=isinstance(node, Add) and node.unpack is not False)
        gathered.append((_edge(node, some, site.request.context, site=site, first=numbers[0]), origin))
    return gathered


def _without(excludes: tuple[str, ...], fetched_one: Fetched) -> Fetched:
    """What is excluded counts in no key."""
    edge, origin = fetched_one
    return (replace(edge, select=replace(edge.select, excludes=excludes)) if edge.select else edge), origin


def _edge(node: Copy | Add, words: _Words, origin: Origin | None, *, site: Site, first: int = 0) -> Edge:
    """What the words select of a tree, known when it is made, or of a context; their sources are the node's from `first` on."""
    select = words.selection(parents=_keeps_parents(node))
    if isinstance(origin, Vertex):
        return Edge(origin, select)
    if origin is None:
        hint = "give a directory as the last argument, and the Dockerfile with -f -"
        raise site.error(f"{node.keyword} needs a build context, and this build has none", node.span, hint=hint)
    try:
        found = contexts.selected(origin, select, site)
    except MissingSourceError as error:
        number = first + select.patterns.index(error.pattern)
        word = node.sources[number]
        message, hint_ = missing_source(error, word.text, origin, blank=words.blank[number])
        raise site.error(message, word.span, hint=hint_) from error
    except StagemillError as error:
        at = next((word.span for word in node.sources if f'"{word.text}"' in error.message), node.span)
        raise site.error(error.message, at, hint=error.hint) from error
    for word, source in zip(node.sources[first:], words.sources, strict=False):
        if source in found.empty:
            message, hint = matches_nothing(word.text, source, origin)
            site.notice(message, word.span, hint=hint)
    return Edge(contexts.files(origin, select, site))


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
    flags = ["--parents"] if _keeps_parents(node) else []
    flags += [f"--{name}={value}" for name, value in (("chown", words.owner), ("chmod", words.mode)) if value]
    names = [f"<<{doc.name}" for doc in node.heredocs]
    return " ".join([*flags, *map(redacted, words.written), *names, words.destination])
