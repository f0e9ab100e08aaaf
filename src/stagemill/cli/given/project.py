"""`stagemill.toml`, what a project wants of its builds: a file beside the Dockerfile's context, with a table for each part.

Each part reads its own table, and says what is wrong with that; a table that nobody knows is one of a newer stagemill.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TypeAlias

from stagemill.errors import UsageError
from stagemill.values import dataclass

NAME = "stagemill.toml"
_MOST_BYTES = 1 << 20
Table: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Project:
    """`path` is as people write it; without a file there are no tables."""

    path: str
    document: Table

    @classmethod
    def of(cls, context: str) -> Project:
        """That of a directory; nothing for a context that is none. Raises UsageError for what is no TOML."""
        path = Path(context) / NAME
        if "://" in context or context == "-" or not path.is_file():
            return cls("", {})
        import tomllib

        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode()
            return cls(str(path), tomllib.loads(text))
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(
                f"{path} cannot be read: {error}", hint="it has to be TOML; docs/size.md has an example"
            ) from error

    def table(self, *names: str) -> Table:
        """A table in it, empty where there is none. Raises UsageError for what is no table."""
        found: Table = self.document
        for depth, name in enumerate(names, 1):
            inner = found.get(name, {})
            if not isinstance(inner, dict):
                raise UsageError(
                    f"{self.path}: {'.'.join(names[:depth])} is no table", hint=f"write [{'.'.join(names[:depth])}]"
                )
            found = inner
        return found

    def wrong(self, what: str, hint: str) -> NoReturn:
        """Raises the UsageError for something in it."""
        raise UsageError(f"{self.path}: {what}", hint=hint)
