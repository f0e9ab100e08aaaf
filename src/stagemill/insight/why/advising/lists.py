"""Lists of packages that are cached apart from the install that uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.insight.why.advising.saving import Advice, cut
from stagemill.insight.why.causes import Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Past, PastStep

_UPDATE = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*update\b")
_INSTALL = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*(?:install|upgrade|dist-upgrade)\b")
_OWN = frozenset({Kind.INSTRUCTION, Kind.ARG, Kind.ENV, Kind.UNFINISHED, Kind.FLAG})


def lists(build: Past, explained: Sequence[Explained]) -> Iterator[Advice]:
    """It saves no time, but the search for why a package is not found any more."""
    for one in explained:
        text = one.step.text
        if one.cause.kind not in _OWN or not _INSTALL.search(text) or _UPDATE.search(text):
            continue
        update = next((step for step in _above(one.step, build) if _UPDATE.search(step.text)), None)
        outcome = build.outcome(update.digest) if update else None
        if update and (outcome is None or outcome.state in {"cached", "alike"}):
            what = f"{cut(text)} at line {one.step.line} uses the package lists of line {update.line}, which are cached and may be old"
            yield Advice(f"{what}: write apt-get update && apt-get install in one RUN", one.step.line)


def _above(step: PastStep, build: Past) -> Iterator[PastStep]:
    """The RUNs that a step stands on, the nearest first, until one that installs: that is of its own time."""
    here = step
    while here.inputs and (below := build.graph.steps.get(here.inputs[0].digest)):
        if below.kind == "run":
            yield below
        here = below
