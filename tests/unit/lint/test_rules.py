"""The registry: every rule has its code, its tests and its page, and can be chosen by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.linting import ARM, ignoring, lint_file, pulled, shell_checked
from fakes.tree import MemoryTree
from stagemill.dockerfile.parser import parse
from stagemill.errors import UsageError
from stagemill.lint import CORE, Rule, buildkit, check, mend, practices
from stagemill.lint import checks as checks_folder
from stagemill.lint.choice import RULES, select
from stagemill.lint.evidence import Evidence, Needless, Unneeded
from stagemill.lint.file import Known
from stagemill.lint.policy import Policy
from stagemill.lint.rules import CHECKS, OURS

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs"
NAMES = [rule.name for rule in RULES]
PAGES = [rule.page for rule in RULES]


def shown(page: str, **by_line: object) -> Known:
    """What is known where a build of the example of a page has shown something."""
    before = (
        (DOCS / "lint" / f"{page}.md").read_text().split("## Before")[1].split("```dockerfile\n")[1].split("```")[0]
    )
    return Known(evidence=(replace(Evidence(parse(before), "build 7 of 2026-11-29"), **by_line),))  # type: ignore[arg-type]


KNOWN: dict[str, Callable[[str], Known]] = {
    "arg-ran-steps": lambda _text: shown("arg-ran-steps", needless={2: Needless(1, 9.5)}),
    "copy-ignored-file": lambda _text: ignoring(".env"),
    "invalid-base-image-platform": lambda text: pulled(text, ARM),
    "shell-check": lambda _text: shell_checked(),
    "stage-no-longer-used": lambda _text: shown("stage-no-longer-used", made=frozenset({0})),
    "unneeded-files": lambda _text: shown(
        "unneeded-files", unneeded={6: (Unneeded("source map", 9, 5_000_000, "app/dist/main.js.map"),)}
    ),
    "untrusted-registry": lambda _text: Known(policy=Policy(registries=("docker.io",))),
}


@pytest.fixture(params=RULES, ids=PAGES)
def rule(request: pytest.FixtureRequest) -> Rule:
    found = request.param
    assert isinstance(found, Rule)
    return found


def test_every_rule_has_a_test_file(rule: Rule) -> None:
    folder = HERE if rule in OURS else HERE / ("buildkit" if rule in CHECKS else "practices")

    assert (folder / f"test_{rule.page.replace('-', '_')}.py").is_file()


def test_every_rule_has_a_page_that_shows_before_and_after(rule: Rule) -> None:
    page = (DOCS / "lint" / f"{rule.page}.md").read_text()

    assert page.startswith(f"# {rule.name}\n")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Why",
        "## Before",
        "## After",
        "## Fix",
    ]


def test_the_overview_links_to_every_rule(rule: Rule) -> None:
    assert f"[{rule.name}](lint/{rule.page}.md)" in (DOCS / "lint.md").read_text()


def test_every_page_and_every_file_belongs_to_a_rule() -> None:
    folders = [Path(folder) for module in (checks_folder, buildkit, practices) for folder in module.__path__]
    files = {path.stem.replace("_", "-") for folder in folders for path in folder.glob("[!_]*.py")} - {"every"}
    pages = {path.stem for path in (DOCS / "lint").glob("*.md")}

    assert files == set(PAGES)
    assert pages == set(PAGES)


def test_there_are_all_checks_of_buildkit() -> None:
    assert len(CHECKS) == 22
    assert [rule.name for rule in CHECKS if rule.experimental] == ["InvalidDefinitionDescription"]


def test_the_example_of_a_page_is_found_before_and_not_after(rule: Rule) -> None:
    page = (DOCS / "lint" / f"{rule.page}.md").read_text()
    before, after = (part.split("```dockerfile\n")[1].split("```")[0] for part in page.split("## ")[2:4])

    def found(text: str) -> list[str]:
        known = KNOWN[rule.page](text) if rule.page in KNOWN else Known()
        context = MemoryTree({".git/config": ""}) if rule.name == "ContextNotIgnored" else None
        file = lint_file(text, known=known, context=context)
        asked = replace(file, options=file.options.with_experimental([rule.name]))
        return [finding.rule for finding in check(asked, [rule])]

    assert found(before)[:1] == ["SC2046" if rule.name == "ShellCheck" else rule.name]
    assert found(after) == []


def test_a_fix_that_a_page_promises_is_there(rule: Rule) -> None:
    page = (DOCS / "lint" / f"{rule.page}.md").read_text()
    before, after = (part.split("```dockerfile\n")[1].split("```")[0] for part in page.split("## ")[2:4])
    if rule in OURS or "There is none" in page.split("## Fix")[1] or rule.twin:
        return

    known = KNOWN[rule.page](before) if rule.page in KNOWN else None
    result = mend(lint_file(before, known=known), [rule], unsafe=True)

    assert result.text == after


def test_the_table_of_hadolint_names_the_rule_of_every_number() -> None:
    rows = re.findall(
        r"^\| (DL\d{4}) \| (?:\[(.*?)\]\(lint/(.*?)\.md\)|none) \|", (DOCS / "hadolint.md").read_text(), re.MULTILINE
    )

    assert {number: name for number, name, _ in rows if name} == {
        number: rule.name for rule in RULES for number in rule.aliases if number != "DL3005"
    }
    assert [number for number, name, _ in rows if not name] == ["DL3043", "DL3061"]
    assert all(page in PAGES for _, name, page in rows if name)
    assert len(rows) == len({number for number, _, _ in rows}) == 71


def test_no_number_belongs_to_two_rules() -> None:
    numbers = [number for rule in RULES for number in rule.aliases]

    assert len(numbers) == len(set(numbers))


def test_findings_come_in_the_order_of_the_file() -> None:
    file = lint_file("FROM a:$X\nRUN y\nFROM b\nCOPY --from=0 / /\n")

    found = [(f.span.line, f.rule) for f in check(file, CORE)]

    assert found == [
        (1, "unnamed-stage"), (1, "InvalidDefaultArgInFrom"), (1, "undeclared-arg"), (3, "unnamed-stage"),
        (4, "index-from"), (4, "whole-directory"),
    ]  # fmt: skip


def test_rules_are_chosen_and_left_out_by_name() -> None:
    assert [rule.name for rule in select(only=["index-from", "unnamed-stage"])] == ["index-from", "unnamed-stage"]
    assert [rule.name for rule in select(ignore=NAMES[1:])] == NAMES[:1]
    assert select() == RULES


def test_a_check_may_be_called_by_its_page() -> None:
    assert [rule.name for rule in select(only=["stage-name-casing"])] == ["StageNameCasing"]
    assert "UndefinedVar" not in [rule.name for rule in select(ignore=["undefined-var"])]


def test_what_a_file_says_counts_for_all_rules() -> None:
    text = "# check=skip=index-from,StageNameCasing\nFROM scratch AS A\nFROM scratch AS b\nCOPY --from=0 /x /x\n"

    assert check(lint_file(text), CORE) == []
    assert [f.rule for f in check(lint_file(text.partition("\n")[2]), CORE)] == ["StageNameCasing", "index-from"]


def test_an_unknown_rule_is_an_error_with_the_near_name() -> None:
    with pytest.raises(UsageError) as caught:
        select(ignore=["index-form"])

    assert caught.value.message == "there is no rule 'index-form'"
    assert caught.value.hint == "did you mean index-from?"


def test_one_that_is_like_no_other_gets_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        select(ignore=["zzz"])

    assert caught.value.hint == "the rules are " + ", ".join(NAMES)
