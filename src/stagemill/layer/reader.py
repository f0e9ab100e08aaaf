"""`TarReader`, the entries of a tar archive, read from a stream once and in order.

Reads v7, ustar, star, GNU (long names, numbers in base 256) and pax (local and global headers). What it does not know, it
refuses; it never guesses. Sources: POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format" and "Extensions to the Archive
Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.errors import ArchiveError
from stagemill.files.view import Entry, Kind
from stagemill.layer import header
from stagemill.layer.disk import is_private
from stagemill.layer.member import Member
from stagemill.layer.stream import ByteStream

_BLOCK = header.BLOCK
_ZEROS = bytes(_BLOCK)
_MAX_EXTRA = 16 << 20
_MAX_ID = (1 << 32) - 2  # one more stands for "leave it as it is"
_MAX_MAJOR, _MAX_MINOR = (1 << 12) - 1, (1 << 20) - 1
_MAX_TIME = (1 << 63) - 1
_XATTR = header.XATTR.decode()
_DAMAGED = "the archive is damaged, or was cut short; fetch or make it again"
_KINDS: Mapping[bytes, Kind] = {
    b"\0": "file",
    b"0": "file",
    b"1": "file",
    b"7": "file",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "dir",
    b"6": "fifo",
}
_REFUSED = {
    b"S": "a sparse file; make the archive without --sparse",
    b"M": "the continuation of a file from another volume; join the volumes first",
    b"D": "a directory of an incremental backup; make the archive without --incremental",
    b"N": "a long name in a form that GNU tar gave up in 1992; make the archive again",
}


class TarReader:
    """Iterates over the members; between two of them, `read` gives the content of the first.

    Raises ArchiveError for damage, for an end inside an entry, and for kinds of entries that nobody should unpack blindly.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0
        self._global: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[Member]:
        local: dict[str, bytes] = {}
        while block := self._next_block():
            if not is_header(block):
                raise ArchiveError("a header of the archive has a wrong checksum", hint=_DAMAGED)
            kind = block[156:157]
            if kind in b"xgXLK":
                self._extend(kind, _number(block[124:136]), local)
                continue
            if kind == b"V":
                continue
            member = _member(block, _merged(self._global, local))
            self._left = member.entry.size
            self._padding = -self._left % _BLOCK
            yield member
            self._finish()
            local = {}
        if local:
            raise ArchiveError("the archive ends after a header that announces another entry", hint=_DAMAGED)

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of the current member's content, b"" at its end."""
        wanted = min(size, self._left)
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise ArchiveError("the archive ends inside a file", hint=_DAMAGED)
        self._left -= wanted
        return data

    def _finish(self) -> None:
        if self._left + self._padding and not self._stream.skip(self._left + self._padding):
            raise ArchiveError("the archive ends inside a file", hint=_DAMAGED)

    def _next_block(self) -> bytes:
        """The next header, b"" at the end: a block of zeros, or nothing more."""
        block = self._stream.read(_BLOCK)
        if block == _ZEROS:
            return b""
        if 0 < len(block) < _BLOCK:
            raise ArchiveError("the archive ends inside a header", hint=_DAMAGED)
        return block

    def _extend(self, kind: bytes, size: int, local: dict[str, bytes]) -> None:
        """Reads what stands before an entry because its header has no room for it."""
        if not 0 <= size <= _MAX_EXTRA:
            raise ArchiveError(
                f"an extended header of the archive has {size} bytes, want at most {_MAX_EXTRA}", hint=_DAMAGED
            )
        self._left = size
        self._padding = -size % _BLOCK
        content = self.read(size)
        self._finish()
        facts = self._global if kind == b"g" else local
        match kind:
            case b"L":
                facts["path"] = content.partition(b"\0")[0]
            case b"K":
                facts["linkpath"] = content.partition(b"\0")[0]
            case _:
                facts.update(_records(content))
        if sum(len(key) + len(value) for key, value in facts.items()) > _MAX_EXTRA:
            raise ArchiveError(
                f"the extended headers of the archive have more than {_MAX_EXTRA} bytes together", hint=_DAMAGED
            )


def is_header(block: bytes) -> bool:
    """Whether a block of 512 bytes is the header of a tar entry, by its checksum."""
    field = block[148:156]
    stated = field.rstrip(b" \0").lstrip()
    if len(block) < _BLOCK or not stated.isdigit() or b"8" in stated or b"9" in stated:
        return False
    total = sum(block) - sum(field) + 256
    wanted = int(stated, 8)
    # Some old archivers took bytes for signed when they summed them up.
    return total == wanted or total - 256 * sum(byte > 127 for byte in block[:148] + block[156:]) == wanted


