"""Which commit a name of a repository means now. Source: BuildKit's git source, for the order and for checksums."""

from __future__ import annotations

from stagemill.errors import SourceError
from stagemill.location import GitLocation, is_commit
from stagemill.sources.program import Git
from stagemill.values import dataclass

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_PEELED = "^{}"


@dataclass(frozen=True, slots=True)
class Found:
    """A commit, and the full name that it was found by, empty where there is none."""

    commit: str
    name: str


def known(location: GitLocation) -> Found | None:
    """The commit where nobody has to be asked for it. Raises SourceError where it is not the one of the checksum."""
    if is_commit(location.ref):
        _check(location, location.ref)
        return Found(location.ref, "")
    if not location.fetch_by_commit:
        return None
    if not is_commit(location.checksum):
        message = f"fetch-by-commit of {location} needs a checksum that is the whole name of a commit"
        raise SourceError(message, hint="give all 40 or 64 digits")
    name = location.ref if not location.ref or location.ref.startswith("refs/") else _HEADS + location.ref
    return Found(location.checksum, name)


def look_up(git: Git, location: GitLocation) -> Found:
    """Asks the repository. Raises GitFailure and SourceError."""
    if not location.ref:
        return _default(git, location)
    listed = _listed(git.run("ls-remote", "--", location.remote, location.ref, location.ref + _PEELED))
    for name in _candidates(location.ref):
        if name in listed:
            peeled = listed.get(name + _PEELED, "") if name.startswith(_TAGS) else ""
            _check(location, *dict.fromkeys((listed[name], peeled or listed[name])))
            return Found(peeled or listed[name], name)
    hint = "correct the name; a commit is given by all of its digits"
    raise SourceError(f"repository {location.remote} does not contain ref {location.ref}", hint=hint)


def _candidates(ref: str) -> tuple[str, ...]:
    """The full names that a ref may mean, the first one first: git prefers branches to tags."""
    full = f"refs/{ref.removeprefix('refs/')}"
    return full, _HEADS + ref.removeprefix(_HEADS), _TAGS + ref.removeprefix(_TAGS)


def _default(git: Git, location: GitLocation) -> Found:
    """The branch that HEAD names; old servers do not say which one that is."""
    listed = _listed(git.run("ls-remote", "--symref", "--", location.remote, "HEAD"))
    name, commit = listed.get("symref", ""), listed.get("HEAD", "")
    if not is_commit(commit):
        message = f"could not find the default branch of {location.remote}"
        raise SourceError(message, hint="name a branch: #main; or is the repository empty?")
    _check(location, commit)
    return Found(commit, name)


def _listed(output: str) -> dict[str, str]:
    """Commits by name; what HEAD stands for is under `symref`."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: "):
            found["symref"] = left.removeprefix("ref: ")
        elif is_commit(left):
            found[name] = left
    return found


def _check(location: GitLocation, *commits: str) -> None:
    """A checksum is the beginning of the commit, or of the tag that names it."""
    wanted = location.checksum
    if wanted and not any(commit.startswith(wanted) for commit in commits):
        hint = "correct the checksum if the new commit is meant, else find out who moved it"
        message = f"expected checksum to match {wanted}, got {' or '.join(commits)} for {location}"
        raise SourceError(message, hint=hint)
