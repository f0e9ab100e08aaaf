"""`Digest`, a name that bytes cannot fake, and the canonical form in which values are hashed.

Source: OCI image-spec descriptor.md, section "Digests". Only sha256 is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Self, TypeAlias

from stagemill.regex import regex

Canonical: TypeAlias = "str | int | bool | Sequence[Canonical] | Mapping[str, Canonical] | None"

_FORM = regex(r"sha256:[0-9a-f]{64}")


class Digest(str):
    """`sha256:` and 64 lower-case hex digits; anything else cannot be made (ValueError)."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _FORM.fullmatch(text):
            raise ValueError(f"not a sha256 digest: {text!r}")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The digest of some bytes."""
        return cls.from_bytes(hashlib.sha256(data).digest())

    @classmethod
    def from_hex(cls, text: str) -> Self:
        return cls(f"sha256:{text}")

    @classmethod
    def from_bytes(cls, data: bytes | bytearray) -> Self:
        """From the 32 bytes that it is; faster than from text, as nothing has to be looked at."""
        if len(data) != 32:
            raise ValueError(f"not a sha256 digest: {len(data)} bytes")
        return super().__new__(cls, f"sha256:{data.hex()}")

    @classmethod
    def of_value(cls, value: Canonical) -> Self:
        """The digest of a value's canonical form; equal values have equal digests on every machine and for ever."""
        return cls.of(canonical(value))

    @property
    def hex(self) -> str:
        return self[7:]

    @property
    def short(self) -> str:
        """Twelve hex digits, for people."""
        return self[7:19]


def canonical(value: Canonical) -> bytes:
    """JSON with sorted keys and no spaces, as UTF-8; bytes that are no UTF-8 travel as lone surrogates."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")
