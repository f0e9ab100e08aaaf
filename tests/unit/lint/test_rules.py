"""The registry: every rule has its code, its tests and its page, and can be chosen by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.linting import lint_file
from stagemill.errors import UsageError
from stagemill.lint import RULES, check
from stagemill.lint import checks as checks_folder
from stagemill.lint.rules import select

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs"
NAMES = [rule.name for rule in RULES]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_test_file(name: str) -> None:
    assert (HERE / f"test_{name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_page_that_shows_before_and_after(name: str) -> None:
    page = (DOCS / "lint" / f"{name}.md").read_text()

    assert page.startswith(f"# {name}\n")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Why",
        "## Before",
        "## After",
        "## Fix",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_overview_links_to_every_rule(name: str) -> None:
    assert f"(lint/{name}.md)" in (DOCS / "lint.md").read_text()


def test_every_page_and_every_file_belongs_to_a_rule() -> None:
    files = {path.stem.replace("_", "-") for path in Path(checks_folder.__path__[0]).glob("[!_]*.py")}
    pages = {path.stem for path in (DOCS / "lint").glob("*.md")}

    assert files == set(NAMES)
    assert pages == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_page_is_found_before_and_not_after(name: str) -> None:
    page = (DOCS / "lint" / f"{name}.md").read_text()
    before, after = (part.split("```dockerfile\n")[1].split("```")[0] for part in page.split("## ")[2:4])

    rule = select(only=[name])

    assert [f.rule for f in check(lint_file(before), rule)][:1] == [name]
    assert check(lint_file(after), rule) == []


def test_findings_come_in_the_order_of_the_file() -> None:
    file = lint_file("FROM a:$X\nRUN y\nFROM b\nCOPY --from=0 / /\n")

    found = [(f.span.line, f.rule) for f in check(file)]

    assert found == [
        (1, "unnamed-stage"), (1, "undeclared-arg"), (3, "unnamed-stage"), (4, "index-from"), (4, "whole-directory"),
    ]  # fmt: skip


def test_rules_are_chosen_and_left_out_by_name() -> None:
    assert [rule.name for rule in select(only=["index-from", "unnamed-stage"])] == ["index-from", "unnamed-stage"]
    assert [rule.name for rule in select(ignore=NAMES[1:])] == NAMES[:1]
    assert select() == RULES


def test_an_unknown_rule_is_an_error_with_the_near_name() -> None:
    with pytest.raises(UsageError) as caught:
        select(ignore=["index-form"])

    assert caught.value.message == "there is no rule 'index-form'"
    assert caught.value.hint == "did you mean index-from? the rules are " + ", ".join(NAMES)
