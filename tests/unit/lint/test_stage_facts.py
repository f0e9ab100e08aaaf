"""What an editor tells of stages."""

from __future__ import annotations

import pytest

from fakes.linting import lint_file
from stagemill.lint import stage_facts

TEXT = """\
FROM node:22 AS base
WORKDIR /app
FROM base AS builder
RUN make
FROM base AS test
FROM scratch
COPY --from=builder /app /app
RUN --mount=from=2,target=/t true
ONBUILD COPY --from=base /x /x
"""


@pytest.mark.parametrize(
    ("line", "column", "stage"),
    [(1, 17, 0), (1, 6, None), (3, 6, 0), (3, 14, 1), (7, 13, 1), (7, 20, 1), (7, 21, None), (8, 16, 2), (9, 21, 0), (4, 1, None), (99, 1, None)],
)  # fmt: skip
def test_a_word_that_names_a_stage_is_found(line: int, column: int, stage: int | None) -> None:
    found = stage_facts.at(lint_file(TEXT), line, column)

    assert (found.stage.index if found else None) == stage


@pytest.mark.parametrize(
    ("index", "facts"),
    [
        (0, ["**base**, stage 0 of 4, line 1", "from `node:22`, 1 step, ends in `/app`", "`builder`, `test` begin from it; stage 3 reads it"]),
        (1, ["**builder**, stage 1 of 4, line 3", "from `base`, 1 step, ends in `/app`", "stage 3 reads it"]),
        (3, ["**stage 3**, stage 3 of 4, line 6", "from `scratch`, 3 steps, ends in `/`", "in the image"]),
    ],
)  # fmt: skip
def test_it_is_told_where_a_stage_is_and_what_becomes_of_it(index: int, facts: list[str]) -> None:
    file = lint_file(TEXT)

    assert stage_facts.describe(file, file.stages[index]).split("\n\n") == facts


def test_a_stage_that_nobody_uses_is_a_target_or_nothing() -> None:
    file = lint_file("FROM a AS test\nFROM b\nFROM c\n")

    assert [stage_facts.describe(file, stage).split("\n\n")[2] for stage in file.stages] == [
        "a target of its own",
        "used by nothing",
        "in the image",
    ]
