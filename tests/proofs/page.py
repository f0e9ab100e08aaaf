"""docs/flags.md: every word that a user can write, and the test that proves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from proofs.table import ROW, Proof
from proofs.words import BUILDAH, BUILDX, MEANINGLESS

PAGE = Path(__file__).parents[2] / "docs" / "flags.md"
_INTRODUCTION = """\
# Instructions, flags, variables, and their tests

Written by `tests/proofs/report.py` from `tests/proofs/proofs.toml`; do not edit it.

Everything that can be written in a Dockerfile or behind `stagemill build`, each with a test that shows what it does. None is
taken and ignored: a test fails when a word has no proof. A test named `test…` is a row of the tables in `tests/conformance`,
by the name of BuildKit's test of the same behaviour; the others are files below `tests` and functions in them.
[docs/build.md](build.md) says what the words mean.
"""


def page(found: Mapping[str, Sequence[Proof]]) -> str:
    """The text of the page."""
    sections = [_INTRODUCTION, *(_section(heading, proofs) for heading, proofs in found.items()), _nothing()]
    return "\n".join(sections)


def _section(heading: str, proofs: Sequence[Proof]) -> str:
    return f"## {heading}\n\n| | test |\n|---|---|\n" + "".join(_lines(proofs))


def _lines(proofs: Sequence[Proof]) -> Iterator[str]:
    for proof in proofs:
        whose = {True: "", False: " (stagemill's own)"}[
            proof.word in {*BUILDX, *BUILDAH} or not proof.word.startswith("--")
        ]
        yield f"| `{proof.word}`{whose} | `{proof.test.removeprefix(ROW)}` |\n"


def _nothing() -> str:
    lines = "".join(f"| `{name}` | {why} |\n" for name, why in MEANINGLESS.items())
    return f"## Variables of buildx without a meaning here\n\n| | why |\n|---|---|\n{lines}"
