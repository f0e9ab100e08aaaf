"""The report of `size` for people: the answer first, then where the bytes are, then which of them nobody needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from stagemill.cli.frame import table
from stagemill.cli.progress.text import clip
from stagemill.cli.sizing import rows
from stagemill.cli.sizing.rows import cut, step, visible
from stagemill.insight.contents import Weight
from stagemill.insight.image import ImageSize
from stagemill.insight.mending import ADVICE
from stagemill.insight.size import SizeReport
from stagemill.insight.waste import Waste
from stagemill.insight.why.past import Past

DEPTH = 2
_ADVICE = {str(kind): advice for kind, advice in ADVICE.items()}
_BEGIN = 3  # components of a path that stand for what lies below
_MOST = 2


def fitted(report: str, width: int | None) -> str:
    """Its lines for a terminal that has so many columns: what does not fit is cut, so that columns stay columns."""
    return report if width is None else "\n".join(clip(line, width) for line in report.splitlines())


def heading(build: Past, *, stage: str, now: float, lost: Sequence[str] = ()) -> str:
    """`build 12 of web, 3 minutes ago`, where it is of another stage with that, and which stages cannot be weighed any more."""
    title = " and ".join(build.title.split())
    gone = f"; not in the store any more, and not below: {', '.join(lost)}" if lost else ""
    part = "" if stage == build.title else f"{stage} in "
    return visible(f"{part}build {build.number} of {title}, {table.age(build.begun, now).lower()}{gone}")


def of_build(report: SizeReport, size: ImageSize, *, top: int, whole: bool = True) -> str:
    """What is built: each stage, and the image. It is not `whole` where stages are lost."""
    return "\n".join([saving(report, whole=whole), answer(size), "", stages(report), *_parts(size, top=top)])


def of_image(size: ImageSize, *, top: int) -> str:
    """An image alone."""
    return "\n".join([answer(size), "", *_steps(size), *_parts(size, top=top)])


def answer(size: ImageSize) -> str:
    """How much it is, and how much of it is waste."""
    wasted = size.wasted
    share = f" ({100 * wasted.blob / size.blob:.0f} %)" if size.blob and wasted.blob else ""
    waste = f"{table.size(wasted.blob)} of what is pulled is waste{share}" if wasted.files else "no waste was found"
    return f"{visible(size.name)}: {table.size(size.blob)} to pull, {table.size(size.shown.size)} on disk; {waste}"


def saving(report: SizeReport, *, whole: bool = True) -> str:
    """The target beside the heaviest stage that it takes files from."""
    found = report.saving
    if found is None:
        alone = "; it copies from no other stage" if whole else ""
        return f"{report.stages[-1].title} {table.size(report.total)}{alone}"
    sign = "−" if found.percent < 0 else "+" if found.percent else "±"
    build, target = table.size(found.build_bytes), table.size(found.target_bytes)
    return f"{found.build_stage} {build} → {found.target_stage} {target}, {sign}{abs(found.percent)} %"


def stages(report: SizeReport) -> str:
    """What each stage and step weighs, on disk."""
    lines: list[tuple[str, str, str, str]] = []
    for stage in report.stages:
        lines.append((stage.title, table.size(stage.own), table.size(stage.total), table.size(stage.carried)))
        if stage.base:
            lines.append((f"  FROM {cut(stage.base_name)}", table.size(stage.base), table.size(stage.base), ""))
        lines += [
            (f"  {cut(each.text)}", table.size(each.own), table.size(each.cumulative), table.size(each.carried))
            for each in stage.steps
        ]
    return table.render(("STAGE / STEP", "OWN", "TOTAL", "CARRIED"), lines, right=(1, 2, 3))


def _steps(size: ImageSize) -> list[str]:
    lines = [
        (table.size(layer.blob), table.size(layer.weight.size), _or_nothing(layer.waste), step(layer.origin))
        for layer in size.layers
    ]
    return [table.render(("PULLED", "ON DISK", "WASTE", "STEP"), lines, right=(0, 1, 2))]


def _or_nothing(weight: Weight) -> str:
    return table.size(weight.blob) if weight.files else ""


def _parts(size: ImageSize, *, top: int) -> Iterator[str]:
    folders = [
        (str(row["Size"]), str(row["Pulled"]), visible(str(row["Directory"]))) for row in rows.directories(size, DEPTH)
    ]
    if folders:
        yield ""
        yield table.render(("ON DISK", "PULLED", "DIRECTORY"), folders[:top], right=(0, 1))
        yield from _more(len(folders), top, "--by directory")
    if size.packages:
        yield ""
        listed = [
            (
                table.size(weight.size),
                table.size(weight.blob),
                str(each.ecosystem),
                visible(f"{each.name} {each.version}".strip()),
            )
            for each, weight in size.packages
        ]
        yield table.render(("ON DISK", "PULLED", "KIND", "PACKAGE"), listed[:top], right=(0, 1))
        kinds = Counter(str(each.ecosystem) for each, _ in size.packages)
        told = ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))
        yield from _more(len(listed), top, f"--by package ({told})")
    if size.waste:
        yield ""
        groups = _groups(size)
        yield table.render(("PULLED", "FILES", "WASTE", "WHERE"), groups[:top], right=(0, 1))
        yield from _more(len(groups), top, "--by waste")
        yield ""
        shown = dict.fromkeys(kind for _, _, kind, _ in groups[:top])
        yield table.render(("WASTE", "WHAT HELPS"), [(kind, _ADVICE[kind]) for kind in shown])


def _more(count: int, top: int, flags: str) -> Iterator[str]:
    if count > top:
        yield f"and {count - top} more: {flags}"


def _groups(size: ImageSize) -> list[tuple[str, str, str, str]]:
    """Waste of one kind that came in with one step, and that one step hid, is a line; the heaviest first."""
    found: defaultdict[tuple[str, int, int], list[Waste]] = defaultdict(list)
    for each in size.waste:
        found[each.kind, each.placed.layer, -1 if each.by is None else each.by].append(each)
    weighed = [(Weight.of(each.placed.part for each in group), key, group) for key, group in found.items()]
    return [
        (table.size(weight.blob), f"{weight.files:,}", str(kind), f"{_place(group)}: {_steps_of(size, layer, by)}")
        for weight, (kind, layer, by), group in sorted(weighed, key=lambda item: (-item[0].blob, item[1]))
    ]


def _steps_of(size: ImageSize, layer: int, by: int) -> str:
    made = step(size.layers[layer].origin)
    return made if by < 0 else f"{made} → {step(size.layers[by].origin)}"


def _place(group: Sequence[Waste]) -> str:
    """The one path, or the directories that have most of it."""
    if len(group) == 1:
        return visible(f"/{group[0].placed.part.path}")
    found: Counter[str] = Counter()
    for each in group:
        found["/".join(each.placed.part.path.split("/")[:-1][:_BEGIN])] += each.placed.part.blob
    listed = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    more = ", …" if len(listed) > _MOST else ""
    return ", ".join(visible(f"/{path}") for path, _ in listed[:_MOST]) + more
