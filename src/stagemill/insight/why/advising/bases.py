"""Base images that moved under a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from stagemill.insight.why.advising.saving import Advice, only_by, saving
from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Graph


def bases(explained: Sequence[Explained], graph: Graph) -> Iterator[Advice]:
    for name in dict.fromkeys(one.cause.name for one in explained if _moved(one.cause)):
        steps = only_by(partial(_is_of, name), explained, graph)
        if steps:
            text = f"{name} moved: held by stagemill lock and build --locked until you want the new one"
            yield saving(text, steps[0].step.line, steps)


def _is_of(name: str, _: Explained, cause: Cause) -> bool:
    return _moved(cause) and cause.name == name


def _moved(cause: Cause) -> bool:
    """From one digest to another, with its name as it was."""
    return cause.kind is Kind.BASE and bool(cause.old and cause.new and cause.old.startswith("sha256:"))
