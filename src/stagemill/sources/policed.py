"""What a policy makes of images, files and repositories: to a source as BuildKit names it, and back.

Source: BuildKit, client/llb/source.go and solver/pb/attr.go for the names; source/git/source.go and source/http/source.go
for what they mean.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from stagemill.digest import Digest
from stagemill.errors import SourceError
from stagemill.graph.operations import Git
from stagemill.location import GitLocation, HttpLocation, Location, LocationError, parse, with_checksum
from stagemill.location import repository as repository_at
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.sources.policy import Judge, Verdict, Wanted
from stagemill.values import dataclass

_IMAGE = "docker-image://"
_LAYOUT = "oci-layout://"
_LOCAL = "local://"
_GIT = "git://"
_WEB = ("http://", "https://")
_PULL = "image.resolvemode"
_IMAGE_CHECKSUM = "image.checksum"
_CHECKSUM = "http.checksum"
_NAME = "http.filename"
_REMOTE = "git.fullurl"
_COMMIT = "git.checksum"
_KEEP = "git.keepgitdir"
_NO_SUBMODULES = "git.skipsubmodules"
_MTIME = "git.mtime"
_BY_COMMIT = "git.fetchbycommit"
FOUND_REF = "git.found.ref"
FOUND_COMMIT = "git.found.commit"
ATTRIBUTES = (_IMAGE_CHECKSUM, _CHECKSUM, _NAME, _REMOTE, _COMMIT, _KEEP, _NO_SUBMODULES, _MTIME, _BY_COMMIT)
"""What a rule may give a source."""


def image(policy: Judge, reference: str, *, pull: bool = False, platform: Platform | None = None) -> str:
    """The image that is had for one, by reference or by `oci-layout://`. Raises ValueError, SourceError."""
    wanted = reference if reference.startswith(_LAYOUT) else f"{_IMAGE}{Reference.parse(reference)}"
    verdict = policy.verdict(Wanted(wanted, {_PULL: "pull"} if pull else {}, platform))
    found = verdict.source.identifier
    if checksum := verdict.source.attributes.get(_IMAGE_CHECKSUM, ""):
        found = f"{found.partition('@')[0]}@{checksum}"
    if found == wanted:
        return reference
    if found.startswith(_IMAGE):
        return str(Reference.parse(found.removeprefix(_IMAGE)))
    if found.startswith(_LAYOUT):
        return found
    raise _other_kind(verdict, wanted, "an image")


@dataclass(frozen=True, slots=True)
class File:
    """A file that is had for another: it keeps the `name` that it would have had, unless a rule says otherwise."""

    location: HttpLocation
    checksum: Digest | None
    name: str


def file(policy: Judge, location: HttpLocation, checksum: Digest | None) -> File:
    """Raises SourceError."""
    unchanged = File(location, checksum, location.name)
    given = {_NAME: location.name, **({_CHECKSUM: str(checksum)} if checksum else {})}
    verdict = policy.verdict(Wanted(location.url, given))
    if not verdict.because:
        return unchanged
    identifier = verdict.source.identifier
    found = _location(verdict, identifier) if identifier.startswith(_WEB) else None
    if not isinstance(found, HttpLocation):
        raise _other_kind(verdict, location.url, "a file")
    text = verdict.source.attributes.get(_CHECKSUM, "")
    try:
        digest = Digest(text) if text else None
    except ValueError as error:
        raise _because(verdict, f"{_CHECKSUM} is {text!r}", "write sha256: and 64 hex digits") from error
    if found.host == location.host:
        found = replace(found, login=found.login or location.login)
    return File(found, digest, verdict.source.attributes.get(_NAME, ""))


def repository(policy: Judge, location: GitLocation) -> GitLocation:
    """The repository that is had for one, with what is meant of it; `confirm` is to be called for it. Raises SourceError."""
    wanted = Wanted(_named(location), _attributes(location), later=True)
    verdict = policy.verdict(wanted)
    if not verdict.because:
        return location
    source = verdict.source
    if not source.identifier.startswith(_GIT):
        raise _other_kind(verdict, wanted.identifier, "a repository")
    remote = source.attributes.get(_REMOTE, "")
    place, hash_, fragment = source.identifier.partition("#")
    if remote == location.remote and place != wanted.identifier.partition("#")[0]:
        hint = f"give the rule {_REMOTE} in its attrs as well: it is where the repository is fetched from"
        raise _because(verdict, f"{_REMOTE} is still {remote}, while the identifier is {place}", hint)
    found = _git(verdict, f"{remote}{hash_}{fragment}")
    found = replace(
        found,
        keep_git_dir=source.attributes.get(_KEEP) == "true" or None,
        submodules=False if source.attributes.get(_NO_SUBMODULES) == "true" else None,
        fetch_by_commit=source.attributes.get(_BY_COMMIT) == "true",
        login=found.login or (location.login if found.host == location.host else ""),
    )
    match mtime := source.attributes.get(_MTIME, ""):
        case "" | "checkout" | "commit":
            found = replace(found, mtime=mtime)
        case _:
            raise _because(verdict, f"{_MTIME} is {mtime!r}", "write checkout or commit")
    commit = source.attributes.get(_COMMIT, "")
    try:
        return with_checksum(found, commit) if commit else found
    except LocationError as error:
        raise _because(verdict, error.message, error.hint) from error


def confirm(policy: Judge, location: GitLocation, found: Git) -> None:
    """The commit that was found in a repository may be had. Raises SourceError where it may not."""
    more = {FOUND_REF: found.ref, FOUND_COMMIT: found.commit}
    policy.confirm(Wanted(_named(location), {**_attributes(location), **more}))


def admit_files(policy: Judge, name: str) -> None:
    """Files of the user's, of a context or of the Dockerfile, may be read. Raises SourceError where they may not."""
    wanted = f"{_LOCAL}{name}"
    verdict = policy.verdict(Wanted(wanted))
    if verdict.source.identifier != wanted:
        raise _other_kind(verdict, wanted, "a directory")


