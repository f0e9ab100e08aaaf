"""Adding to a layout in a directory."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.export.layout_directory import LayoutDirectory
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import JsonObject


def entry(text: str) -> JsonObject:
    data = text.encode()
    return Descriptor("application/x", Digest.of(data), len(data)).to_json()


def entries(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((path / "index.json").read_text())["manifests"]
    return found


def test_a_new_layout_has_all_that_one_has(tmp_path: Path) -> None:
    layout = LayoutDirectory(tmp_path / "a/b")
    blob = Descriptor("application/x", Digest.of(b"1"), 1)

    layout.begin()
    assert not layout.has(blob)
    layout.write(blob, (b"1",))
    layout.name(blob.to_json(), "x")

    assert layout.has(blob)
    assert json.loads((tmp_path / "a/b/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == ["blobs", "index.json", "oci-layout"]


def test_many_may_add_at_once(tmp_path: Path) -> None:
    layout = LayoutDirectory(tmp_path)
    layout.begin()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: LayoutDirectory(tmp_path).name(entry(str(number)), str(number)), range(24)))

    assert len(entries(tmp_path)) == 24


def test_annotations_of_the_index_and_unknown_keys_stay(tmp_path: Path) -> None:
    index = {"schemaVersion": 2, "manifests": [{**entry("1"), "artifactType": "a"}], "annotations": {"k": "v"}}
    (tmp_path / "index.json").write_text(json.dumps(index))

    LayoutDirectory(tmp_path).name(entry("2"), "two")

    assert json.loads((tmp_path / "index.json").read_text())["annotations"] == {"k": "v"}
    assert [each.get("artifactType") for each in entries(tmp_path)] == ["a", None]


@pytest.mark.parametrize("text", ["", "[]", '{"manifests": [{}]}'])
def test_what_is_no_layout_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)

    with pytest.raises(StagemillError, match="is no index of an image layout") as caught:
        LayoutDirectory(tmp_path).begin()

    assert caught.value.hint == "remove the directory, or choose another one"
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StagemillError, match=r"cannot (read|write)") as caught:
        LayoutDirectory(tmp_path / "file").begin()

    assert caught.value.hint
