from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, link
from stagemill.files.select import Match, MissingSourceError, matches
from stagemill.graph.vertex import Selection

TREE = MemoryTree(
    {
        "package.json": "{}",
        "package-lock.json": "{}",
        "store/v1/f": "payload",
        "current": link("/store/v1"),
        "alias.json": link("package.json"),
        "gone.txt": link("nowhere"),
    }
)


def selected(*patterns: str) -> list[Match]:
    return matches(TREE, Selection(patterns))


def test_sources_are_selected_in_order_with_the_names_they_were_written_with() -> None:
    actual = selected("store/v1", "package*.json")

    assert actual == [
        Match("store/v1", "v1"),
        Match("package-lock.json", "package-lock.json"),
        Match("package.json", "package.json"),
    ]


def test_a_source_path_leads_through_links_and_a_link_named_itself_is_followed() -> None:
    actual = selected("current/f", "current", "alias.json", "al*")

    assert actual == [
        Match("store/v1/f", "f"),
        Match("store/v1", "current"),
        Match("package.json", "alias.json"),
        Match("package.json", "alias.json"),
    ]


def test_the_whole_tree_has_no_name() -> None:
    assert selected("") == [Match("", "")]


def test_a_pattern_that_matches_nothing_selects_nothing() -> None:
    assert selected("nosuch*", "store/*/g") == []


def test_a_link_that_leads_nowhere_is_selected_itself_by_a_pattern() -> None:
    assert selected("gone*") == [Match("gone.txt", "gone.txt")]


def test_a_missing_literal_is_an_error_with_a_near_name() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("./packag.json")

    assert caught.value.pattern == "./packag.json"
    assert caught.value.message == '"/packag.json" was not found'
    assert caught.value.hint == 'did you mean "package.json"?'


def test_a_near_name_is_shown_with_the_directory_that_was_written() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("store/v2/")

    assert caught.value.hint == 'did you mean "store/v1"?'


def test_a_missing_literal_without_a_near_name_has_no_hint() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("qqqqqq")

    assert caught.value.hint is None


def test_a_link_that_leads_nowhere_is_missing() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("gone.txt")

    assert caught.value.message == '"/gone.txt" was not found'
