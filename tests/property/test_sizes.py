"""Whatever layers hold and however they are compressed: parts add up, and an image shows what its layers say."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fakes import weighing
from fakes.layered import FOLDER, LINK, blob, image
from stagemill.insight.contents import Weight
from stagemill.layer.measure import measure

DEEP = "n" * 90
NAMES = st.sampled_from(
    ["a", "b", "a/b", "a/c", "a/b/d", "b/x", ".wh.a", "a/.wh.b", "a/.wh..wh..opq", ".wh..wh..opq", f"b/{DEEP}/{DEEP}"]
)
CONTENT = st.one_of(
    st.binary(max_size=3000),
    st.sampled_from([FOLDER, LINK + b"a", LINK + b"a/b", LINK + b"b", b"->b", b"z" * 5000]),
)
LAYERS = st.lists(st.dictionaries(NAMES, CONTENT, max_size=6), max_size=5)


def cut(data: bytes, places: list[int], form: str) -> bytes:
    """The data in members or frames that end at these places."""
    compress = gzip.compress if form == "gzip" else zstandard.compress
    ends = sorted({min(place, len(data)) for place in places} | {len(data)})
    return b"".join(compress(data[begin:end]) for begin, end in zip([0, *ends], ends, strict=False) if end > begin)


@given(st.dictionaries(NAMES, CONTENT, max_size=6), st.lists(st.integers(0, 30_000)), st.sampled_from(["gzip", "zstd"]))
def test_shares_add_up_to_every_blob(files: Mapping[str, bytes], places: list[int], form: str) -> None:
    data = blob(files)
    packed = cut(data, places, form)

    found = measure(io.BytesIO(packed))

    assert (found.tar, found.blob) == (len(data), len(packed))
    assert all(part.blob >= 0 and part.tar >= 512 for part in found.parts)


@given(LAYERS)
def test_an_image_weighs_what_its_layers_weigh_and_wastes_no_more(layers: list[Mapping[str, bytes]]) -> None:
    found = image(*layers)

    assert [layer.blob for layer in found.layers] == [len(blob(files)) for files in layers]
    assert found.tree().weight == found.shown
    assert found.wasted.blob <= found.blob
    assert len({id(each.placed) for each in found.waste}) == len(found.waste)
    assert sum((layer.waste for layer in found.layers), Weight()) == found.wasted


@given(LAYERS)
def test_what_is_shown_and_hidden_is_what_tarfile_reads(layers: list[Mapping[str, bytes]]) -> None:
    found = image(*layers)

    wanted = weighing.reading(weighing.Layer.of(blob(files)) for files in layers)
    shown = {path: each.part for path, each in found.contents.shown.items() if each.part.entry.kind != "dir"}
    assert {path: (part.tar, part.entry.size) for path, part in shown.items()} == wanted.shown
    assert {
        weighing.Hidden(str(each.fate), each.part.path, each.layer, each.by or 0, each.part.tar, each.part.entry.size)
        for each in found.contents.hidden
    } == wanted.hidden


def test_a_cut_in_the_middle_of_a_file_costs_nobody_a_byte() -> None:
    data = blob({"a": zlib.compress(bytes(range(256)) * 100) * 50, "b": b"1"})
    packed = cut(data, [100, 700, 5000], "gzip")

    assert measure(io.BytesIO(packed)).blob == len(packed)
