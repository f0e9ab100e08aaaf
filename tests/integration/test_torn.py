"""State on disk that is damaged: it is noticed when it is read, and made again; it is never served."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from fakes.archives import read_all
from fakes.mill import Mill
from stagemill.digest import Digest

pytestmark = pytest.mark.root

DOCKERFILE = """
FROM busybox AS builder
COPY data /data
RUN tr a-z A-Z < /data > /upper && mkdir /d && mv /data /d/data
FROM busybox
COPY --from=builder /upper /d /out/
RUN cat /out/upper /out/data > /both
"""
STEPS = ["COPY --from=builder /upper /d /out/", "COPY data /data", "RUN cat /out/upper /out/data > /both"]


@pytest.fixture(scope="module")
def original(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with the image `app`; only to be copied."""
    mill = Mill(base.root, base.root / "nothing").copy(tmp_path_factory.mktemp("torn") / "original")
    mill.write({"data": "hello\n" * 100})
    mill.build(DOCKERFILE, "-t", "app")
    return mill


@pytest.fixture
def built(original: Mill, tmp_path: Path) -> Mill:
    return original.copy(tmp_path / "built")


def blobs(mill: Mill) -> Path:
    return mill.root / "blobs" / "sha256"


def flip(path: Path, *, at: int = -1) -> None:
    """Changes one byte of a file, and nothing else."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    stat = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def layer_blobs(mill: Mill, name: str = "app") -> list[Path]:
    """The blobs of an image's layers, the lowest first."""
    manifest = json.loads((blobs(mill) / mill.inspect(name)["Descriptor"]["digest"][7:]).read_bytes())
    return [blobs(mill) / layer["digest"][7:] for layer in manifest["layers"]]


def layer_with(mill: Mill, path: str) -> Path:
    """The directory of the one layer that has a path."""
    (found,) = [layer for layer in (mill.root / "layers").iterdir() if os.path.lexists(layer / "fs" / path)]
    return found


def out(mill: Mill, name: str = "app") -> str:
    return mill.cat(name, "/both")


