"""Sections of programs, in which compilers leave what a program was built of. Source: elf(5)."""

from __future__ import annotations

import struct
from typing import BinaryIO

_ELF = b"\x7fELF"
_MOST_BYTES = 16 << 20
_MOST_SECTIONS = 1 << 12


def section(file: BinaryIO, wanted: bytes) -> bytes | None:
    """The bytes of the section of a name, at most 16 MiB; None where there is none. Raises struct.error, IndexError, OSError for
    what is no whole program.
    """
    file.seek(0)
    head = file.read(64)
    if len(head) < 52 or not head.startswith(_ELF):
        return None
    place = _place(file, wanted, wide=head[4] == 2, order="<" if head[5] == 1 else ">", head=head)
    if place is None:
        return None
    offset, size = place
    file.seek(offset)
    return file.read(min(size, _MOST_BYTES))


def _place(file: BinaryIO, wanted: bytes, *, wide: bool, order: str, head: bytes) -> tuple[int, int] | None:
    """Where the section lies, and how long it is."""
    table = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 40 if wide else 32)[0]
    size, count, names = struct.unpack_from(f"{order}HHH", head, 58 if wide else 46)
    if not table or not count or count > _MOST_SECTIONS:
        return None
    file.seek(table)
    raw = file.read(size * count)
    form = f"{order}IIQQQQ" if wide else f"{order}IIIIII"
    sections = [struct.unpack_from(form, raw, size * number) for number in range(count)]
    file.seek(sections[names][4])
    strings = file.read(min(sections[names][5], _MOST_BYTES))
    for name, _, _, _, offset, length in sections:
        if strings[name : name + len(wanted) + 1] == wanted + b"\0":
            return offset, length
    return None


def may_be_one(size: int, mode: int) -> bool:
    """Whether a file is worth looking into: the smallest program that says so has more than a few hundred KB."""
    return bool(mode & 0o111) and size > 1 << 18
