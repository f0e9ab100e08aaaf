"""Which entries of layers an image shows, and what hides the others."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.layered import FOLDER, LINK, surveys
from stagemill.insight.contents import Contents, Fate, Weight, contents


def of(*layers: Mapping[str, bytes]) -> Contents:
    return contents([survey.measure for survey in surveys(*layers)])


def hidden(found: Contents) -> list[tuple[str, int, str, int | None]]:
    return sorted((each.part.path, each.layer, each.fate.name, each.by) for each in found.hidden)


def test_a_whiteout_deletes_a_file_and_all_below_a_directory() -> None:
    found = of({"a/b/c": b"1", "a/d": b"2", "e": b"3"}, {".wh.a": b""})

    assert sorted(found.shown) == ["e"]
    assert hidden(found) == [("a/b/c", 0, "DELETED", 1), ("a/d", 0, "DELETED", 1)]


def test_an_opaque_directory_deletes_what_was_in_it_and_not_what_comes_with_it() -> None:
    found = of({"a": FOLDER, "a/old": b"1"}, {"a": FOLDER, "a/new": b"2", "a/.wh..wh..opq": b""})

    assert sorted(found.shown) == ["a", "a/new"]
    assert hidden(found) == [("a/old", 0, "DELETED", 1)]


def test_another_file_at_a_path_overwrites_and_the_same_bytes_are_told_apart() -> None:
    found = of({"a": b"1", "b": b"2"}, {"a": b"other", "b": b"2"})

    assert hidden(found) == [("a", 0, "OVERWRITTEN", 1), ("b", 0, "TOUCHED", 1)]
    assert found.shown["a"].layer == 1


def test_directories_that_several_layers_have_are_no_waste() -> None:
    found = of({"a": FOLDER}, {"a": FOLDER, "a/b": b"1"})

    assert found.hidden == ()


def test_a_file_in_the_place_of_a_directory_hides_what_was_below() -> None:
    assert hidden(of({"a": FOLDER, "a/b": b"1"}, {"a": b"file"})) == [
        ("a", 0, "OVERWRITTEN", 1),
        ("a/b", 0, "OVERWRITTEN", 1),
    ]


def test_what_comes_again_after_a_deletion_is_shown_and_the_first_is_still_waste() -> None:
    found = of({"a": b"1"}, {".wh.a": b""}, {"a": b"2"})

    assert hidden(found) == [("a", 0, "DELETED", 1)]
    assert found.shown["a"].layer == 2


def test_content_that_another_name_shows_is_not_wasted() -> None:
    kept = of({"a": b"1", "b": LINK + b"a"}, {".wh.a": b""})
    gone = of({"a": b"1", "b": LINK + b"a"}, {".wh.a": b"", ".wh.b": b""})

    assert hidden(kept) == []
    assert hidden(gone) == [("a", 0, "DELETED", 1), ("b", 0, "DELETED", 1)]


def test_a_path_that_one_layer_has_twice_overwrites_itself() -> None:
    found = of({"a": b"1", "./a": b"22"})

    assert hidden(found) == [("a", 0, "OVERWRITTEN", 0)]
    assert found.shown["a"].part.entry.size == 2


def test_whiteouts_of_nothing_do_nothing() -> None:
    assert of({".wh.nothing": b"", "x/.wh..wh..opq": b""}) == Contents({}, ())


def test_all_entries_have_a_weight_and_weights_add_up() -> None:
    (survey,) = surveys({"d": FOLDER, "a": b"123", "b": LINK + b"a", ".wh.c": b""})

    assert Weight.of(survey.measure.parts) == Weight(files=2, size=3, tar=4 * 512 + 512, blob=4 * 512 + 512)
    assert Weight(1, 2, 3, 4) + Weight(1, 1, 1, 1) == Weight(2, 3, 4, 5)


def test_fates_are_what_people_read() -> None:
    assert [str(fate) for fate in Fate] == ["shown", "deleted later", "overwritten later", "overwritten by itself"]
