"""`Guard`: stands between a build and whoever gets its images, where these have a budget; it loads nothing where they have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill.cli.frame.values import Values
from stagemill.cli.given import budgets
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.build import Built
    from stagemill.cli.frame.environment import Workplace
    from stagemill.cli.making.building import BuildFlags
    from stagemill.cli.results.outputs import Wishes
    from stagemill.dockerfile.tree import Dockerfile
    from stagemill.insight.budget import Budget


@dataclass(frozen=True, slots=True)
class Guard:
    """`budget` is that of the command line and of the project, or None."""

    budget: Budget | None

    @classmethod
    def of(cls, values: Values, context: str) -> Guard:
        """Raises UsageError for a budget that is none."""
        return cls(budgets.of(values, context))

    def wanting(self, build: BuildFlags) -> BuildFlags:
        """The build that makes what is to be weighed: with budgets for stages, those as a whole."""
        return replace(build, every_stage=True) if self.budget and self.budget.stages else build

    def check(self, dockerfile: Dockerfile) -> None:
        """Raises UsageError before anything is made for a stage that is not there."""
        if self.budget:
            from stagemill.cli.sizing.holding import check

            check(self.budget, dockerfile)

    def hold(self, built: Sequence[Built], place: Workplace, wishes: Sequence[Wishes], *, origin: str) -> None:
        """Says how large the images are, as those are that are wished for. Raises StagemillError where one is too large.

        `origin` says where the build's files come from, as its row does.
        """
        if self.budget:
            from stagemill.cli.sizing.holding import hold

            hold(built, self.budget, place=place, wishes=wishes, origin=origin)
