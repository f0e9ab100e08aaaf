"""What one image has that another has not."""

from __future__ import annotations

import json
from dataclasses import replace

from fakes.layered import FOLDER, LINK, image
from stagemill.digest import Digest
from stagemill.insight.difference import Change, KeyChange, compare, directories
from stagemill.insight.image import ImageSize
from stagemill.oci.document import Json

NOTHING: tuple[dict[str, str], dict[str, str]] = ({}, {})


def test_files_are_added_removed_and_changed() -> None:
    before = image({"a": b"1", "same": b"s", "gone": b"12", "link": b"->a", "d": FOLDER})
    after = image({"a": b"22", "same": b"s", "new": b"123", "link": b"->b", "d": b"file"})

    found = compare(before, after, NOTHING)

    assert [(each.path, each.change, each.growth, each.facts) for each in found.files if each.path != "a"] == [
        ("d", Change.CHANGED, 4, (("kind", "dir", "file"), ("size", "0", "4"), ("content", "", found.files[1].facts[2][2]))),
        ("gone", Change.REMOVED, -2, ()),
        ("link", Change.CHANGED, 0, (("target", "a", "b"),)),
        ("new", Change.ADDED, 3, ()),
    ]  # fmt: skip
    assert [name for name, _, _ in found.files[0].facts] == ["size", "content"]
    assert (found.count(Change.ADDED), found.count(Change.REMOVED), found.count(Change.CHANGED)) == (1, 1, 3)


def test_a_mode_is_a_fact_and_how_many_layers_there_are_is_none() -> None:
    before, after = image({"a": b"1", "b": b"2"}), image({"a": b"1"}, {"b": b"2"}, modes={1: 0o600})

    found = compare(before, after, NOTHING)

    assert [(each.path, each.facts) for each in found.files] == [("b", (("mode", "0644", "0600"),))]


def test_a_hard_link_changes_with_what_it_links_to() -> None:
    before, after = image({"a": b"1", "b": LINK + b"a"}), image({"a": b"2", "b": LINK + b"a"})

    found = compare(before, after, NOTHING)

    assert [(each.path, [name for name, _, _ in each.facts]) for each in found.files] == [
        ("a", ["content"]), ("b", ["content"]),
    ]  # fmt: skip


def test_attributes_are_told_that_differ() -> None:
    def placed(*xattrs: tuple[str, bytes]) -> ImageSize:
        size = image({"a": b"1"})
        one = size.contents.shown["a"]
        part = replace(one.part, entry=replace(one.part.entry, xattrs=xattrs))
        return replace(size, contents=replace(size.contents, shown={"a": replace(one, part=part)}))

    found = compare(
        placed(("user.a", b"1"), ("user.same", b"s")),
        placed(("user.a", b"2"), ("user.b", b"3"), ("user.same", b"s")),
        NOTHING,
    )

    ((name, ours, theirs),) = found.files[0].facts
    assert (name, ours) == ("attributes", f"user.a={Digest.of(b'1').short}")
    assert theirs == f"user.a={Digest.of(b'2').short} user.b={Digest.of(b'3').short}"


def test_equal_images_have_no_difference() -> None:
    one = image({"a": b"1", "b": LINK + b"a"})

    assert not compare(one, one, ({"config": {"Env": ["A=1"]}, "created": "now"}, {"config": {"Env": ["A=1"]}}))


def test_packages_are_told_with_all_their_versions() -> None:
    def module(place: str, version: str) -> dict[str, bytes]:
        return {f"{place}node_modules/a/package.json": json.dumps({"name": "a", "version": version}).encode()}

    found = compare(image(module("", "1")), image({**module("", "2"), **module("x/", "1")}), NOTHING).packages
    gone = compare(image(module("", "1")), image({}), NOTHING).packages

    assert [(each.name, each.change, each.before, each.after) for each in found] == [
        ("a", Change.CHANGED, ("1",), ("1", "2"))
    ]
    assert found[0].growth == len(module("", "1").popitem()[1])
    assert [(each.change, each.after) for each in gone] == [(Change.REMOVED, ())]


def test_keys_of_the_config_are_told_each_and_variables_by_name() -> None:
    old: dict[str, Json] = {
        "config": {"Env": ["A=1", "B=2"], "User": "x", "Cmd": ["a"]},
        "rootfs": {"x": 1},
        "history": [1],
        "created": "1",
    }
    new: dict[str, Json] = {
        "config": {"Env": ["B=3", "A=1"], "Cmd": ["a"], "Labels": {"l": "1"}},
        "rootfs": {},
        "history": [],
        "created": "2",
    }

    found = compare(image(), image(), (old, new)).config

    assert found == (
        KeyChange("config.Env.B", "2", "3"),
        KeyChange("config.Labels.l", None, "1"),
        KeyChange("config.User", "x", None),
    )


def test_directories_grow_by_what_is_below_them() -> None:
    found = compare(image({"a/b/c/x": b"12", "z/y": b"1"}), image({"a/b/c/x": b"1234", "a/q": b"1"}), NOTHING)

    assert directories(found, 2) == [("a", 3), ("a/b", 2), ("z", -1)]
    assert directories(found, 1) == [("a", 3), ("z", -1)]
