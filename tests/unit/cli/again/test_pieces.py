from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from stagemill.cli.again.pieces import UnusualError, pieces

LAYER = b"layer" * 1000
NAME = hashlib.sha256(LAYER).hexdigest()
INDEX = b'{"manifests": ["sha256:abc"]}'


def archive(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as out:
        for name, data in {f"blobs/sha256/{NAME}": LAYER, "index.json": INDEX, **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path


def test_together_they_are_the_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar", manifest=b"{}")

    found = list(pieces(str(path), {NAME}, naming="sha256:abc"))

    assert [text for kind, text in found if kind == "blob"] == [NAME]
    whole = b"".join(LAYER if kind == "blob" else text.encode("latin-1") for kind, text in found)
    assert whole == path.read_bytes()


def test_blobs_that_the_store_lacks_are_bytes(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar")

    assert {kind for kind, _ in pieces(str(path), (), naming="sha256:abc")} == {"bytes"}


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UnusualError):
        list(pieces(str(tmp_path / "pipe"), (), naming="a"))


@pytest.mark.parametrize("what", ["another image", "a large file", "no tar"])
def test_anything_else_is_refused(tmp_path: Path, what: str) -> None:
    path = archive(tmp_path / "a.tar", **({"large": b"x" * (2 << 20)} if what == "a large file" else {}))
    if what == "no tar":
        path.write_bytes(b"some text" * 100)

    with pytest.raises(UnusualError):
        list(pieces(str(path), {NAME}, naming="sha256:other" if what == "another image" else "sha256:abc"))
