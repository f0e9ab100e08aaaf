"""What the URLs of an ADD mean now: a file of a digest, or the files of a commit. Source: BuildKit's Dockerfile frontend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from stagemill.digest import Digest
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Word
from stagemill.errors import CancelledError, StagemillError
from stagemill.files.glob import escaped
from stagemill.graph import operations
from stagemill.graph.vertex import Edge, Label, Selection, Vertex
from stagemill.location import UNNAMED, GitLocation, HttpLocation, Location, LocationError, parse, with_checksum
from stagemill.plan.scope import Scope
from stagemill.plan.site import Site
from stagemill.plan.state import State
from stagemill.regex import regex

Fetched: TypeAlias = tuple[Edge, operations.Origin]
"""What a source reads, and what of it."""

_ALGORITHM = regex(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*")
_EVERYTHING = ("",)


def is_remote(text: str) -> bool:
    """Whether a source is a URL; one that is wrong is one too."""
    try:
        location = parse(text)
    except LocationError:
        return True
    return location is not None and not may_be_a_path(location)


def find(node: Add, texts: Sequence[str], destination: str, *, state: State, site: Site) -> dict[int, Fetched]:
    """The sources that are URLs, by their numbers. Raises DockerfileError at the place of the one that cannot be had."""
    locations = {
        number: location
        for number, (word, text) in enumerate(zip(node.sources, texts, strict=True))
        if (location := _location(text, word, site)) is not None
    }
    checksum = site.expand(node.checksum, state.scope.get) if node.checksum else ""
    if checksum and node.checksum:
        _check_use(locations, len(texts) + len(node.heredocs), node.checksum.span, site)
    if node.keep_git_dir and all(isinstance(location, HttpLocation) for location in locations.values()):
        hint = "leave it out; a git repository is a URL that ends in .git"
        site.notice(
            "--keep-git-dir has no effect: no source is a git repository", _flag(node, "keep-git-dir"), hint=hint
        )
    found = {}
    for number, location in locations.items():
        word = node.sources[number]
        if isinstance(location, HttpLocation) and not location.name and destination.endswith("/"):
            hint = "name the file: write a destination that does not end in /"
            raise site.error(f"{location} has no name for a file in {destination}", word.span, hint=hint)
        found[number] = _fetched(node, word, location, checksum, state=state, site=site)
    return found


def only_source(node: Add, scope: Scope, site: Site) -> Location | None:
    """What an ADD fetches that has one source, and that a URL; else None. Raises DockerfileError."""
    if len(node.sources) != 1 or node.heredocs:
        return None
    return _location(site.expand(node.sources[0], scope.get), node.sources[0], site)


def _location(text: str, word: Word, site: Site) -> Location | None:
    try:
        location = parse(text)
    except LocationError as error:
        raise site.error(error.message, word.span, hint=error.hint) from error
    return None if location is None or may_be_a_path(location) else location


def may_be_a_path(location: Location) -> bool:
    """Only a context may be called `github.com/a/b`; to ADD that is a path."""
    return not isinstance(location, HttpLocation) and location.implied


def _check_use(locations: dict[int, Location], count: int, span: Span, site: Site) -> None:
    if count != 1:
        hint = "write an ADD of its own for each file"
        raise site.error("checksum can't be specified for multiple sources", span, hint=hint)
    if not locations:
        hint = "leave it out: files of the context are what they are"
        raise site.error("checksum requires HTTP(S) or Git sources", span, hint=hint)


def _fetched(node: Add, word: Word, location: Location, checksum: str, *, state: State, site: Site) -> Fetched:
    at = site.source.excerpt(word.span)
    try:
        if isinstance(location, HttpLocation):
            file = site.sources.http(location, checksum=checksum_of_file(checksum) if checksum else None)
            sources = (escaped(file.name or UNNAMED),)
            return Edge(Vertex(file, (), Label("", at=at))), operations.Origin(sources, unpack=node.unpack is True)
        commit = site.sources.git(wanted(node, location, checksum))
    except LocationError as error:
        span = node.checksum.span if checksum and node.checksum else word.span
        raise site.error(error.message, span, hint=error.hint) from error
    except CancelledError:
        raise
    except StagemillError as error:
        raise site.error(error.message, word.span, hint=error.hint) from error
    label = Label(f"[internal] fetch git source {location}", state.numbering.stage, at)
    return Edge(Vertex(commit, (), label), Selection(_EVERYTHING)), operations.Origin(_EVERYTHING)


def wanted(node: Add, location: Location, checksum: str) -> GitLocation:
    """The repository with what the flags say of it. Raises LocationError where the URL says something else."""
    assert isinstance(location, GitLocation)
    if node.keep_git_dir is not None:
        if location.keep_git_dir not in {None, node.keep_git_dir}:
            raise LocationError("inconsistent keep-git-dir configuration", hint="say it in the flag or in the URL")
        location = replace(location, keep_git_dir=node.keep_git_dir)
    return with_checksum(location, checksum) if checksum else location


def checksum_of_file(text: str) -> Digest:
    """What `--checksum` says of a file. Raises LocationError for what is no SHA-256."""
    algorithm, colon, _ = text.partition(":")
    hint = "write sha256: and 64 hex digits in lower case"
    if colon and algorithm != "sha256" and _ALGORITHM.fullmatch(algorithm):
        raise LocationError(f"unsupported digest algorithm {algorithm!r} of a checksum", hint=hint)
    try:
        return Digest(text)
    except ValueError as error:
        raise LocationError(f"invalid checksum {text!r} for a file", hint=hint) from error


def _flag(node: Add, name: str) -> Span:
    return next((flag.span for flag in node.flags if flag.name == name), node.span)
