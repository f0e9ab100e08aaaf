"""The instructions that make a layer: RUN, COPY, ADD, WORKDIR. Source: BuildKit's Dockerfile reference, and its code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from stagemill.dockerfile.expansion import expand_raw
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, Heredoc, Run, Word, Workdir
from stagemill.errors import DockerfileError
from stagemill.files.content import content
from stagemill.files.paths import clean
from stagemill.files.select import MissingSourceError
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Label, Selection, Vertex
from stagemill.plan.missing import missing_source
from stagemill.plan.scope import PROXY_ARGS
from stagemill.plan.site import Site
from stagemill.plan.state import State

SourceOf: TypeAlias = Callable[[Word], Vertex]
CONTEXT = "context"
_URL = re.compile(r"(?:https?|git|ssh)://|git@[\w.-]+:", re.IGNORECASE)


def run(node: Run, state: State, site: Site) -> State:
    """The process sees every ENV and ARG in scope; predefined proxy arguments too, but they are not in its key."""
    for flag in (*node.mounts, *node.devices, *((node.security,) if node.security else ())):
        raise site.unsupported(f"RUN --{flag.name}", flag.span)
    args, script, text = _process(node, state)
    scope = state.scope
    given = site.request.build_args
    proxy = {name: value for name, value in given.items() if name in PROXY_ARGS and name not in scope.args}
    network = _network(node, site)
    op = operations.Run(
        args=args,
        env=tuple(scope.values.items()),
        cwd=state.cwd,
        user=state.config.user,
        network=network,
        platform=str(site.request.platform),
        script=script,
        extra_hosts=site.request.extra_hosts,
        proxy=tuple(sorted(proxy.items())),
    )
    known = [f"{name}={scope.values[name]}" for name in scope.args if name in scope.values]
    prefix = f"|{len(known)} {' '.join(known)} " if known else ""
    created_by = f"RUN {prefix}{text if node.heredocs else ' '.join(args)} # buildkit"
    return state.layered(op, (), text=node.original, created_by=created_by, at=site.source.excerpt(node.span))


def _network(node: Run, site: Site) -> operations.Network:
    if node.network is None:
        return site.request.network
    match node.network.value:
        case "default":
            return site.request.network
        case "none":
            return "none"
        case "host":
            return "host"
        case other:
            hint = "use --network=default, none or host"
            raise site.error(f"unknown network {other!r}", node.network.span, hint=hint)


def _process(node: Run, state: State) -> tuple[tuple[str, ...], tuple[str, str] | None, str]:
    """Arguments, the script to mount if any, and the text for people. A heredoc alone is the script itself (traps 12)."""
    if node.command.exec is not None:
        return node.command.exec, None, node.original
    script = node.script
    if script and script.content.startswith("#!"):
        return (f"/dev/pipes/{script.name}",), (script.name, script.content), node.command.text
    return (*state.shell, node.shell_text), None, node.command.text


def workdir(node: Workdir, state: State, site: Site) -> State:
    """Makes the directory as a layer of its own, but for the root (traps 16)."""
    text = site.expand(node.path, state.scope.get)
    if not text:
        raise site.error(f"WORKDIR is blank: {node.path.text} has no value", node.path.span)
    path = state.absolute(text)
    state = replace(state, config=replace(state.config, working_dir=path))
    if path == "/":
        state = replace(state, number=state.number + 1)
        return state.configured(state.config, f"WORKDIR {path}")
    op = operations.MakeDirectory(path, state.config.user)
    at = site.source.excerpt(node.span)
    return state.layered(op, (), text=node.original, created_by=f"WORKDIR {path}", at=at)


def copy(node: Copy, state: State, site: Site, *, source_of: SourceOf) -> State:
    """Files of the context, of a stage or of an image. Owners are kept only from the latter two (traps 2)."""
    _refuse_later_flags(node, site)
    for word in node.sources:
        if _URL.match(word.text):
            raise site.error("source can't be a URL for COPY", word.span, hint="use ADD for a URL")
    return _copied(node, state, site, source_of=source_of)


def add(node: Add, state: State, site: Site) -> State:
    """Like COPY from the context, and unpacks local archives."""
    _refuse_later_flags(node, site)
    for word in node.sources:
        if _URL.match(site.expand(word, state.scope.get)):
            raise site.unsupported("ADD of a URL or a git repository", word.span)
    for flag in node.flags:
        if flag.name in {"checksum", "keep-git-dir", "unpack"}:
            raise site.unsupported(f"ADD --{flag.name}", flag.span)
    return _copied(node, state, site, source_of=None)


def _refuse_later_flags(node: Copy | Add, site: Site) -> None:
    asked = {
        "exclude": bool(node.excludes),
        "link": bool(node.link),
        "parents": isinstance(node, Copy) and bool(node.parents),
    }
    for flag in node.flags:
        if asked.get(flag.name):
            raise site.unsupported(f"{node.keyword} --{flag.name}", flag.span)


def _copied(node: Copy | Add, state: State, site: Site, *, source_of: SourceOf | None) -> State:
    lookup = state.scope.get
    sources = tuple(clean(site.expand(word, lookup)) for word in node.sources)
    from_ = node.from_ if isinstance(node, Copy) else None
    op = operations.Copy(
        sources=sources,
        destination=_destination(node, state, site),
        files=tuple(_inline(doc, lookup) for doc in node.heredocs),
        owner=site.expand(node.chown, lookup) if node.chown else "",
        mode=_mode(node, state, site),
        keep_owner=from_ is not None,
        unpack=isinstance(node, Add),
    )
    inputs: tuple[Edge, ...] = ()
    if from_ is not None and source_of is not None:
        inputs = (Edge(source_of(from_), Selection(sources)),)
    elif sources:
        inputs = (Edge(_context(node, sources, site)),)
    created_by = f"{node.keyword} {_arguments(node, state, site)} # buildkit"
    return state.layered(op, inputs, text=node.original, created_by=created_by, at=site.source.excerpt(node.span))


def _context(node: Copy | Add, sources: Sequence[str], site: Site) -> Vertex:
    """The files of the context that the sources select, keyed by what they hold."""
    context = site.request.context
    if context is None:
        hint = "give a directory as the last argument, and the Dockerfile with -f -"
        raise site.error(f"{node.keyword} needs a build context, and this build has none", node.span, hint=hint)
    try:
        found = content(context.view, sources, owners=False)
    except MissingSourceError as error:
        raise _missing(error, node, sources, site) from error
    site.contents[found.digest] = found.parts
    return Vertex(operations.Context(CONTEXT, found.digest), (), Label(""))


def _missing(error: MissingSourceError, node: Copy | Add, sources: Sequence[str], site: Site) -> DockerfileError:
    word = node.sources[sources.index(error.pattern)]
    assert site.request.context is not None
    message, hint = missing_source(error.pattern, word.text, site.request.context)
    return site.error(message, word.span, hint=hint)


def _destination(node: Copy | Add, state: State, site: Site) -> str:
    text = site.expand(node.destination, state.scope.get)
    folder = text == "" or text.endswith("/") or posixpath.basename(text) == "."
    path = state.absolute(text)
    return f"{path.rstrip('/')}/" if folder else path


def _inline(doc: Heredoc, lookup: Callable[[str], str | None]) -> operations.InlineFile:
    return operations.InlineFile(doc.name, expand_raw(doc.content, lookup) if doc.expand else doc.content)


def _mode(node: Copy | Add, state: State, site: Site) -> str:
    if node.chmod is None:
        return ""
    mode = site.expand(node.chmod, state.scope.get)
    span: Span = node.chmod.span
    if re.fullmatch(r"[0-7]{1,5}", mode) and int(mode, 8) <= 0o7777:
        return mode
    if not re.fullmatch(r"[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+(?:,[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+)*", mode):
        hint = "use an octal number such as 0755, or a form of chmod(1) such as u=rwX,go=rX"
        message = f"invalid chmod parameter: {mode!r}, it should be an octal string between 0 and 07777, or symbolic"
        raise site.error(message, span, hint=hint)
    return mode


def _arguments(node: Copy | Add, state: State, site: Site) -> str:
    """What history shows after the keyword: flags as written, sources and destination expanded."""
    flags = [f"--{flag.name}={flag.value}" if flag.value is not None else f"--{flag.name}" for flag in node.flags]
    words = [site.expand(word, state.scope.get) for word in node.sources]
    names = [f"<<{doc.name}" for doc in node.heredocs]
    return " ".join([*flags, *words, *names, site.expand(node.destination, state.scope.get)])
