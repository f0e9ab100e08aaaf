"""Variables of a container: `--env-file` first, then `--env`. Source of the file's form: docker/cli, pkg/kvfile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stagemill.errors import UsageError
from stagemill.execute.container import environment


def variables(files: Iterable[str], texts: Iterable[str], inherited: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """All of them, the last of a name winning. Raises UsageError."""
    read = [line for path in files for line in lines(path)]
    return environment((*read, *texts), dict(inherited))


def lines(path: str) -> Iterator[str]:
    """`NAME=VALUE` or `NAME` each; blank lines and those that begin with # say nothing, quotes are part of a value."""
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(f"cannot read --env-file {path}: {why}", hint="name a file of lines NAME=VALUE") from error
    for number, line in enumerate(text.split("\n"), 1):
        given = line.removesuffix("\r").lstrip()
        if not given or given.startswith("#"):
            continue
        name = given.partition("=")[0]
        if not name or any(sign.isspace() for sign in name):
            raise UsageError(
                f"{path}:{number}: {given!r} is no variable", hint="write NAME=VALUE, without blanks in NAME"
            )
        yield given
