"""A stream ends well only with the bytes that its descriptor names."""

from __future__ import annotations

import io

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError
from stagemill.oci import media_types
from stagemill.oci.blobs import chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.verify import VerifyingReader


def reader(data: bytes, wanted: bytes) -> VerifyingReader:
    descriptor = Descriptor(media_types.LAYER, Digest.of(wanted), len(wanted))
    return VerifyingReader(io.BytesIO(data), descriptor, where="the test")


@pytest.mark.parametrize("data", [b"", b"x", bytes(3 << 20)])
def test_the_right_bytes_pass(data: bytes) -> None:
    assert b"".join(chunks(reader(data, data))) == data


@pytest.mark.parametrize(
    ("data", "wanted", "why"),
    [
        (b"abd", b"abc", f"its bytes are {Digest.of(b'abd')}"),
        (b"ab", b"abc", "it ends after 2 of 3 bytes"),
        (b"abcd", b"abc", "it is longer than 3 bytes"),
        (b"", b"abc", "it ends after 0 of 3 bytes"),
    ],
)
def test_wrong_bytes_raise(data: bytes, wanted: bytes, why: str) -> None:
    with pytest.raises(CorruptError) as caught:
        list(chunks(reader(data, wanted)))

    digest = Digest.of(wanted)
    assert caught.value.message == f"blob {digest} from the test is not what its name says: {why}"
    assert caught.value.hint is not None
    assert "fetch the image again" in caught.value.hint


def test_wrong_bytes_raise_before_the_last_piece_is_given() -> None:
    stream = reader(b"abd", b"abc")

    assert stream.read(2) == b"ab"
    with pytest.raises(CorruptError):
        stream.read(1)
