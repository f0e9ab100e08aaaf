"""docs/conformance.md: how many behaviours are right, what is pending, and where and why we differ on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.rows import Behaviour, Group, Standing

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
STANDINGS: tuple[Standing, ...] = ("right", "deviating", "pending")
_INTRODUCTION = """\
# Conformance

Written by `tests/conformance/report.py` from the tables in `tests/conformance/tables`; do not edit it.

BuildKit tests its Dockerfile language and its outputs by {total} behaviours that a command line can drive. For each of them there is a
row of ours, with Dockerfiles and expectations of our own, and a test that builds it: **{right} are right, {deviating}
{are} different on purpose, {pending} are pending**. What is pending fails with a message that says so, which its test
checks; nothing is ignored.

A row is one behaviour with all that it consists of: it counts as pending when one of its builds is, although the others
are right and tested.
"""
_OUTRO = """\
## Run them

    pytest tests/conformance                     all of them, as root
    pytest tests/conformance -k testCopyChown    one, by the name of BuildKit's test

The tables can be built with another builder to compare; what only a command line of ours can be asked for is skipped,
and of errors only that there is one is compared:

    CONFORMANCE_BUILDER='buildah bud --layers -f {dockerfile} -t {tag} {flags} {context} &&
        buildah push {tag} oci-archive:{out}' pytest tests/conformance

[tests/conformance/README.md](../tests/conformance/README.md) says how a row is written.
"""


def page(groups: Sequence[Group]) -> str:
    """The text of the page."""
    counts = Counter(row.standing for group in groups for row in group.behaviours)
    numbers = {standing: counts[standing] for standing in STANDINGS}
    are = "is" if numbers["deviating"] == 1 else "are"
    introduction = _INTRODUCTION.format(total=sum(numbers.values()), are=are, **numbers)
    sections = (introduction, _table(groups), _deviations(groups), _pending(groups), _OUTRO)
    return "\n".join(section for section in sections if section)


def _table(groups: Sequence[Group]) -> str:
    lines = ["| BuildKit's file | about | right | deviating | pending |", "|---|---|--:|--:|--:|"]
    for group in groups:
        counts = Counter(row.standing for row in group.behaviours)
        numbers = " | ".join(str(counts[standing] or "") for standing in STANDINGS)
        lines.append(f"| `{group.peer}` | {group.about} | {numbers} |")
    return "\n".join(lines) + "\n"


def _deviations(groups: Sequence[Group]) -> str:
    found = [f"- {row.name} (`{row.covers}`): {reason}\n" for row in _rows(groups) for reason in row.deviations]
    return "## Where we differ on purpose\n\n" + "".join(found) if found else ""


def _pending(groups: Sequence[Group]) -> str:
    features: dict[str, list[str]] = {}
    for row in _rows(groups):
        for feature in row.pending:
            features.setdefault(feature, []).append(row.covers)
    if not features:
        return ""
    lines = [
        f"- **{feature}** ({len(names)}): {', '.join(names)}\n"
        for feature, names in sorted(features.items(), key=_rank)
    ]
    return "## Pending\n\nBy what is not built yet, with the names of BuildKit's tests.\n\n" + "".join(lines)


def _rank(item: tuple[str, list[str]]) -> tuple[int, str]:
    return -len(item[1]), item[0]


def _rows(groups: Sequence[Group]) -> Iterator[Behaviour]:
    return (row for group in groups for row in group.behaviours)
