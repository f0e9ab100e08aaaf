"""`Request`: what a build is asked to make, beside the Dockerfile itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from stagemill.context.named import NamedContexts
from stagemill.files.view import FileView
from stagemill.oci.platform import Platform

MAIN = "context"


class IgnoredBy(Protocol):
    """Says which line of an ignore file hides a path."""

    def explain(self, path: str, /) -> str | None:
        """Words such as `line 3 of .dockerignore ("*.log")`, or None where no rule hides the path, or there is none.

        Of a pattern: the rule that hides what it matches.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileContext:
    """Files that the user gave: of the main context, which COPY and ADD without `--from` read, or of a named one.

    `title` is what a person calls it, `name` its key in the build. `ignored` answers for a path that is not there: the
    rule of the ignore file that hides it, as words, or None.
    """

    view: FileView
    title: str = "the build context"
    ignored: IgnoredBy | None = None
    name: str = MAIN


@dataclass(frozen=True, slots=True)
class Request:
    """`build_args` holds what `--build-arg` gave; `target` is the stage's name or index, empty for the last.

    `also` are stages that must be made beside the target, by name or index; with `all_stages` that is every one.

    `epoch` is SOURCE_DATE_EPOCH in seconds, where set. `labels` override LABEL. `context` is None where there is none
    (a Dockerfile on standard input). `allow` holds what `--allow` permits, such as `security.insecure`. `contexts` are
    those of `--build-context`, `directories` the files of those that are directories, opened when they are asked for.
    """

    platform: Platform
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    network: Literal["default", "host", "none"] = "default"
    extra_hosts: tuple[str, ...] = ()
    context: FileContext | None = None
    epoch: int | None = None
    allow: frozenset[str] = frozenset()
    contexts: NamedContexts = field(default_factory=NamedContexts)
    directories: Mapping[str, FileContext] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    all_stages: bool = False
