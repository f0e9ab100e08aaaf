"""Labels that tell which commit an image was built from, where `--git-labels` or BUILDX_GIT_LABELS asks for them.

Source: buildx, docs/reference/buildx_build.md and util/gitutil.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from stagemill.errors import UsageError
from stagemill.regex import regex

_ENTRYPOINT = "com.docker.image.source.entrypoint"
_REVISION = "org.opencontainers.image.revision"
_SOURCE = "org.opencontainers.image.source"
_TRUE = {"1", "t", "true"}
_FALSE = {"0", "f", "false"}
_CREDENTIALS = regex(r"(?<=://)[^/@]*@")


def git_labels(
    context: str, file: str | None, environment: Mapping[str, str], *, given: str | None = None
) -> dict[str, str]:
    """`1` is for revision and place of the Dockerfile, `full` for the repository too; nothing outside of a repository.

    What is `given` by the flag counts before the environment; it raises UsageError where there is no repository.
    """
    if given is not None and given.lower() not in _TRUE | _FALSE | {"full"}:
        raise UsageError(f"invalid --git-labels={given}", hint="write --git-labels, or --git-labels=full")
    wanted = (given or environment.get("BUILDX_GIT_LABELS", "")).lower()
    if wanted not in _TRUE | {"full"}:
        return {}
    found = _labels(Path(context), file, environment, full=wanted == "full")
    if given and not found:
        hint = "give a directory of a git repository that has a commit, or leave it out"
        raise UsageError(f"--git-labels: nothing tells which commit {context} is of", hint=hint)
    return found


def _labels(folder: Path, file: str | None, environment: Mapping[str, str], *, full: bool) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    top = _git(folder, "rev-parse", "--show-toplevel")
    revision = _git(folder, "rev-parse", "HEAD")
    if not top or not revision:
        return {}
    dirty = environment.get("BUILDX_GIT_CHECK_DIRTY", "").lower() in _TRUE and _git(folder, "status", "--porcelain")
    labels = {_REVISION: f"{revision}-dirty" if dirty else revision}
    if file != "-":
        path = os.path.relpath(os.path.realpath(file or folder / "Dockerfile"), os.path.realpath(top))
        if not path.startswith(".."):
            labels[_ENTRYPOINT] = path
    if full and (remote := _git(folder, "remote", "get-url", "origin")):
        labels[_SOURCE] = _CREDENTIALS.sub("", remote)
    return labels


def repository_facts(context: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What a repository around a context says of itself: `revision` and `source`; nothing where BUILDX_GIT_INFO says no."""
    folder = Path(context)
    if environment.get("BUILDX_GIT_INFO", "").lower() in _FALSE or not folder.is_dir():
        return {}
    revision = _git(folder, "rev-parse", "HEAD")
    if not revision:
        return {}
    dirty = environment.get("BUILDX_GIT_CHECK_DIRTY", "").lower() in _TRUE and _git(folder, "status", "--porcelain")
    facts = {"revision": f"{revision}-dirty" if dirty else revision}
    if remote := _git(folder, "remote", "get-url", "origin"):
        facts["source"] = _CREDENTIALS.sub("", remote)
    return facts


def commit_time(context: str) -> int | None:
    """When the commit was made that a directory is at, in seconds; None outside of a repository."""
    folder = Path(context)
    found = _git(folder, "log", "-1", "--format=%ct") if folder.is_dir() else ""
    return int(found) if found.isdecimal() else None


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
