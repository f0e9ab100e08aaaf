"""`Location`: where something is that a URL names, a git repository or a file. Pure text; nothing is asked for.

Source: BuildKit's Dockerfile reference, "Adding files from a URL" and "… from a Git repository", and Docker's "URL
fragments" and "URL queries"; which text is what, and which queries there are, is as in BuildKit's parser of git URLs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from stagemill.errors import redacted
from stagemill.regex import regex
from stagemill.values import dataclass

ModificationTime: TypeAlias = Literal["", "checkout", "commit"]

_SCHEME = regex(r"([a-zA-Z0-9]+)://")
_SCP = regex(r"([a-zA-Z0-9_-]+)@([a-zA-Z0-9.-]+):([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_COMMIT = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEX = regex(r"[0-9a-fA-F]+")
_REF = regex(r"[^\x00-\x20\x7f~^:?*\[\\]+")
_UNSAFE = regex(r"[\x00-\x20\x7f\ud800-\udfff]")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_QUERIES = (
    "ref", "tag", "branch", "subdir", "checksum", "commit", "keep-git-dir", "submodules", "mtime", "fetch-by-commit",
)  # fmt: skip
_SWITCHES = ("keep-git-dir", "submodules", "fetch-by-commit")
UNNAMED = "__unnamed__"


class LocationError(ValueError):
    """A URL that is understood and wrong; `hint` says what to write."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class HttpLocation:
    """A file at an http(s) URL, which has no fragment and no login: that stands beside it, as `user:password`.

    Its `name` is the last one of the path, empty where there is none.
    """

    url: str
    login: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        name = posixpath.basename(unquote(urlsplit(self.url).path).rstrip("/"))
        return "" if name in {"", ".", ".."} or "\0" in name else name

    @property
    def host(self) -> str:
        """The host without its port, in lower case, as secrets name it."""
        return urlsplit(self.url).hostname or ""

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class GitLocation:
    """A repository, and what of it is meant. `remote` is what git is given, without the `login` of an http(s) URL and the
    password of any other; the rest is of the fragment and the query.

    `ref` is a branch, a tag, a full name such as `refs/pull/1/head`, or a commit; empty for the default branch. `subdir`
    has no slash at its ends. `checksum` is the beginning of the commit's name. Switches are None where the URL has none.
    `host` is in lower case and without its port; `implied` says that the text had no scheme (`github.com/a/b`), and might be a path as well.
    """

    remote: str
    scheme: str
    host: str
    ref: str = ""
    subdir: str = ""
    checksum: str = ""
    keep_git_dir: bool | None = None
    submodules: bool | None = None
    mtime: ModificationTime = ""
    fetch_by_commit: bool = False
    implied: bool = False
    login: str = field(default="", repr=False)

    def __str__(self) -> str:
        place = f"{self.ref}:{self.subdir}" if self.subdir else self.ref
        return f"{self.remote}#{place}" if place else self.remote


Location: TypeAlias = HttpLocation | GitLocation


def parse(text: str) -> Location | None:
    """What a text means; None for a path of this machine. Raises LocationError for a URL that cannot be asked for.

    An http(s) URL is a repository where its path ends in `.git`; `git://`, `ssh://` and `user@host:path` always are. Callers
    to whom `github.com/a/b` may be a path look at `implied`.
    """
    if text.startswith("github.com/"):
        return replace(_git(f"https://{text}", "https"), implied=True)
    if match := _SCHEME.match(text):
        scheme = match[1].lower()
        if scheme in {"git", "ssh"}:
            return _git(text, scheme)
        if scheme in {"http", "https"}:
            return _git(text, scheme) if _split(text).path.endswith(".git") else _http(text)
        return None
    if match := _SCP.fullmatch(text):
        user, host, path, query, fragment = (part or "" for part in match.groups())
        base = GitLocation(f"{user}@{host}:{path}", "ssh", host.lower())
        return _described(base, query, fragment)
    return None


def repository(remote: str, *, login: str = "") -> GitLocation:
    """The location of a repository whose `remote` came from one."""
    match = _SCHEME.match(remote)
    location = _git(remote, match[1].lower()) if match else parse(remote)
    assert isinstance(location, GitLocation)
    return replace(location, login=login)


def is_commit(text: str) -> bool:
    """Whether a text is the whole name of a commit, by SHA-1 or SHA-256."""
    return _COMMIT.fullmatch(text) is not None


def is_prefix_of_commit(text: str) -> bool:
    """Whether a commit's name may begin like this."""
    return _HEX.fullmatch(text) is not None and len(text) <= 64


def with_checksum(location: GitLocation, checksum: str) -> GitLocation:
    """The same with a checksum that was given beside the URL. Raises LocationError where they differ, or it is none."""
    if location.checksum and location.checksum != checksum:
        raise LocationError(
            f"the checksum {checksum} is not that of the URL, {location.checksum}", hint="give the commit once"
        )
    _check_checksum(checksum)
    return replace(location, checksum=checksum)