EXPECTED = "HELLO\n" * 100 + "hello\n" * 100


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("how", ["flip", "truncate", "remove", "empty"])
def test_a_torn_layer_blob_is_noticed_by_save_and_made_again(built: Mill, number: int, how: str) -> None:
    whole = read_all(built.ok("save", "--format=oci", "app").stdout)
    blob = layer_blobs(built)[number]
    match how:
        case "flip":
            flip(blob, at=len(blob.read_bytes()) // 2)
        case "truncate":
            os.truncate(blob, 10)
        case "empty":
            os.truncate(blob, 0)
        case _:
            blob.unlink()

    again = read_all(built.ok("save", "--format=oci", "app").stdout)

    assert again == whole
    assert blob.read_bytes() == whole[f"blobs/sha256/{blob.name}"]


def test_a_torn_blob_is_noticed_by_a_cached_build_that_writes_an_archive(built: Mill) -> None:
    whole = built.ok("build", "-q", "-o", "type=oci,dest=-", ".").stdout
    for blob in layer_blobs(built):
        flip(blob, at=20)

    again = built.build(DOCKERFILE, "-o", "type=oci,dest=-")

    assert again.executed == []
    assert again.stdout == whole


@pytest.mark.parametrize("command", [("save", "--format=oci", "large"), ("build", "-q", "-o", "type=oci,dest=-", ".")])
def test_a_large_blob_is_believed_until_its_file_is_touched(built: Mill, command: tuple[str, ...]) -> None:
    built.write({"noise": os.urandom(1 << 20)})
    built.build("FROM busybox\nCOPY noise /\n", "-t", "large")
    whole = built.ok(*command).stdout
    blob = layer_blobs(built, "large")[1]
    flip(blob, at=500_000)

    again = built.ok(*command).stdout

    assert again == whole
    assert Digest.of(blob.read_bytes()).hex == blob.name


def test_a_torn_config_or_manifest_is_written_again_by_the_next_build(built: Mill) -> None:
    image = built.inspect("app")
    for digest in (image["Id"], image["Descriptor"]["digest"]):
        flip(blobs(built) / digest[7:], at=5)
    said = built.fail("inspect", "app")

    built.build(DOCKERFILE, "-t", "app")

    assert "is torn: its bytes are" in said
    assert "hint: it was thrown away; build or pull again, and it is made anew" in said
    assert built.inspect("app") | {"Metadata": {}} == image | {"Metadata": {}}  # all but when it got its name
    assert out(built) == EXPECTED


def test_a_torn_manifest_of_a_base_is_said_and_its_archive_brings_it_back(built: Mill, base: Mill) -> None:
    flip(blobs(built) / built.inspect("busybox")["Descriptor"]["digest"][7:], at=5)

    said = built.fail("build", "--no-cache", ".")
    built.ok("load", "-i", str(base.root.parent / "busybox.tar"))

    assert "busybox" in said
    assert "| FROM busybox" in said
    built.build(DOCKERFILE, "-t", "app")
    assert out(built) == EXPECTED


def test_an_image_that_cannot_be_made_again_is_an_error_and_not_half_an_archive(built: Mill) -> None:
    blob = layer_blobs(built, "busybox")[0]
    shutil.rmtree(layer_with(built, "bin/busybox"))
    flip(blob, at=100)

    said = built.fail("save", "-o", "saved.tar", "busybox")

    assert blob.name[:12] in said
    assert "hint: " in said
    assert sorted(path.name for path in built.folder.iterdir()) == ["Dockerfile", "data"]


def test_check_of_a_whole_store_finds_nothing(built: Mill) -> None:
    ran = built.ok("store", "check")

    assert ran.out.count("\n") == 1
    assert ran.out.endswith(" 2 images: all whole\n")


@pytest.mark.parametrize("path", ["upper", "d/data", "out/upper", "both"])
@pytest.mark.parametrize("packed", [True, False])
def test_check_finds_a_flipped_byte_in_a_layer_and_the_next_build_is_right(
    built: Mill, path: str, packed: bool
) -> None:
    layer = layer_with(built, path)
    flip(layer / "fs" / path)
    for blob in [] if packed else layer_blobs(built)[1:]:
        blob.unlink()

    checked = built.ok("store", "check")
    again = built.build(DOCKERFILE, "-t", "app")

    assert f"layer sha256:{layer.name} is torn: its files are not what its index says" in checked.out
    assert bool(again.executed) != packed  # the image's layers are unpacked again, and the others are not asked for
    assert out(built) == EXPECTED
    assert built.ok("store", "check").out.count("\n") == 1


@pytest.mark.parametrize("how", ["more", "less", "mode", "owner", "time", "attribute"])
def test_check_finds_other_differences_of_a_layer_too(built: Mill, how: str) -> None:
    layer = layer_with(built, "both")
    file = layer / "fs" / "both"
    layer_blobs(built)[-1].unlink()  # or else it is unpacked again
    match how:
        case "more":
            (layer / "fs" / "more").touch()
        case "less":
            file.unlink()
        case "mode":
            file.chmod(0o640)
        case "owner":
            os.chown(file, 5, 5)
        case "time":
            os.utime(file, (1, 1))
        case _:
            os.setxattr(file, "user.x", b"y")

    checked = built.ok("store", "check")
    again = built.build(DOCKERFILE, "-t", "app")

    assert "is torn" in checked.out
    assert again.executed == STEPS[-1:]
    assert out(built) == EXPECTED


@pytest.mark.parametrize("path", ["upper", "both"])
@pytest.mark.parametrize("how", ["flip", "truncate", "remove"])
def test_a_torn_index_is_noticed_and_the_layer_made_again(built: Mill, path: str, how: str) -> None:
    index = layer_with(built, path) / "index"
    match how:
        case "flip":
            flip(index, at=30)
        case "truncate":
            os.truncate(index, index.stat().st_size // 2)
        case _:
            index.unlink()

    again = built.build(DOCKERFILE + "RUN wc -l < /both > /count\nCOPY --from=builder /upper /d /twice/\n", "-t", "app")

    assert again.executed
    assert out(built) == EXPECTED
    assert built.cat("app", "/count") == "200\n"


@pytest.mark.parametrize("path", ["upper", "out", "both"])
@pytest.mark.parametrize("what", ["directory", "files"])
def test_a_missing_layer_is_made_again(built: Mill, path: str, what: str) -> None:
    layer = layer_with(built, path)
    shutil.rmtree(layer if what == "directory" else layer / "fs")

    built.build(DOCKERFILE + "COPY --from=builder /upper /d /twice/\n", "-t", "app")

    assert out(built) == EXPECTED


def test_a_missing_base_layer_is_unpacked_again_from_its_blob(built: Mill) -> None:
    shutil.rmtree(layer_with(built, "bin/busybox"))

    built.build(DOCKERFILE + "RUN echo more\n", "-t", "app")

    assert out(built) == EXPECTED


def test_a_run_on_a_missing_layer_says_what_to_do_and_does_it_where_it_can(built: Mill) -> None:
    shutil.rmtree(layer_with(built, "both"))

    assert out(built) == EXPECTED


@pytest.mark.parametrize("kept", [0, 100, 4096, 9000])
def test_a_truncated_state_file_is_made_anew_and_the_build_goes_on(built: Mill, base: Mill, kept: int) -> None:
    os.truncate(built.root / "state.sqlite", kept)

    first = built("build", "--progress=plain", "-t", "app", ".")
    if first.status:
        assert "| FROM busybox" in first.err
        assert "Traceback" not in first.err
    built.ok("load", "-i", str(base.root.parent / "busybox.tar"))
    built.build(DOCKERFILE, "-t", "app")

    assert out(built) == EXPECTED


def test_a_state_file_of_rubbish_is_set_aside_and_said(built: Mill, base: Mill) -> None:
    (built.root / "state.sqlite").write_bytes(os.urandom(20_000))

    ran = built("images")

    assert ran.status == 0
    assert "was damaged and has been made anew" in ran.err
    assert (built.root / "state.sqlite.damaged").stat().st_size == 20_000
    built.ok("load", "-i", str(base.root.parent / "busybox.tar"))
    built.build(DOCKERFILE, "-t", "app")
    assert out(built) == EXPECTED


def test_records_of_nonsense_are_forgotten(built: Mill) -> None:
    with sqlite3.connect(built.root / "state.sqlite") as connection:
        changed = connection.execute("UPDATE records SET result = '[[\"what\", 1]]'").rowcount
    connection.close()

    again = built.build(DOCKERFILE, "-t", "app")

    assert changed > 0
    assert again.executed
    assert out(built) == EXPECTED


def test_check_drops_what_is_no_blob_and_no_layer(built: Mill) -> None:
    (blobs(built) / "partial.tmp").write_text("half")
    (blobs(built) / ("0" * 64)).write_text("not what the name says")
    (built.root / "layers" / "odd").mkdir()
    (built.root / "layers" / ("1" * 64)).mkdir()

    checked = built.ok("store", "check").out

    assert "partial.tmp is no blob" in checked
    assert f"blob sha256:{'0' * 64} is torn" in checked
    assert "layers/odd is no layer" in checked
    assert f"layer sha256:{'1' * 64} is torn" in checked
    assert built.ok("store", "check").out.count("\n") == 1
    assert out(built) == EXPECTED


def test_a_changed_archive_beside_its_digest_is_refused_by_load(built: Mill) -> None:
    archive = built.ok("save", "--format=oci", "app").stdout
    path = built.folder / "torn.tar"
    with tarfile.open(fileobj=io.BytesIO(archive)) as before, tarfile.open(path, "w") as after:
        for member in before:
            file = before.extractfile(member)
            data = file.read() if file else b""
            if member.name == f"blobs/sha256/{layer_blobs(built)[2].name}":
                data = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
            after.addfile(member, io.BytesIO(data))
    store = Mill(built.root.parent / "other", built.folder)

    said = store.fail("load", "-i", "torn.tar")

    assert layer_blobs(built)[2].name in said
    assert "hint: " in said
    assert store.ok("images", "--json").out == "[]\n"


def test_a_torn_file_of_the_step_before_is_noticed_in_the_next_image_too(mill: Mill) -> None:
    """COPY links what it made the last time, so what is torn there is torn in both; packing finds out."""
    dockerfile = "FROM busybox\nCOPY c /c\n"
    mill.write({"c/same": "same\n", "c/other": "one\n"})
    mill.build(dockerfile, "-t", "first")
    flip(layer_with(mill, "c/same") / "fs/c/same")
    mill.write({"c/other": "two\n", "Dockerfile": dockerfile})

    said = mill.fail("build", "-t", "second", ".")
    assert "5 other things were dropped" in mill.ok("store", "check").out
    mill.build(dockerfile, "-t", "second")

    assert "the file 'c/same' of a layer is not what the layer's index says" in said
    assert "run `stagemill store check`, then build again" in said
    assert mill.cat("second", "/c/same") == "same\n"
    assert mill.cat("second", "/c/other") == "two\n"
    assert "dropped" not in mill.ok("store", "check").out
