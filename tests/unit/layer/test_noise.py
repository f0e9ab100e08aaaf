"""Bytes that do not get smaller are kept as they are, and any reader of gzip gets them back."""

from __future__ import annotations

import gzip
import random

import pytest

from stagemill.layer.compression import USUAL, Compression, squeezed
from stagemill.layer.noise import is_noise, stored

NOISE = random.Random(2).randbytes(1 << 20)
TEXT = b"the quick brown fox jumps over the lazy dog\n" * 24_000


@pytest.mark.parametrize("size", [0, 1, 0xFFFE, 0xFFFF, 0x10000, 3 * 0xFFFF, 1 << 20])
def test_what_is_stored_is_a_member_of_gzip(size: int) -> None:
    data = NOISE[:size]

    assert gzip.decompress(stored(data)) == data
    assert len(stored(data)) <= size + 23 + 5 * (size // 0xFFFF)


@pytest.mark.parametrize(
    ("data", "noise"),
    [
        (NOISE, True),
        (NOISE[: 1 << 16], True),
        (TEXT, False),
        (bytes(1 << 20), False),
        (NOISE[: (1 << 16) - 1], False),
        (b"", False),
        (NOISE[: 7 << 17] + bytes(1 << 17), False),
        (NOISE[: 1 << 14] * 64, False),
        (bytes(byte & 0x7F for byte in NOISE), False),
    ],
    ids=["noise", "a little", "text", "zeros", "too little", "nothing", "noise with a hole", "repeated", "seven bits"],
)
def test_noise_is_what_does_not_get_a_hundredth_smaller(data: bytes, *, noise: bool) -> None:
    assert is_noise(data) == noise


def test_only_noise_is_stored() -> None:
    made = [squeezed(data, USUAL) for data in (NOISE, TEXT)]

    assert made[0] == stored(NOISE)
    assert len(made[1]) < len(TEXT) / 50
    assert [gzip.decompress(each) for each in made] == [NOISE, TEXT]


def test_what_zlib_shall_make_is_made_by_zlib() -> None:
    assert squeezed(NOISE, Compression("gzip", 6)) != stored(NOISE)
