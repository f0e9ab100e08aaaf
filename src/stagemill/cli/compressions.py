"""What a command line says of compression, for images and caches alike. Spelling: BuildKit's; buildah and kaniko have flags."""

from __future__ import annotations

from collections.abc import Callable

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.layer.compression import Compression

Wrong = Callable[[str, str], UsageError]
"""Makes an error of what is wrong, and of what to do."""

_LEVELS = {"gzip": range(10), "zstd": range(23), "uncompressed": range(0)}
_SEEKABLE = {
    "estargz": "each of its layers has a table of contents in it, so that its files, and its diff id, would be others",
    "nydus": "it is a file system of its own, and no tar",
    "zstd:chunked": "each of its layers has a table of contents behind it, which only podman reads",
}


def compression(kind: str, level: str, wrong: Wrong, *, key: str = "compression-level") -> Compression | None:
    """None where nothing is asked; a level alone is one of gzip. `key` is how the level is called. Raises what `wrong` makes."""
    match kind.lower() or ("gzip" if level else ""):
        case "":
            return None
        case "gzip" | "zstd" | "uncompressed" as known:
            return Compression(known, _level(known, level, wrong, key))
        case other if other in _SEEKABLE:
            raise wrong(
                f"the compression {other} is not made here: {_SEEKABLE[other]}", "zstd is small, and quick to unpack"
            )
        case other:
            near = nearest(other, _LEVELS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(_LEVELS)}"
            raise wrong(f"unknown compression {other!r}", hint)


def _level(kind: str, text: str, wrong: Wrong, key: str) -> int | None:
    levels = _LEVELS[kind]
    if not text:
        return None
    if not text.isdecimal() or int(text) not in levels:
        hint = f"{kind} has the levels {levels[0]} to {levels[-1]}" if levels else f"{kind} has no levels"
        raise wrong(f"{key}={text} is none of {kind}", hint)
    return int(text)
