"""What a command line says of compression."""

from __future__ import annotations

import pytest

from stagemill.cli.given.compressions import compression
from stagemill.errors import UsageError
from stagemill.layer.compression import Compression


def wrong(what: str, hint: str) -> UsageError:
    return UsageError(what, hint=hint)


@pytest.mark.parametrize(
    ("kind", "level", "expected"),
    [
        ("", "", None),
        ("", "3", Compression("gzip", 3)),
        ("GZIP", "", Compression("gzip")),
        ("zstd", "22", Compression("zstd", 22)),
        ("uncompressed", "", Compression("uncompressed")),
    ],
)
def test_it_is_a_kind_and_a_level(kind: str, level: str, expected: Compression | None) -> None:
    assert compression(kind, level, wrong) == expected


@pytest.mark.parametrize(
    ("kind", "level", "what", "hint"),
    [
        ("gip", "", "unknown compression 'gip'", "did you mean gzip?"),
        ("lz4", "", "unknown compression 'lz4'", "there are gzip, zstd, uncompressed"),
        ("gzip", "-1", "level=-1 is none of gzip", "gzip has the levels 0 to 9"),
        ("uncompressed", "1", "level=1 is none of uncompressed", "uncompressed has no levels"),
        (
            "zstd:chunked",
            "",
            "the compression zstd:chunked is not made here",
            "choose zstd, which is small, and quick to unpack",
        ),
        ("nydus", "", "the compression nydus is not made here", "choose zstd, which is small, and quick to unpack"),
    ],
)
def test_anything_else_is_told(kind: str, level: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        compression(kind, level, wrong, key="level")

    assert caught.value.message.startswith(what)
    assert caught.value.hint == hint
