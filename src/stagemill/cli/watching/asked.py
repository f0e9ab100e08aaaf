"""What `--watch` needs, and with what it does not go together."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.cli.frame.values import Values
from stagemill.cli.given.output_flags import Output
from stagemill.errors import StagemillError, UsageError
from stagemill.location import LocationError, parse

if TYPE_CHECKING:
    from stagemill.cli.making.building import BuildFlags

_FILES = ("iidfile", "metadata_file", "logfile", "trace", "report")


def check(values: Values, build: BuildFlags) -> None:
    """Raises UsageError, and StagemillError where watchfiles is not installed."""
    for name in ("call", "check", "print"):
        if values.text(name):
            raise UsageError(f"--{name} answers a question, and --watch builds", hint="leave one of them out")
    for flag, text in (("the context", build.context), ("-f", build.file or "")):
        if why := _not_here(text):
            hint = "name a directory, and a Dockerfile in it, or leave out --watch"
            raise UsageError(f"--watch needs files of this machine, and {flag} {why}", hint=hint)
    if "-" in outputs(values):
        hint = "write it to a file: -o type=tar,dest=FILE"
        raise UsageError("--watch would write one archive after another to standard output", hint=hint)
    if importlib.util.find_spec("watchfiles") is None:
        raise StagemillError("--watch needs watchfiles, which is not installed", hint="pip install 'stagemill[watch]'")


def _not_here(text: str) -> str:
    """Why what is there cannot be watched; empty where it can."""
    if text == "-":
        return "is standard input, which is read once"
    if not text or Path(text).exists():
        return ""
    try:
        return "is a URL" if parse(text) else ""
    except LocationError:
        return "is a URL"


def outputs(values: Values) -> tuple[str, ...]:
    """Where the results go; `-` is standard output."""
    return tuple(Output.parse(text).dest for text in values.texts("output"))


def written(values: Values) -> Iterator[str]:
    """All the files and directories that the build itself writes."""
    yield from filter(None, outputs(values))
    yield from filter(None, map(values.text, _FILES))
    yield from values.texts("sbom_output")
    yield from values.texts("provenance_output")
    if values.texts("cache_to"):
        from stagemill.cli.given.cache_flags import caches_to

        yield from (
            os.fspath(target.directory) for target in caches_to(values.texts("cache_to")) if target.kind == "local"
        )