def _split(text: str) -> SplitResult:
    """The parts of a URL with a host. Raises LocationError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        hidden = redacted(text) != text
        hint = (
            "in its user name and password, write %2F for /, %23 for # and %3F for ?" if hidden else "correct the URL"
        )
        why = "" if hidden else f": {error}"  # which may quote a piece of the password
        raise LocationError(f"{redacted(text)} is no URL{why}", hint=hint) from error
    if not host or host.startswith("-") or parts.netloc.startswith("-") or _UNSAFE.search(text):
        hint = "write https://host/path, with %20 for a blank"
        raise LocationError(f"{redacted(text)!r} is no URL that can be asked for", hint=hint)
    return parts


def _http(text: str) -> HttpLocation:
    parts = _split(text)
    netloc, login = _without_login(parts)
    return HttpLocation(urlunsplit((parts.scheme, netloc, parts.path, parts.query, "")), login)


def _git(text: str, scheme: str) -> GitLocation:
    parts = _split(text)
    netloc, login = _without_login(parts)
    remote = urlunsplit((scheme, netloc, parts.path, "", ""))
    _split(remote)  # a bracket in a password may have hidden one in the user's name
    base = GitLocation(remote, scheme, parts.hostname or "", login=login)
    return _described(base, parts.query, unquote(parts.fragment))


def _without_login(parts: SplitResult) -> tuple[str, str]:
    """The host of an http(s) URL and its login; the user of another stays with the host, for it is part of the place."""
    login, at, host = parts.netloc.rpartition("@")
    if parts.scheme in {"http", "https"}:
        return host, unquote(login)
    return f"{login.partition(':')[0]}{at}{host}", ""


def _described(base: GitLocation, query: str, fragment: str) -> GitLocation:
    """The location with what query and fragment say of it."""
    if base.remote.startswith("-") or _UNSAFE.search(base.remote) or base.remote.endswith(":"):
        raise LocationError(f"{redacted(base.remote)!r} is no repository", hint="write https://host/path.git")
    if base.scheme == "ssh" and base.remote.partition(":")[2].startswith("-"):
        raise LocationError(
            f"{redacted(base.remote)!r} is no repository: its path begins with -", hint="correct the URL"
        )
    values = _values(query)
    ref, _, subdir = fragment.partition(":")
    checksum = values.get("checksum", values.get("commit", ""))
    location = replace(
        base,
        ref=_ref(ref, values),
        subdir=_agreeing("subdir", _below_root(subdir), _below_root(values.get("subdir", ""))),
        checksum=checksum,
        keep_git_dir=_switch("keep-git-dir", values),
        submodules=_switch("submodules", values),
        mtime=_mtime(values.get("mtime", "")),
        fetch_by_commit=bool(_switch("fetch-by-commit", values)),
    )
    if checksum:
        _check_checksum(checksum)
    _check_ref(location.ref)
    _check_subdir(location.subdir)
    return location


def _values(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _QUERIES:
            raise LocationError(f"unexpected query {key!r} of a git URL", hint=_meant(key))
        if not value and key not in _SWITCHES:
            raise LocationError(f"query {key!r} has no value", hint=f"write {key}=VALUE, or leave it out")
        if key in found:
            raise LocationError(f"query {key!r} has multiple values", hint="give it once")
        found[key] = value
    return found


def _meant(key: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    near = get_close_matches(key, _QUERIES, n=1)
    return f"did you mean {near[0]}?" if near else f"the queries are {', '.join(_QUERIES)}"


def _ref(fragment: str, values: dict[str, str]) -> str:
    """The one ref that fragment and query mean together."""
    if "tag" in values and "branch" in values:
        raise LocationError("branch conflicts with tag", hint="name one of them")
    ref = _agreeing("ref", fragment, values.get("ref", ""))
    for full in _full_names(values):
        ref = _agreeing("ref", ref, full)
    return ref


def _full_names(values: dict[str, str]) -> Iterator[str]:
    for key, prefix in ("tag", "refs/tags/"), ("branch", "refs/heads/"):
        if key in values:
            yield prefix + values[key].removeprefix(prefix)


def _agreeing(what: str, one: str, other: str) -> str:
    if one and other and one != other:
        raise LocationError(f"{what} conflicts: {one!r} vs {other!r}", hint="say it in the query or in the fragment")
    return one or other


def _switch(key: str, values: dict[str, str]) -> bool | None:
    """A key alone switches on."""
    if key not in values:
        return None
    value = values[key]
    if value not in {*_TRUE, *_FALSE, ""}:
        raise LocationError(f"invalid {key} value: {value!r}", hint="write true or false")
    return value not in _FALSE


def _mtime(text: str) -> ModificationTime:
    match text:
        case "" | "checkout" | "commit":
            return text
        case _:
            raise LocationError(
                f'invalid mtime value: {text!r} (must be "checkout" or "commit")', hint="write mtime=commit"
            )


def _check_checksum(text: str) -> None:
    if not is_prefix_of_commit(text):
        raise LocationError(
            f"invalid checksum {text} for a git URL: it is no commit's name", hint="give the commit's hex digits"
        )


def _check_ref(ref: str) -> None:
    """Git's rules for names (git-check-ref-format), so that none can be taken for an option or a refspec."""
    if ref and (not _REF.fullmatch(ref) or ref.startswith(("-", "+", "/")) or ".." in ref or "@{" in ref):
        raise LocationError(f"invalid git ref {ref!r}", hint="name a branch, a tag or a commit")


def _below_root(path: str) -> str:
    return "/".join(name for name in path.split("/") if name not in {"", "."})


def _check_subdir(subdir: str) -> None:
    names = subdir.split("/")
    if ".." in names or "\0" in subdir:
        raise LocationError(f"the directory {subdir!r} leads out of the repository", hint="name one below its root")
    if ".git" in (name.lower() for name in names):
        raise LocationError(f"the directory {subdir!r} is git's own", hint="name one of the repository's files")