def _named(location: GitLocation) -> str:
    """Without the scheme, so that a repository is one source however it is reached."""
    remote = location.remote.partition("://")[2] or location.remote.replace(":", "/", 1)
    host, slash, path = remote.partition("/")
    fragment = f"{location.ref}:{location.subdir}" if location.subdir else location.ref
    return f"{_GIT}{host.rpartition('@')[2]}{slash}{path}{'#' if fragment else ''}{fragment}"


def _attributes(location: GitLocation) -> dict[str, str]:
    given = {
        _REMOTE: location.remote,
        _COMMIT: location.checksum,
        _KEEP: "true" if location.keep_git_dir else "",
        _NO_SUBMODULES: "true" if location.submodules is False else "",
        _MTIME: location.mtime,
        _BY_COMMIT: "true" if location.fetch_by_commit else "",
    }
    return {key: value for key, value in given.items() if value}


def _git(verdict: Verdict, text: str) -> GitLocation:
    found = _location(verdict, text, repository=True)
    if not isinstance(found, GitLocation):
        raise _because(verdict, f"{text!r} is no repository", "write https://host/path.git")
    return found


def _location(verdict: Verdict, text: str, *, repository: bool = False) -> Location:
    """What a URL means; as a `repository` any of http does."""
    try:
        found = repository_at(text) if repository and text.startswith(_WEB) else parse(text)
    except LocationError as error:
        raise _because(verdict, error.message, error.hint) from error
    if found is None:
        raise _because(verdict, f"{text!r} is no URL that can be asked for", "write https://host/path")
    return found


def _other_kind(verdict: Verdict, wanted: str, what: str) -> SourceError:
    kind = urlsplit(verdict.source.identifier).scheme or "nothing"
    return _because(verdict, f"{wanted!r} is {what}, and {kind} is not", f"let the rule name {what}")


def _because(verdict: Verdict, message: str, hint: str) -> SourceError:
    return SourceError(f"the source policy cannot be kept to: {verdict.because[-1]}: {message}", hint=hint)
