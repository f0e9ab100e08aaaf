"""What compilers leave: bytecode with the time of its source, programs with a build id."""

from __future__ import annotations

from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_PYC_HEADER = 16
_BY_HASH = 1

_BYTECODE = Cause(
    "Python's bytecode, which has the time of its source in it",
    "write ARG SOURCE_DATE_EPOCH before the RUN, and Python uses a hash instead; or "
    "python -m compileall --invalidation-mode unchecked-hash; or ENV PYTHONDONTWRITEBYTECODE=1 for none",
)
_OTHER_BYTECODE = Cause(
    "Python's bytecode, which two runs write otherwise",
    "let one process write all of it: python -m compileall, after PYTHONDONTWRITEBYTECODE=1 for the others; or leave it out",
)
_PROGRAM = Cause(
    "a compiled program: the time (__DATE__), the directory it was built in, or a build id",
    "for C: -ffile-prefix-map=$PWD=. -Wdate-time, and -Wl,--build-id=sha1; for Go: -trimpath -buildvcs=false; for Rust: --remap-path-prefix",
)


def bytecode(pair: Pair) -> Cause | None:
    """Source: PEP 552. Bytes 4 to 8 are flags; without the first one the next are the source's time."""
    if any(len(data) < _PYC_HEADER or data[2:4] != b"\r\n" for data in (pair.one, pair.other)):
        return None
    by_time = not int.from_bytes(pair.one[4:8], "little") & _BY_HASH
    if by_time and pair.one[8:12] != pair.other[8:12]:
        return _BYTECODE
    return _OTHER_BYTECODE if pair.path.endswith(".pyc") else None


def program(pair: Pair) -> Cause | None:
    """An ELF file of which nothing better is known."""
    return _PROGRAM if pair.one.startswith(b"\x7fELF") and pair.other.startswith(b"\x7fELF") else None
