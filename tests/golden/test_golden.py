"""Every mistake that has a page prints what its page says; `python tests/golden/regenerate.py` writes the pages anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.busybox import BUSYBOX
from golden.page import Page, pages, parse
from golden.perform import Stage

pytestmark = pytest.mark.root

PAGES = pages()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """What all pages share; it is whole at the end."""
    if os.geteuid() != 0 or BUSYBOX is None:
        pytest.skip("needs to be root, and a static busybox")
    made = Stage(tmp_path_factory.mktemp("golden"))
    yield made
    assert made.check().endswith("all whole\n")


@pytest.mark.parametrize("name", PAGES)
def test_a_mistake_prints_what_its_page_says(stage: Stage, name: str) -> None:
    text = PAGES[name].read_text()

    assert stage.perform(parse(text), name).render() == text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_written(name: str) -> None:
    """What holds for all messages: one error, no traceback, no bug, lower case, no full stop, and the caret below the line."""
    page = parse(PAGES[name].read_text())

    assert page.render() == PAGES[name].read_text()
    assert page.title.endswith(".")
    assert "Traceback" not in page.error
    assert "this is a bug" not in page.error
    if page.status in {1, 2} and "Error: " not in page.error:
        (said,) = re.findall(r"^error: (.*)$", page.error, re.MULTILINE)
        assert not ends_a_sentence(said)
        first = said.split()[0]
        assert first.isupper() or first[0] == first[0].lower() or first.startswith("Dockerfile")
    assert_carets(page)


def ends_a_sentence(text: str) -> bool:
    """Whether there is a full stop, and not the path of this directory."""
    return text.endswith(".") and not text.endswith((" .", ".."))


def assert_carets(page: Page) -> None:
    """A line in which a page has a word for what differs each time is shorter than it was."""
    lines = page.error.splitlines()
    for place, line in enumerate(lines):
        if match := re.match(r"^( *)\| (\s*)(\^+)$", line):
            source = lines[place - 1].partition(" | ")[2]
            end = len(match[2].expandtabs(1)) + len(match[3])
            assert end <= max(1, len(source)) or re.search(r"\{[a-z]+\}|HASH", source), line
            assert lines[place - 2].startswith(f"{match[1].rstrip()}{' ' * (len(match[1]) - 1)}--> "), lines[place - 2]


def test_every_hint_is_a_line_that_says_what_to_do() -> None:
    hints = [
        line
        for path in PAGES.values()
        for line in parse(path.read_text()).error.splitlines()
        if line.lstrip("#0 ").startswith("hint: ")
    ]

    assert len(hints) > 100
    assert [hint for hint in hints if ends_a_sentence(hint)] == []


def test_there_is_a_page_for_each_kind() -> None:
    assert len(PAGES) > 150


def test_a_page_survives_being_read_and_written(tmp_path: Path) -> None:
    page = Page(
        "A title.", "stagemill build .", {"a": b"\0", "b": b"x\n", "c": b"no end"}, {"stdin": b"s\n"}, "e\n", "o\n", 1
    )

    assert parse(page.render()) == page
