"""Programs of Go: an ELF file with the section that Go writes, of which nothing else is there."""

from __future__ import annotations

import struct

MODULES = (
    "path\texample.org/app\nmod\texample.org/app\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x\n"
    "dep\tgolang.org/x/old\tv0.1.0\n=>\tgolang.org/x/new\tv0.2.0\th1:y\nbuild\t-compiler=gc\n"
)


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def info(version: str = "go1.22.1 X:a", modules: str = MODULES, *, flags: int = 2) -> bytes:
    text = b"0" * 16 + modules.encode() + b"1" * 16
    head = b"\xff Go buildinf:" + bytes([8, flags])
    return head.ljust(32, b"\0") + varint(len(version)) + version.encode() + varint(len(text)) + text


def elf(section: bytes, *, wide: bool = True, name: bytes = b".go.buildinfo", order: str = "<") -> bytes:
    """A file with a section of a name, and that of the names."""
    names = b"\0" + name + b"\0.shstrtab\0"
    start = 64
    table = start + len(section) + len(names)
    form = f"{order}IIQQQQIIQQ" if wide else f"{order}IIIIIIIIII"
    headers = b"".join(
        struct.pack(form, *row)
        for row in (
            (0,) * 10,
            (1, 1, 0, 0, start, len(section), 0, 0, 0, 0),
            (2 + len(name), 3, 0, 0, start + len(section), len(names), 0, 0, 0, 0),
        )
    )
    size = struct.calcsize(form)
    head = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2]) + b"\0" * 10
    if wide:
        head += struct.pack(f"{order}HHIQQQIHHHHHH", 2, 62, 1, 0, 0, table, 0, 64, 0, 0, size, 3, 2)
    else:
        head += struct.pack(f"{order}HHIIIIIHHHHHH", 2, 3, 1, 0, 0, table, 0, 52, 0, 0, size, 3, 2)
    return head.ljust(start, b"\0") + section + names + headers
