"""What a command line says of compression, for images and caches alike. Spelling: BuildKit's; buildah and kaniko have flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from stagemill.cli.frame.command import Option, under
from stagemill.cli.frame.values import Values
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.execute.packaging import USUAL, Packaging

if TYPE_CHECKING:
    from stagemill.layer.compression import Compression

Wrong: TypeAlias = Callable[[str, str], UsageError]
"""Makes an error of what is wrong, and of what to do."""

_LEVELS = {"gzip": range(10), "zstd": range(23), "uncompressed": range(0)}
_SEEKABLE = {
    "estargz": "each of its layers has a table of contents in it, so that its files, and its diff id, would be others",
    "nydus": "it is a file system of its own, and no tar",
    "zstd:chunked": "each of its layers has a table of contents behind it, which only podman reads",
}


def compression(kind: str, level: str, wrong: Wrong, *, key: str = "compression-level") -> Compression | None:
    """None where nothing is asked; a level alone is one of gzip. `key` is how the level is called. Raises what `wrong` makes."""
    if not (kind or level):
        return None
    from stagemill.layer.compression import Compression

    match kind.lower() or "gzip":
        case "gzip" | "zstd" | "uncompressed" as known:
            return Compression(known, _level(known, level, wrong, key))
        case other if other in _SEEKABLE:
            raise wrong(
                f"the compression {other} is not made here: {_SEEKABLE[other]}",
                "choose zstd, which is small, and quick to unpack",
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


def options(*, force: bool) -> Iterator[Option]:
    """The flags of buildah and kaniko; with `force` a base may keep its own compression, unless that is forced."""
    yield from under("Form of the image", _options(force=force))


def _options(*, force: bool) -> Iterator[Option]:
    yield Option(
        ["compression", "--compression-format", "--compression"],
        metavar="gzip|zstd|uncompressed",
        help="How layers are compressed; a key of --output comes first." if force else "How layers are compressed.",
    )
    yield Option(["--compression-level"], metavar="N", help="How hard: 0 to 9 of gzip, 0 to 22 of zstd.")
    yield Option(["--disable-compression"], is_flag=True, help="The same as --compression-format uncompressed.")
    if force:
        yield Option(["--force-compression"], is_flag=True, help="The layers of bases too, which else keep theirs.")


def packaging(values: Values) -> Packaging:
    """What those flags say. Raises UsageError."""
    kind, level = values.text("compression") or "", values.text("compression_level") or ""
    force = values.given.get("force_compression") is True
    if values.flag("disable_compression"):
        if kind.lower() not in {"", "uncompressed"}:
            hint = "leave one of them out"
            raise UsageError(f"--disable-compression conflicts with --compression-format {kind}", hint=hint)
        kind = "uncompressed"
    chosen = compression(kind or ("gzip" if force else ""), level, _wrong, key="--compression-level")
    return Packaging(chosen, force) if chosen else USUAL


def _wrong(what: str, hint: str) -> UsageError:
    return UsageError(f"invalid --compression-format: {what}", hint=hint)
