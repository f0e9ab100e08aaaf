"""From a file of one stage to a draft, by its text and its context alone: what a build has to show is said as such."""

from __future__ import annotations

from dataclasses import replace

from stagemill.split import recipes
from stagemill.split.draft import Draft, without_nested
from stagemill.split.facts import Facts
from stagemill.split.site import Site


def foreseen(facts: Facts) -> Draft:
    """Raises DockerfileError where it cannot be split, or only by guessing."""
    draft = recipes.draft(facts, Site.foreseen(facts))
    return replace(draft, kept=without_nested_first(draft))


def without_nested_first(draft: Draft):
    first, *rest = draft.kept
    return (first, *without_nested(rest))