def _merged(everywhere: Mapping[str, bytes], local: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """What the extended headers say of an entry; an empty value takes back what was said before."""
    if not everywhere and not local:
        return local
    return {key: value for key, value in {**everywhere, **local}.items() if value or key.startswith(_XATTR)}


def _member(block: bytes, facts: Mapping[str, bytes]) -> Member:
    flag = block[156:157]
    name = _decoded(facts["path"] if "path" in facts else _name(block), "path")
    if flag not in _KINDS or "GNU.sparse.major" in facts or "GNU.sparse.size" in facts or "GNU.sparse.map" in facts:
        raise _refused(name, flag)
    kind = "dir" if flag in b"\x000" and name.endswith("/") else _KINDS[flag]
    is_link = flag == b"1"
    link = _decoded(facts.get("linkpath") or _text(block[157:257]), "linkpath") if flag in b"12" else ""
    size = _integer(facts, "size", block[124:136]) if kind == "file" and not is_link else 0
    if size < 0:
        raise ArchiveError(f"{name!r} in the archive has a size of {size}", hint=_DAMAGED)
    uid, gid = _integer(facts, "uid", block[108:116]), _integer(facts, "gid", block[116:124])
    if not (0 <= uid <= _MAX_ID and 0 <= gid <= _MAX_ID):
        raise ArchiveError(f"{name!r} in the archive has the owner {uid}:{gid}, which no file can have", hint=_DAMAGED)
    entry = Entry(
        kind,
        _number(block[100:108]) & 0o7777,
        uid,
        gid,
        size,
        _time(facts["mtime"]) if "mtime" in facts else _clamped(_number(block[136:148]) * 1_000_000_000),
        "" if is_link else link,
        _device(name, block) if flag in b"34" else (0, 0),
        _xattrs(facts) if facts else (),
    )
    return Member(name, entry, link if is_link else None)


def _device(name: str, block: bytes) -> tuple[int, int]:
    major, minor = _number(block[329:337]), _number(block[337:345])
    if not (0 <= major <= _MAX_MAJOR and 0 <= minor <= _MAX_MINOR):
        raise ArchiveError(f"{name!r} in the archive is the device {major}:{minor}, which Linux has not", hint=_DAMAGED)
    return major, minor


def _name(block: bytes) -> bytes:
    name = _text(block[:100])
    if block[345] and block[257:263] == b"ustar\0":
        star = block[508:512] == b"tar\0"
        return _text(block[345 : 476 if star else 500]) + b"/" + name
    return name


def _refused(name: str, flag: bytes) -> ArchiveError:
    if flag not in _KINDS and flag not in _REFUSED:
        return ArchiveError(f"{name!r} in the archive has the unknown type {flag!r}", hint=_DAMAGED)
    what, _, advice = _REFUSED.get(flag, _REFUSED[b"S"]).partition("; ")
    return ArchiveError(f"{name!r} in the archive is {what}, which cannot be unpacked", hint=advice)


def _records(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The records of a pax header: a length, a space, a key, `=`, a value and a line feed."""
    at = 0
    while at < len(content):
        space = content.find(b" ", at, at + 20)
        length = content[at:space]
        end = at + int(length) if space > 0 and length.isdigit() else 0
        key, equals, value = content[space + 1 : max(end - 1, 0)].partition(b"=")
        if not at < end <= len(content) or content[end - 1 : end] != b"\n" or not equals:
            raise ArchiveError("a pax header of the archive is malformed", hint=_DAMAGED)
        yield key.decode("utf-8", "surrogateescape"), value
        at = end


def _xattrs(facts: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    found = ((key.removeprefix(_XATTR), value) for key, value in facts.items() if key.startswith(_XATTR))
    return tuple(sorted((name, value) for name, value in found if not is_private(name)))


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _decoded(text: bytes, field: str) -> str:
    if b"\0" in text:
        raise ArchiveError(f"a {field} in the archive has a zero byte: {text!r}", hint=_DAMAGED)
    return text.decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal digits, or, where the highest bit of the first byte is set, a big-endian number in two's complement."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ~(0x80 << 8 * (len(field) - 1))
        return value - (1 << 8 * len(field) - 1) if field[0] & 0x40 else value
    digits = field.partition(b"\0")[0].strip()
    try:
        return int(digits, 8) if digits else 0
    except ValueError as error:
        raise ArchiveError(f"a header of the archive has {digits!r} where a number should be", hint=_DAMAGED) from error


def _integer(facts: Mapping[str, bytes], key: str, field: bytes) -> int:
    if key not in facts:
        return _number(field)
    try:
        return int(facts[key])
    except ValueError as error:
        raise ArchiveError(f"a pax header of the archive has the {key} {facts[key]!r}", hint=_DAMAGED) from error


def _time(text: bytes) -> int:
    """Seconds with a fraction, as nanoseconds, rounded down."""
    whole, _, fraction = text.partition(b".")
    negative = whole.startswith(b"-")
    digits = whole.removeprefix(b"-")
    if not (digits + fraction).isdigit():
        raise ArchiveError(f"a pax header of the archive has the mtime {text!r}", hint=_DAMAGED)
    value = int(digits or b"0") * 1_000_000_000 + int(fraction[:9].ljust(9, b"0"))
    return _clamped(-value if negative else value)


def _clamped(nanoseconds: int) -> int:
    return max(-_MAX_TIME, min(nanoseconds, _MAX_TIME))
