"""Archives that builders wrote: counted, refused when they are not whole, and divided into what is new and what is base."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from archive import layers_in, payload


def layer(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write(path: Path, layers: list[bytes], *, without: bytes = b"", nested: bool = False) -> Path:
    """An OCI archive of one image; `nested` puts an index between index.json and the manifest."""
    manifest = json.dumps({"layers": [{"digest": digest(data)} for data in layers]}).encode()
    blobs = [manifest, *(data for data in layers if data != without)]
    if nested:
        blobs.append(json.dumps({"manifests": [{"digest": digest(manifest)}]}).encode())
    top = json.dumps({"manifests": [{"digest": digest(blobs[-1] if nested else manifest)}]}).encode()
    files = {"index.json": top, **{"blobs/" + digest(data).replace(":", "/"): data for data in blobs}}
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("nested", [False, True])
def test_the_layers_are_those_of_the_manifest(tmp_path: Path, *, nested: bool) -> None:
    one, two = layer(a="1"), layer(b="2")

    assert layers_in(write(tmp_path / "a.tar", [one, two], nested=nested)) == (digest(one), digest(two))


def test_an_archive_that_lacks_a_layer_is_refused(tmp_path: Path) -> None:
    one, two = layer(a="1"), layer(b="2")

    with pytest.raises(ValueError, match=f"lacks.*{digest(two).removeprefix('sha256:')}"):
        layers_in(write(tmp_path / "a.tar", [one, two], without=two))


def test_a_tar_that_is_no_oci_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(layer(a="1"))

    with pytest.raises(ValueError, match=r"has no file index\.json"):
        layers_in(tmp_path / "x.tar")


def test_the_payload_is_the_new_files_and_the_blobs_of_the_base(tmp_path: Path) -> None:
    base, first, second = layer(old="base"), layer(a="1", b="2"), layer(b="changed")
    archive = write(tmp_path / "a.tar", [base, first, second])
    (tmp_path / "payload").mkdir()
    (tmp_path / "payload/left-behind").touch()

    payload(archive, tmp_path / "payload", is_base={digest(base)}.__contains__)

    folder = tmp_path / "payload"
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    name = digest(base).removeprefix("sha256:")
    assert found == {"files/a": b"1", "files/b": b"changed", f"blobs/{name}": base}
    assert not (folder / "blobs/sha256").exists()
