"""Names that archives have which ADD unpacks."""

from __future__ import annotations

_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.lz", ".tar.lzma", ".gz", ".bz2", ".xz", ".zst", ".lzma", ".tar.z")  # fmt: skip


def is_archive(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)
