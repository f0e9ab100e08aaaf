from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import zlib
from collections.abc import Callable
from typing import Literal

import pytest
import zstandard

from stagemill.digest import Digest
from stagemill.errors import ArchiveError, CorruptError
from stagemill.layer.compression import Compression, compressed, decompressed, recompress
from stagemill.layer.stream import CHUNK

DATA = random.Random(1).randbytes(50_000) * 60
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised_by_its_content(form: str) -> None:
    assert b"".join(decompressed(io.BytesIO(FORMS[form](DATA)))) == DATA


@pytest.mark.parametrize("form", FORMS)
def test_several_members_are_one_stream(form: str) -> None:
    compress = FORMS[form]

    assert b"".join(decompressed(io.BytesIO(compress(DATA) + compress(b"more")))) == DATA + b"more"


@pytest.mark.parametrize("data", [b"", b"x", b"plain text", DATA])
def test_what_is_not_compressed_stays_as_it_is(data: bytes) -> None:
    assert b"".join(decompressed(io.BytesIO(data))) == data


def test_zeros_after_the_last_member_are_padding() -> None:
    assert b"".join(decompressed(io.BytesIO(gzip.compress(b"x") + bytes(3_000_000)))) == b"x"


def test_a_frame_to_skip_may_come_first() -> None:
    frame = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"

    assert b"".join(decompressed(io.BytesIO(frame + zstandard.compress(b"x")))) == b"x"


def test_a_reader_may_give_a_byte_at_a_time() -> None:
    class Slow:
        def __init__(self, data: bytes) -> None:
            self._stream = io.BytesIO(data)

        def read(self, _size: int, /) -> bytes:
            return self._stream.read(1)

    assert b"".join(decompressed(Slow(gzip.compress(b"hello")))) == b"hello"


@pytest.mark.parametrize("form", FORMS)
def test_a_stream_that_is_cut_short_is_told(form: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        list(decompressed(io.BytesIO(FORMS[form](DATA)[:-3])))

    assert caught.value.message == f"the {form} data end too early"
    assert caught.value.hint == "the file is damaged, or was cut short; fetch or make it again"


@pytest.mark.parametrize("form", FORMS)
def test_damage_is_told(form: str) -> None:
    data = bytearray(FORMS[form](DATA))
    for place in range(len(data) // 2, len(data) // 2 + 40):
        data[place] ^= 0xFF

    with pytest.raises(ArchiveError, match=f"the {form} data (are damaged|end too early)"):
        list(decompressed(io.BytesIO(bytes(data))))


def test_a_wrong_checksum_of_gzip_is_damage() -> None:
    data = bytearray(gzip.compress(DATA))
    data[-8] ^= 1

    with pytest.raises(ArchiveError, match="the gzip data are damaged"):
        list(decompressed(io.BytesIO(bytes(data))))


def test_a_piece_never_grows_large_however_well_it_was_compressed() -> None:
    assert max(map(len, decompressed(io.BytesIO(gzip.compress(bytes(100 << 20)))))) <= 1 << 20


def test_an_xz_stream_may_not_ask_for_gigabytes() -> None:
    """The header of a block says how large its dictionary is, in byte 16, and has a checksum of its own."""
    data = bytearray(lzma.compress(b"text"))
    end = 12 + 4 * data[12]
    data[16] = 38  # 2 GB
    data[end : end + 4] = zlib.crc32(data[12:end]).to_bytes(4, "little")

    with pytest.raises(ArchiveError, match="the xz data are damaged: Memory usage limit exceeded"):
        list(decompressed(io.BytesIO(bytes(data))))
    assert b"".join(decompressed(io.BytesIO(lzma.compress(b"text", preset=9)))) == b"text"


def test_gzip_of_ours_has_neither_name_nor_time_and_is_read_by_others() -> None:
    data = b"".join(compressed([DATA, b"more"]))

    assert data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert gzip.decompress(data) == DATA + b"more"
    assert b"".join(compressed([DATA, b"more"])) == data


HOW = [
    Compression("uncompressed"),
    *(Compression("gzip", level) for level in (None, 0, 1, 3, 4, 9)),
    *(Compression("zstd", level) for level in (None, 1, 19)),
]


@pytest.mark.parametrize("how", HOW, ids=str)
def test_what_is_compressed_comes_back_and_is_the_same_bytes_every_time(how: Compression) -> None:
    pieces = [DATA[: 1 << 20], DATA[1 << 20 :]]

    data = b"".join(compressed(pieces, how))

    assert b"".join(decompressed(io.BytesIO(data))) == DATA
    assert b"".join(compressed(pieces, how)) == data


def test_zstd_is_the_same_bytes_on_any_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for count in (1, 2, 3):
        monkeypatch.setattr("os.sched_getaffinity", lambda _pid, count=count: set(range(count)))
        made.append(b"".join(compressed([DATA] * 10, Compression("zstd"))))

    assert made[0] == made[1] == made[2]


def test_more_work_makes_less_data() -> None:
    text = b"".join(b"line %d of many\n" % (number * number) for number in range(200_000))

    def size(kind: Literal["gzip", "zstd"], level: int) -> int:
        return sum(map(len, compressed([text], Compression(kind, level))))

    assert size("gzip", 9) < size("gzip", 1)
    assert size("zstd", 19) < size("zstd", 1)


class TestRecompress:
    TAR = b"".join(hashlib.sha256(bytes([number % 251])).digest() * 300 for number in range(400))

    def again(self, blob: bytes, how: Compression) -> bytes:
        out: list[bytes] = []
        recompress(io.BytesIO(blob), out.append, how, diff_id=Digest.of(self.TAR))
        return b"".join(out)

    @pytest.mark.parametrize(
        "how", [Compression("zstd"), Compression("gzip", 9), Compression("gzip"), Compression("zstd", 12)]
    )
    def test_the_same_tar_makes_the_same_bytes_however_it_was_compressed_before(self, how: Compression) -> None:
        before = [self.TAR, gzip.compress(self.TAR, 1), gzip.compress(self.TAR, 9), bz2.compress(self.TAR)]

        made = {self.again(blob, how) for blob in before}

        assert len(made) == 1
        assert b"".join(decompressed(io.BytesIO(made.pop()))) == self.TAR

    def test_it_is_compressed_in_pieces_of_one_size(self) -> None:
        pieces = [self.TAR[start : start + CHUNK] for start in range(0, len(self.TAR), CHUNK)]

        assert self.again(gzip.compress(self.TAR), Compression("zstd")) == b"".join(
            compressed(pieces, Compression("zstd"))
        )

    def test_another_tar_is_not_taken(self) -> None:
        with pytest.raises(CorruptError, match="is not the tar"):
            self.again(gzip.compress(b"other"), Compression("zstd"))


@pytest.mark.parametrize("how", [Compression("gzip"), Compression("zstd", 0), Compression("uncompressed")])
def test_a_compression_can_be_read_from_its_text(how: Compression) -> None:
    assert Compression.parse(str(how)) == how
    with pytest.raises(ValueError, match="no compression"):
        Compression.parse("lzma-1")
