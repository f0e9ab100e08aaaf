"""Whether images are within their budgets: a table of what was found and what there may be, and an error where one is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from stagemill.build import Built
from stagemill.cli.frame import table
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.results.assembly import finish_of
from stagemill.cli.results.outputs import Wishes
from stagemill.cli.sizing import images, past, sides
from stagemill.cli.sizing.builds import built_sizes
from stagemill.cli.sizing.images import FoundImage
from stagemill.cli.sizing.made import MadeSizes
from stagemill.cli.sizing.past import GoneError, Spelled, remembered
from stagemill.dockerfile.suggest import nearest
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


def check_titles(budget: Budget, titles: Sequence[str], where: str) -> None:
    """The same for the stages of a build that was."""
    known = {title.lower() for title in titles}
    for title in sorted(budget.stages):
        if title not in known:
            near = nearest(title, known)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(titles)}"
            raise UsageError(f"--max-size {title} has no effect: no stage of {where} has that name", hint=hint)


def unmeasured(budget: Budget, lines: Sequence[Held], name: str) -> Iterator[str]:
    """What cannot be said of a budget."""
    if budget.growth and not any(line.what == "growth" for line in lines):
        yield f"there is no image before {name} that its growth could be measured from"
    told = {line.what for line in lines}
    for title in sorted(budget.stages):
        if f"stage {title}" not in told:
            yield f"stage {title} is not among what was weighed, and its budget was not looked at"


def lines_of(
    budget: Budget,
    found: FoundImage,
    *,
    place: Workplace,
    before: Sequence[str],
    platform: Platform | None,
    weigh: Callable[[], ImageSize],
    stages: Mapping[str, int],
) -> list[Held]:
    """The lines of a budget. `before` names what growth is measured from, where the budget names nothing: the first that there is.

    Stages that were not made have no line. Raises StagemillError where there is nothing that the budget names.
    """
    earlier = _before(budget.against, before, platform, place) if budget.growth else None
    waste = weigh().wasted.blob if budget.waste else None
    return list(held(budget, Figures(found.pulled, waste, earlier, stages)))


def _before(against: str, before: Sequence[str], platform: Platform | None, place: Workplace) -> int | None:
    if against:
        return _pulled(against, platform, place)
    for name in before:
        with suppress(NotFoundError, GoneError):
            return _pulled(name, platform, place)
    return None


def _pulled(name: str, platform: Platform | None, place: Workplace) -> int:
    """How much is to be pulled of an image, or of a build that was. Raises StagemillError where there is none."""
    found = sides.meaning(name, place)
    if isinstance(found, Spelled):
        return remembered(found, place, platform).sizes.image.pulled
    with images.find(name, platform, place) as image:
        return image.pulled


def hold(built: Sequence[Built], budget: Budget, *, place: Workplace, wishes: Sequence[Wishes], origin: str) -> None:
    """Says what holds of each image of a build, before anybody gets it. Raises StagemillError where one is too large.

    `wishes` are those for each of them; `origin` is that of the build, as its row has it.
    """
    failures: list[StagemillError] = []
    for one, wished in zip(built, wishes, strict=True):
        sizes = built_sizes(one, finish_of(one, wished.main, squash=wished.squash))
        title = sizes.target.title
        before = [
            *list(wished.names)[:1],
            *([earlier] if (earlier := past.before(place, origin, title, targets=[title])) else []),
        ]
        lines = _lines_of_built(budget, sizes, place=place, before=before)
        told = [table_of(lines)] if lines and all(line.holds for line in lines) else []
        told += unmeasured(budget, lines, sizes.image.name)
        if told:
            one.services.listener(Notice("\n".join(told), one.services.clock()))
        try:
            refuse(sizes.image.name, lines, told=False)
        except StagemillError as error:
            failures.append(error)
    if failures:
        raise StagemillError("\n".join(error.message for error in failures), hint=failures[0].hint)


def _lines_of_built(budget: Budget, sizes: MadeSizes, *, place: Workplace, before: Sequence[str]) -> list[Held]:
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
