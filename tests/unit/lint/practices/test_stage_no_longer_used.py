"""`StageNoLongerUsed`: a stage that an earlier build needed for another one, and that nothing needs any more."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.linting import findings, lines_found, lint_file
from stagemill.dockerfile.parser import parse
from stagemill.lint.choice import RULES
from stagemill.lint.evidence import Evidence
from stagemill.lint.file import Known
from stagemill.lint.rules import check

RULE = "StageNoLongerUsed"
THEN = "FROM x AS a\nRUN one\nRUN two\nFROM y AS app\nCOPY --from=a /a /a\n"
NOW = THEN.replace("COPY --from=a /a /a\n", "COPY b /b\n")


def shown(
    seconds: Mapping[int, float] | None = None, *, then: str = THEN, made: frozenset[int] = frozenset({0})
) -> Known:
    return Known(evidence=(Evidence(parse(then), "build 3 of 2026-11-20", made, seconds or {}),))


def test_a_stage_that_was_needed_and_is_not_is_told_with_what_it_took() -> None:
    (found,) = findings(RULE, NOW, known=shown({2: 40.0, 3: 8.04, 5: 1.0}))

    assert (found.span.line, found.level) == (1, "warning")
    assert found.message == (
        "`a` is in no image any more: build 3 of 2026-11-20 needed it (its 2 steps took 48.0 s), "
        "and nothing copies from it or begins from it now"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [({}, "build 3 of 2026-11-20 needed it, and nothing"), ({2: 1.26}, "needed it (its step took 1.3 s), and nothing")],
)  # fmt: skip
def test_times_that_nobody_knows_are_left_out(seconds: dict[int, float], told: str) -> None:
    assert told in findings(RULE, NOW, known=shown(seconds))[0].message


@pytest.mark.parametrize(
    "now",
    [THEN, NOW.replace("RUN one", "RUN other"), NOW.replace("COPY b /b", "RUN --mount=from=a x"), "FROM x AS a\nRUN one\nRUN two\n"],
)  # fmt: skip
def test_one_that_is_used_or_changed_or_the_image_itself_is_fine(now: str) -> None:
    assert lines_found(RULE, now, known=shown()) == []


def test_one_that_was_only_built_by_its_name_is_fine() -> None:
    assert lines_found(RULE, NOW, known=shown(made=frozenset())) == []


def test_it_speaks_for_a_stage_that_nothing_ever_uses() -> None:
    then = "FROM x\nRUN one\nFROM y\nCOPY --from=0 /a /a\n"
    now = then.replace("COPY --from=0 /a /a\n", "RUN z\n")
    rules = [rule for rule in RULES if rule.name in {RULE, "UnusedStage"}]

    assert [found.rule for found in check(lint_file(now), rules)] == ["UnusedStage"]
    assert [found.rule for found in check(lint_file(now, known=shown(then=then)), rules)] == [RULE]
