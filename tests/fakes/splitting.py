"""Splitting in a test: the facts of a text and a context, the draft of them, and the text that comes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.tree import MemoryTree, Node
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.split import recipes
from stagemill.split.draft import Draft
from stagemill.split.facts import Facts
from stagemill.split.render import render
from stagemill.split.site import Site

Files = Mapping[str, Node | str]


def facts_of(text: str, files: Files | None = None, **build_args: str) -> Facts:
    return Facts.of(parse(text), context=MemoryTree(files or {}), build_args=build_args)


def drafted(text: str, files: Files | None = None) -> Draft:
    """By text and context alone."""
    facts = facts_of(text, files)
    return recipes.draft(facts, Site.foreseen(facts))


def built(text: str, files: Files, tree: Files) -> Draft:
    """As after a build that has left this tree."""
    facts = facts_of(text, files)
    return recipes.draft(facts, Site.after(facts, MemoryTree(tree)))


def split(text: str, files: Files | None = None) -> str:
    facts = facts_of(text, files)
    return render(facts, recipes.draft(facts, Site.foreseen(facts)))


def runtime(text: str, files: Files | None = None) -> list[str]:
    """The instructions of the runtime stage, without their comments."""
    after = split(text, files).rpartition("\nFROM ")[2]
    return [line for line in f"FROM {after}".splitlines() if line and not line.startswith("#")]


def builder(text: str, files: Files | None = None) -> list[str]:
    """The same of the build stage."""
    before = split(text, files).rpartition("\nFROM ")[0]
    return [line for line in before.splitlines() if line and not line.startswith("#")]


def refusal(text: str, files: Files | None = None) -> tuple[str, str]:
    """What is said, and what is proposed, where a file cannot be split."""
    with pytest.raises(StagemillError) as caught:
        drafted(text, files)
    return caught.value.message, caught.value.hint or ""
