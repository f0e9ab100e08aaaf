"""Where the bytes of a secret are, in whatever form: in files, in what is packed in them, in what people are shown, in /proc.

Not a fake: it reads what there is.
"""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import zstandard

_MOST = 1 << 28  # bytes of what something unpacks to


def forms(secret: str) -> tuple[bytes, ...]:
    """How a secret may be written: as it is, backwards, in hex, escaped for a URL, in base64 wherever in a text it begins."""
    plain = secret.encode()
    # The signs at both ends depend on what stands around it.
    encoded = (b64encode(bytes(before) + plain)[4 if before else 0 : -4] for before in range(3))
    return plain, plain[::-1], plain.hex().encode(), quote(secret, safe="").encode(), *encoded


def holds(data: bytes, secrets: Iterable[str]) -> bool:
    """Whether one of them is in the bytes, or in what is packed in them."""
    needles = [form for secret in secrets for form in forms(secret)]
    return any(needle in piece for piece in _unpacked(data) for needle in needles)


def _unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    if inner := _decompressed(data):
        yield from _unpacked(inner)
    elif data[257:262] == b"ustar":
        with suppress(tarfile.TarError), tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file:
                    yield from _unpacked(file.read())


def _decompressed(data: bytes) -> bytes:
    """What compressed bytes hold, as far as they are whole; nothing for others."""
    with suppress(zlib.error, zstandard.ZstdError):
        if data.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(data, _MOST)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                return reader.read(_MOST)
    return b""


def below(places: Iterable[Path], secrets: Iterable[str]) -> set[str]:
    """The paths of files, links and attributes that hold one, those whose names do among them."""
    given = tuple(secrets)
    found: set[str] = set()
    for place in places:
        found |= {what for what, data in _pieces(place) if holds(data, given)}
    return found


def _pieces(place: Path) -> Iterator[tuple[str, bytes]]:
    for path in (place, *_inside(place)):
        with suppress(FileNotFoundError):  # a build goes on meanwhile
            yield f"{path} (name)", os.fsencode(path.name)
            for name in os.listxattr(path, follow_symlinks=False):
                yield f"{path} ({name})", os.getxattr(path, name, follow_symlinks=False)
            if path.is_symlink():
                yield str(path), os.fsencode(os.readlink(path))
            elif path.is_file() and path.stat().st_size <= _MOST:
                yield str(path), path.read_bytes()


def _inside(place: Path) -> Iterator[Path]:
    """What is there and not on another file system: another test may have all of this machine there."""
    for at, folders, files in os.walk(place):
        yield from (Path(at, name) for name in (*folders, *files))
        folders[:] = [name for name in folders if not os.path.ismount(os.path.join(at, name))]


def processes(build: int) -> Iterator[tuple[str, bytes]]:
    """What anybody may read of a build's processes and their children, and what root may.

    Those of its steps are left out, and the variables of the build itself, which the caller gave it.
    """
    family = {build}
    found = sorted(int(path.name) for path in Path("/proc").glob("[0-9]*"))
    while grown := {pid for pid in found if pid not in family and _parent(pid) in family}:
        family |= grown
    for pid in family:
        with suppress(OSError):
            place = Path(f"/proc/{pid}")
            if not _is_step(place):
                yield f"command line of {_title(place)}", (place / "cmdline").read_bytes()
                if pid != build:
                    yield f"variables of {_title(place)}", (place / "environ").read_bytes()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_step(place: Path) -> bool:
    """Whether it is in a sandbox, and not the first process there, which is ours."""
    for line in (place / "status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return len(line.split()) > 2 and line.split()[-1] != "1"
    return False


def _title(place: Path) -> str:
    return f"{place.name} ({(place / 'comm').read_text().strip()})"
