"""Whether images are within their budgets: a table of what was found and what there may be, and an error where one is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stagemill.build import Built
from stagemill.cli.frame import table
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.results.assembly import finish_of
from stagemill.cli.results.outputs import Wishes
from stagemill.cli.sizing import images
from stagemill.cli.sizing.builds import BuiltSizes
from stagemill.cli.sizing.images import FoundImage
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import NotFoundError, StagemillError, UsageError
from stagemill.events import Notice
from stagemill.insight.budget import Budget, Figures, Held, held
from stagemill.insight.image import ImageSize
from stagemill.insight.size import WeighedStage
from stagemill.oci.platform import Platform
from stagemill.plan.effect import unknown_stages


def table_of(lines: Sequence[Held]) -> str:
    """Each line of a budget, and which of them does not hold."""
    shown = [
        (
            line.what,
            table.size(line.found),
            table.size(line.most),
            "ok" if line.holds else f"{table.size(line.found - line.most)} over",
        )
        for line in lines
    ]
    return table.render(("BUDGET", "FOUND", "AT MOST", ""), shown, right=(1, 2))


def refuse(name: str, lines: Sequence[Held], *, told: bool) -> None:
    """Raises StagemillError where a line does not hold; the table is in it, unless it was told already."""
    broken = [line.what for line in lines if not line.holds]
    if broken:
        hint = "stagemill size --by waste lists what could go; stagemill diff shows what is new"
        shown = "" if told else f"\n{table_of(lines)}"
        raise StagemillError(f"{name} is over its budget: {', '.join(broken)}{shown}", hint=hint)


def check(budget: Budget, dockerfile: Dockerfile) -> None:
    """Raises UsageError for a stage that has a budget, and that no Dockerfile has."""
    for notice in unknown_stages(dockerfile, "--max-size", sorted(budget.stages)):
        message, _, hint = notice.partition("\nhint: ")
        raise UsageError(message, hint=hint or "stagemill build --call=targets lists the stages")


def lines_of(
    budget: Budget,
    found: FoundImage,
    *,
    place: Workplace,
    before: str,
    platform: Platform | None,
    weigh: Callable[[], ImageSize],
    stages: Mapping[str, int],
) -> list[Held]:
    """The lines of a budget; `before` names the image that growth is measured from, where the budget names none.

    Stages that were not made have no line. Raises NotFoundError where there is no image that the budget names.
    """
    earlier = _size(budget.against or before, platform, place, must=bool(budget.against)) if budget.growth else None
    waste = weigh().wasted.blob if budget.waste else None
    return list(held(budget, Figures(found.pulled, waste, earlier, stages)))


def _size(name: str, platform: Platform | None, place: Workplace, *, must: bool) -> int | None:
    if not name:
        return None
    try:
        with images.find(name, platform, place) as found:
            return found.pulled
    except NotFoundError:
        if must:
            raise
        return None


def hold(built: Sequence[Built], budget: Budget, *, place: Workplace, wishes: Sequence[Wishes]) -> None:
    """Says what holds of each image of a build, before anybody gets it. Raises StagemillError where one is too large.

    `wishes` are those for each of them.
    """
    failures: list[StagemillError] = []
    for one, wished in zip(built, wishes, strict=True):
        sizes = BuiltSizes(one, finish_of(one, wished.main, squash=wished.squash))
        lines = _lines_of_built(budget, sizes, place=place, before=next(iter(wished.names), ""))
        told = [table_of(lines)] if lines and all(line.holds for line in lines) else []
        if budget.growth and not any(line.what == "growth" for line in lines):
            told.append(f"there is no image before {sizes.image.name} that its growth could be measured from")
        if told:
            one.services.listener(Notice("\n".join(told), one.services.clock()))
        try:
            refuse(sizes.image.name, lines, told=False)
        except StagemillError as error:
            failures.append(error)
    if failures:
        raise StagemillError("\n".join(error.message for error in failures), hint=failures[0].hint)


def _lines_of_built(budget: Budget, sizes: BuiltSizes, *, place: Workplace, before: str) -> list[Held]:
    return lines_of(
        budget,
        sizes.image,
        place=place,
        before=before,
        platform=sizes.image.image.config.platform,
        weigh=lambda: sizes.size,
        stages=_on_disk(sizes.stages()) if budget.stages else {},
    )


def _on_disk(stages: Iterable[WeighedStage]) -> dict[str, int]:
    """What the files of each stage take, by its title."""
    return {stage.title: sum(layer.index.size for layer in stage.layers) for stage in stages}
