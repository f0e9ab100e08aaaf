"""Why a source is not there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fakes.tree import MemoryTree, link
from stagemill.files.select import MissingSourceError, matches
from stagemill.plan.missing import missing_source, near_name
from stagemill.plan.request import FileContext

TREE = MemoryTree({"README.md": "", "src/app.js": "", "src/link": link("nowhere"), "folder": link("src")})


@dataclass
class Rules:
    """Hides the paths it was given."""

    hidden: dict[str, str] = field(default_factory=dict)

    def explain(self, path: str, /) -> str | None:
        return self.hidden.get(path)


def explained(source: str, ignored: Rules | None = None) -> tuple[str, str | None]:
    with pytest.raises(MissingSourceError) as caught:
        matches(TREE, [source])
    return missing_source(caught.value, source, FileContext(TREE, ignored=ignored))


def test_a_rule_of_the_ignore_file_is_named() -> None:
    assert explained("secret", Rules({"secret": 'line 3 of .dockerignore ("sec*")'})) == (
        '"/secret": not found in the build context, excluded by line 3 of .dockerignore ("sec*")',
        "remove the rule, or add a line below it that begins with !",
    )


def test_a_near_name_is_offered() -> None:
    assert explained("readme.md") == ('"/readme.md": not found in the build context', "did you mean README.md?")
    assert explained("src/ap.js")[1] == "did you mean src/app.js?"
    assert explained("folder/ap.js")[1] == "did you mean folder/app.js?"


def test_a_path_outside_of_the_context_is_explained() -> None:
    expected = "sources are relative to the build context, and nothing outside of it can be copied"

    assert explained("/etc/passwd") == ('"/etc/passwd": not found in the build context', expected)
    assert explained("../other")[1] == expected
    assert explained("~/x")[1] == expected


def test_a_path_below_a_file_has_no_near_name() -> None:
    assert explained("README.md/x") == ('"/README.md/x": not found in the build context', None)


def test_a_link_that_leads_nowhere_is_not_offered_instead_of_itself() -> None:
    message, hint = explained("src/link")

    assert message == '"/src/link": not found in the build context'
    assert hint is not None
    assert "nowhere" in hint


def test_the_nearest_folder_that_is_missing_is_looked_at() -> None:
    assert near_name(TREE, "scr/deep/app.js") == "src"
    assert near_name(TREE, "zzz") is None
    assert near_name(MemoryTree({}), "a") is None
