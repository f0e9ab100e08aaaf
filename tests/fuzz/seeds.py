"""What real inputs there are: Dockerfiles and ignore files of the repository, of the tables, and of the cases beside it.

The inputs of a seed and a number are the same as long as these files are.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_TABLES = _ROOT / "tests" / "conformance" / "tables"
_CASES = Path(os.environ.get("STAGEMILL_CASES") or _ROOT.parent / "shared" / "cases")
_IGNORE = ".dockerignore"


def dockerfiles() -> tuple[bytes, ...]:
    """Every Dockerfile, each once."""
    texts = [path.read_bytes() for path in _files("*Dockerfile*")]
    texts += [text.encode() for table in _tables() for text in _strings(table, "dockerfile")]
    return tuple(dict.fromkeys(texts))


def ignore_files() -> tuple[bytes, ...]:
    """Every ignore file, each once."""
    texts = [path.read_bytes() for path in _files(f"*{_IGNORE}")]
    texts += [text.encode() for table in _tables() for text in _strings(table, _IGNORE)]
    return tuple(dict.fromkeys(texts))


def words_of_flags() -> tuple[bytes, ...]:
    """What the tables give to flags, each once."""
    found = [flag for table in _tables() for flag in _members(table, "flags")]
    return tuple(dict.fromkeys(flag.encode() for flag in found))


def _files(pattern: str) -> Iterator[Path]:
    for folder in (_ROOT / "examples", _ROOT / "bench" / "workloads", _CASES):
        yield from sorted(path for path in folder.rglob(pattern) if path.is_file())


def _tables() -> Iterator[dict[str, Any]]:
    for path in sorted(_TABLES.glob("*.toml")):
        yield tomllib.loads(path.read_text())


def _strings(value: object, key: str) -> Iterator[str]:
    """Every text below a key that ends like this, wherever it stands."""
    for name, inner in _items(value):
        if isinstance(inner, str) and name.endswith(key):
            yield inner
        else:
            yield from _strings(inner, key)


def _members(value: object, key: str) -> Iterator[str]:
    """Every text of a list below a key, wherever it stands."""
    for name, inner in _items(value):
        if name == key and isinstance(inner, list):
            yield from (item for item in inner if isinstance(item, str))
        else:
            yield from _members(inner, key)


def _items(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from (("", item) for item in value)
