"""Archives as ADD unpacks them: what is called like one, and what is one by its first bytes."""

from __future__ import annotations

from stagemill.errors import ContextError
from stagemill.files import glob
from stagemill.files.paths import clean
from stagemill.files.view import FileView

_ENDINGS = (
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lz", ".tar.lzma", ".gz",
    ".bz2", ".xz", ".zst", ".lzma", ".tar.z",
)  # fmt: skip
_BEGINNINGS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x5d\0\0", b"\x1f\x9d", b"\x1f\xa0")
_TAR = (257, b"ustar")
_BLOCK = 512


def is_archive(name: str) -> bool:
    """Whether a file is called like an archive."""
    return name.lower().endswith(_ENDINGS)


def holds_none(view: FileView, source: str) -> bool:
    """Whether the files of a source are there and are no archives; directories count as they are, for ADD unpacks none in them."""
    try:
        paths = glob.expand(view, source) if glob.is_pattern(source) else [clean(source)]
        return bool(paths) and all(_is_plain(view, path) for path in paths)
    except (ContextError, OSError):
        return False


def _is_plain(view: FileView, path: str) -> bool:
    entry = view.lstat(path)
    if entry is None or entry.kind not in {"file", "dir"}:
        return path == ""
    if entry.kind == "dir":
        return True
    with view.real_path(path).open("rb") as file:
        head = file.read(_BLOCK)
    place, mark = _TAR
    return not head.startswith(_BEGINNINGS) and not head[place:].startswith(mark)
