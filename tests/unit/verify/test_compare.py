"""Two images, compared."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fakes.blobs import MemoryBlobs
from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.verify.compare import compare
from stagemill.verify.difference import Change, Differences
from stagemill.verify.side import Side

LINE = Excerpt("Dockerfile", 3, 1, 5, "RUN x")


class Everywhere:
    """Every layer and file was made by one line."""

    def layer(self, _number: int) -> Excerpt:
        return LINE

    def file(self, _number: int, _path: str, _digest: Digest | None) -> Excerpt:
        return LINE


Member = tuple[bytes, Mapping[str, object]]


def tar(members: Mapping[str, Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, (data, facts) in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in facts.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def side(*tars: bytes, config: RunConfig | None = None, level: int = 6) -> Side:
    blobs = MemoryBlobs()
    packed = [gzip.compress(data, level, mtime=0) for data in tars]
    image = Image.build(
        ImageConfig(Platform.local(), config or RunConfig(), diff_ids=tuple(map(Digest.of, tars))),
        tuple(Descriptor(media_types.LAYER_GZIP, blobs.put(data), len(data)) for data in packed),
    )
    return Side(image, blobs)


def file(data: bytes = b"", **facts: object) -> Member:
    return data, facts


def differences(one: Side, other: Side, scratch: Path) -> Differences:
    return compare(one, other, scratch=scratch, places=Everywhere())


def test_one_manifest_is_the_same(tmp_path: Path) -> None:
    one = side(tar({"a": file(b"1")}))

    assert not differences(one, replace(one), tmp_path)


def test_values_of_the_config_are_told_by_key_and_digests_of_layers_are_not(tmp_path: Path) -> None:
    one, other = (side(tar({"a": file(b"1")}), config=RunConfig(user=user)) for user in ("x", "y"))

    found = differences(one, other, tmp_path)

    assert [(each.key, each.one, each.other) for each in found.keys] == [("config.User", "x", "y")]
    assert (found.layers, found.files) == ((), ())


def test_bytes_that_differ_are_told_with_their_place_and_cause(tmp_path: Path) -> None:
    one, other = (side(tar({"same": file(b"x"), "d/a": file(text)})) for text in (b"b\na\n", b"a\nb\n"))

    (found,) = differences(one, other, tmp_path).files

    assert (found.path, found.layer, found.step) == ("d/a", 0, LINE)
    assert [change.name for change in found.changes] == ["bytes"]
    assert found.at
    assert (found.at.offset, found.at.one, found.at.other) == (0, b"b\na\n", b"a\nb\n")
    assert found.cause
    assert found.cause.title.startswith("the same lines")
    assert list(tmp_path.iterdir()) == []


def test_facts_that_differ_are_told_in_words(tmp_path: Path) -> None:
    one = side(tar({"a": file(mode=0o644, mtime=0), "l": file(type=tarfile.SYMTYPE, linkname="x")}))
    other = side(tar({"a": file(mode=0o600, mtime=1, uid=5), "l": file(type=tarfile.SYMTYPE, linkname="y")}))

    found = differences(one, other, tmp_path).files

    assert [each.changes for each in found] == [
        (
            Change("mode", "0644", "0600"),
            Change("owner", "0:0", "5:0"),
            Change("time", "1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"),
        ),
        (Change("link", "x", "y"),),
    ]


def test_hard_links_kinds_and_attributes_count(tmp_path: Path) -> None:
    note = {"SCHILY.xattr.user.note": "1"}
    first: dict[str, Member] = {"a": file(b"1"), "b": file(b"1"), "c": file(b"1", pax_headers=note)}
    second: dict[str, Member] = {"a": file(b"1"), "b": file(type=tarfile.LNKTYPE, linkname="./a"), "c": file(b"1")}

    found = differences(side(tar(first)), side(tar(second)), tmp_path).files

    assert {each.path: [change.name for change in each.changes] for each in found} == {
        "b": ["kind", "size", "link"],
        "c": ["attributes"],
    }


def test_a_path_that_only_one_has_is_told(tmp_path: Path) -> None:
    one, other = side(tar({"a": file(), "b": file()})), side(tar({"a": file(), "c": file()}))

    assert [(each.path, each.changes) for each in differences(one, other, tmp_path).files] == [
        ("b", (Change("path", "there", "not there"),)),
        ("c", (Change("path", "not there", "there"),)),
    ]


def test_names_that_were_drawn_are_one_difference(tmp_path: Path) -> None:
    one, other = (side(tar({f"tmp.{end}": file()})) for end in ("OqKTg0", "jRSuAw"))

    (found,) = differences(one, other, tmp_path).files

    assert (found.path, found.changes) == ("tmp.OqKTg0", (Change("path", "there", "tmp.jRSuAw"),))


def test_layers_with_the_same_files_differ_by_order_headers_or_compression(tmp_path: Path) -> None:
    plain = tar({"a": file(b"1"), "b": file(b"2")})
    causes = {
        "order": side(tar({"b": file(b"2"), "a": file(b"1")})),
        "headers": side(tar({"a": file(b"1", uname="root"), "b": file(b"2")})),
        "otherwise": side(plain, level=1),
    }

    found = {word: differences(side(plain), other, tmp_path) for word, other in causes.items()}

    for word, each in found.items():
        (layer,) = each.layers
        assert word in layer.cause.title
        assert (layer.layer, layer.step, each.files) == (0, LINE, ())


def test_a_layer_too_many_is_told(tmp_path: Path) -> None:
    one = tar({"a": file(b"1")})

    (found,) = differences(side(one, one), side(one), tmp_path).layers

    assert (found.layer, found.text) == (1, "only in the first image")


def test_every_layer_is_looked_at(tmp_path: Path) -> None:
    same, *others = (tar({"a": file(text)}) for text in (b"s", b"1", b"2", b"3", b"4"))

    found = differences(side(same, *others[:2]), side(same, *others[2:]), tmp_path).files

    assert [(each.layer, each.path) for each in found] == [(1, "a"), (2, "a")]
    assert all(each.at for each in found)
