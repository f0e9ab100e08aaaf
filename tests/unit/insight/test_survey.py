"""What is taken of a layer's files while they pass."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fakes.layered import FOLDER, blob
from fakes.programs import elf, info
from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.insight.survey import Survey, survey, surveyed
from stagemill.layer.index import IndexEntry, LayerIndex


def test_files_that_tell_of_packages_are_kept_and_no_others() -> None:
    files = {
        "var/lib/dpkg/status": b"status", "var/lib/dpkg/info/a.list": b"list", "var/lib/dpkg/info/a.md5sums": b"no",
        "lib/apk/db/installed": b"apk", "etc/os-release": b"ID=x", "etc/passwd": b"no",
        "srv/package.json": b"{}", "srv/node_modules/x/yarn.lock": b"no", "srv/yarn.lock": b"yarn", "uv.lock": b"uv",
        "srv/node_modules/.package-lock.json": b"hidden", "a.dist-info/RECORD": b"record",
    }  # fmt: skip

    found = survey(io.BytesIO(blob(files))).files

    assert found == {path: data for path, data in files.items() if data != b"no"}


def test_of_packages_name_and_version_are_kept() -> None:
    files = {
        "node_modules/a/package.json": b'{"name": "a", "version": "1", "scripts": {}}',
        "node_modules/b/package.json": b"no JSON",
        "c.dist-info/METADATA": b"Name: c\nVersion: 3\n\nLong text",
    }

    found = survey(io.BytesIO(blob(files))).files

    assert found == {"node_modules/a/package.json": b'["a", "1"]', "c.dist-info/METADATA": b'["c", "3"]'}


@pytest.mark.parametrize("before", [0, 16, (1 << 20) - 16, 3 << 20])
def test_the_modules_of_a_program_are_found_wherever_they_are(before: int) -> None:
    program = elf(bytes(before) + info()) + bytes(1 << 18)

    found = survey(io.BytesIO(blob({"app": program}, mode=0o755))).programs

    assert found == {"app": ("example.org/app", "")}


@pytest.mark.parametrize("program", [bytes(64) + info(), elf(b"x" + info()), elf(info()[:40])])
def test_what_is_no_program_of_go_is_none(program: bytes) -> None:
    assert survey(io.BytesIO(blob({"app": program + bytes(1 << 18)}, mode=0o755))).programs == {}


def test_a_layer_that_lies_unpacked_tells_the_same_as_its_blob(tmp_path: Path) -> None:
    files = {
        "etc/os-release": b"ID=x", "etc/passwd": b"no", "node_modules/a/package.json": b'{"name": "a", "version": "1"}',
        "empty/.wh..wh..opq": b"", "empty": FOLDER,
    }  # fmt: skip
    place = tmp_path / "layer"
    for path, data in files.items():
        if data and data != FOLDER:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
    index = LayerIndex(
        [
            *(IndexEntry(path, Entry("file", 0o644, 0, 0, len(data), 0), Digest.of(data)) for path, data in files.items() if data and data != FOLDER),
            IndexEntry("empty", Entry("dir", 0o755, 0, 0, 0, 0), opaque=True),
        ]
    )  # fmt: skip

    found, streamed = surveyed(index, lambda path: (place / path).read_bytes()), survey(io.BytesIO(blob(files)))

    assert found.files == streamed.files
    assert _parts(found) == _parts(streamed)


def _parts(found: Survey) -> list[tuple[str, bool, bool]]:
    return sorted((part.path, part.opaque, part.digest is None) for part in found.measure.parts)
