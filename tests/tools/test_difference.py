"""What differs between two images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.reader import File, Result
from tools.difference import Difference, differences

FILE = File("file", 0o644, "0:0", 1, b"content")
IMAGE = Result(
    {"/a": FILE, "/d": File("dir", 0o755, "0:0", 1)},
    document={"os": "linux", "config": {"Env": ["A=1"], "Labels": {"x": "1", "y": "1"}, "Volumes": None}},
)


def found(second: Result, *without: str, times: bool = False) -> list[Difference]:
    return list(differences(IMAGE, second, without=without, times=times))


def test_nothing_differs_between_an_image_and_itself_and_what_is_blank_is_nothing() -> None:
    assert found(IMAGE) == []
    assert (
        found(replace(IMAGE, document={**IMAGE.document, "config": {**IMAGE.config, "Volumes": {}, "Cmd": []}})) == []
    )


def test_the_config_comes_first_and_maps_are_compared_by_name() -> None:
    document = {"os": "plan9", "config": {"Env": ["A=2"], "Labels": {"x": "1", "z": "3"}}}

    assert found(replace(IMAGE, document=document, files={})) == [
        Difference("os", "linux", "plan9"),
        Difference("config.Env", "['A=1']", "['A=2']"),
        Difference("config.Labels.y", "1", None),
        Difference("config.Labels.z", None, "3"),
        Difference("/a", "file", None),
        Difference("/d", "dir", None),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (replace(FILE, mode=0o600), ("mode 0644", "mode 0600")),
        (replace(FILE, owner="1:2"), ("owner 0:0", "owner 1:2")),
        (replace(FILE, type="symlink", link="b"), ("type file", "type symlink")),
        (replace(FILE, xattrs={"user.a": "1"}), ("xattrs {}", "xattrs {'user.a': '1'}")),
        (replace(FILE, content=b"contEnt"), ("7 bytes, from byte 4 on b'ent'", "7 bytes, from byte 4 on b'Ent'")),
        (replace(FILE, content=b"con"), ("7 bytes, from byte 3 on b'tent'", "3 bytes, from byte 3 on b''")),
    ],
)
def test_files_are_compared_in_all_but_their_times(changed: File, expected: tuple[str, str]) -> None:
    assert found(replace(IMAGE, files={**IMAGE.files, "/a": changed}))[0] == Difference("/a", *expected)


def test_times_count_where_that_is_asked_for_and_places_can_be_left_out() -> None:
    later = replace(IMAGE, files={**IMAGE.files, "/a": replace(FILE, mtime=2)})

    assert found(later) == []
    assert found(later, times=True) == [Difference("/a", "mtime 1", "mtime 2")]
    assert found(later, "/a*", times=True) == []
