"""`Remembered`: what a build of `stagemill builds` says of sizes: from its record, and the layers that the store still has.

Nothing runs for it. Layers that were never packed are, into the form that a build's image has without flags for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stagemill.cli.frame.environment import Workplace
from stagemill.cli.reasons.reading import History
from stagemill.cli.sizing.made import MadeSizes
from stagemill.cli.sizing.trees import Recalled, recalled
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import CorruptError, NotFoundError, StagemillError, UsageError
from stagemill.execute import base
from stagemill.execute.assemble import as_begun
from stagemill.execute.forms import Forms
from stagemill.execute.packaging import USUAL
from stagemill.insight.image import ImageSize
from stagemill.insight.why.past import Past
from stagemill.oci.config import ImageConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.store.builds import KEPT, BuildRow
from stagemill.values import dataclass

_NEWEST = 1 << 62
_SPELLING = re.compile(r"([1-9][0-9]{0,8})?(?::([\w.-]+))?")


class GoneError(StagemillError):
    """A build is known, and what it made cannot be looked at any more."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """`N`, `N:STAGE` or `:STAGE`: a build by its number (None: the last), and one of its stages (empty: what it was of)."""

    number: int | None = None
    stage: str = ""


def spelled(text: str) -> Spelled | None:
    """None for what does not name a build."""
    match = _SPELLING.fullmatch(text)
    return Spelled(int(match[1]) if match[1] else None, match[2] or "") if match and text else None


@dataclass(frozen=True, slots=True)
class Remembered:
    """`lost` are the titles of stages that cannot be weighed any more; `config` is the image's, without values of secrets."""

    past: Past
    sizes: MadeSizes
    config: ImageConfig
    lost: tuple[str, ...]

    @property
    def size(self) -> ImageSize:
        """What the image takes. Which digest it had is not kept: there may have been several, for several outputs."""
        return replace(self.sizes.size, digest=None)


def remembered(named: Spelled, place: Workplace, platform: Platform | None = None) -> Remembered:
    """The build as it was made. `platform` is for one of several, None this machine's, or the first.

    Raises StagemillError where there is no such build or stage, GoneError where its layers are gone.
    """
    history = History(place.store)
    past = history.past(history.row(named.number))
    stages = recalled(past, place.store)
    if not stages:
        raise _nothing_kept(past)
    target = _target(past, stages, named.stage, platform)
    if target.tree is None:
        raise _gone(past, target, asked=bool(named.stage))
    forms = Forms(place.store, remote=place.remote)
    needed = stages if _is_alone(past, stages, named.stage) else _needed(past, stages, target)
    ordered = sorted(needed, key=lambda stage: (stage is target, stage.number))
    sizes = MadeSizes([made for each in ordered if (made := each.made)], forms, lambda: _image(target, forms))
    lost = tuple(each.title for each in ordered if each.tree is None)
    return Remembered(past, sizes, target.config, lost)


def before(place: Workplace, origin: str, stage: str, *, targets: Iterable[str], number: int = _NEWEST) -> str:
    """A stage of the last build of a target from an origin, as rows have it, that succeeded before a number.

    It is spelled `N:STAGE`; empty where there is none.
    """
    wanted = set(targets)
    for row in place.store.builds.of_place(origin, KEPT, before=number):
        if row.result == "built" and wanted & set(row.title.split()):
            return f"{row.number}:{stage}"
    return ""


def next_number(place: Workplace) -> int:
    """That of a build which is written down from now on, or of a later one."""
    rows = place.store.builds.latest(1)
    return rows[0].number + 1 if rows else 1


def has_stage(name: str, place: Workplace) -> bool:
    """Whether the last build has a stage of that name."""
    rows: Sequence[BuildRow] = place.store.builds.latest(1)
    if not rows:
        return False
    return any(stage.title.lower() == name.lower() for stage in History(place.store).past(rows[0]).graph.stages)


def _nothing_kept(past: Past) -> GoneError:
    number = past.number
    if past.graph.stages:
        message, hint = (
            f"build {number} is of an earlier stagemill, which kept nothing to weigh it by",
            "build it again",
        )
    elif past.result == "running":
        message, hint = f"build {number} is not over yet", "stagemill builds shows when it is"
    else:
        message, hint = f"nothing is known of build {number}: it was {past.result}", "stagemill builds lists the others"
    return GoneError(message, hint=hint)


def _target(past: Past, stages: Sequence[Recalled], name: str, platform: Platform | None) -> Recalled:
    """The stage that is meant, for the platform that is. Raises UsageError where there is none, or several."""
    titles = past.title.split()
    if not name and len(titles) > 1:
        listed = ", ".join(f"{past.number}:{title}" for title in titles)
        raise UsageError(f"build {past.number} has several targets", hint=f"name one of them: {listed}")
    wanted = (name or titles[0]).lower()
    found = [stage for stage in stages if wanted in {stage.title.lower(), str(stage.number)}]
    if not found:
        known = dict.fromkeys(stage.title for stage in stages)
        near = nearest(wanted, known)
        hint = f"did you mean {near}? it has {', '.join(known)}" if near else f"it has {', '.join(known)}"
        raise StagemillError(f"build {past.number} has no stage {name}", hint=hint)
    if platform is None:
        here = Platform.local()
        return next((stage for stage in found if stage.config.platform == here), found[0])
    fitting = next((stage for stage in found if stage.config.platform == platform), None)
    if fitting is None:
        known = dict.fromkeys(str(stage.config.platform) for stage in found)
        hint = f"it has {', '.join(known)}"
        raise StagemillError(f"build {past.number} has no {found[0].title} for {platform}", hint=hint)
    return fitting


def _gone(past: Past, target: Recalled, *, asked: bool) -> GoneError:
    number, title = past.number, target.title
    if past.result != "built" and not asked:
        what = "is not over yet" if past.result == "running" else f"{past.result}, and made no image"
        return GoneError(
            f"build {number} {what}", hint=f"stagemill builds lists the others; a stage of it is {number}:STAGE"
        )
    if target.again:
        message = f"{title} was made again after build {number}, and what it was then is not kept"
        return GoneError(message, hint="stagemill size shows the last build")
    if past.outcome(target.vertex) is None and past.result != "built":
        return GoneError(f"build {number} {past.result} before {title} was made", hint="look at another stage")
    place = past.place.partition("\0")[0]
    again = f": stagemill size {place}" if place.startswith("/") or "://" in place else ""
    return GoneError(
        f"build {number} cannot be weighed: layers of {title} are not in the store any more",
        hint=f"build it again{again}",
    )


def _is_alone(past: Past, stages: Sequence[Recalled], name: str) -> bool:
    """Whether all stages are of the one thing that is asked for."""
    return not name and len(past.title.split()) == 1 and len({stage.number for stage in stages}) == len(stages)


def _needed(past: Past, stages: Sequence[Recalled], target: Recalled) -> list[Recalled]:
    """The stages whose results a target reads, and itself."""
    reached, pending = set[str](), [target.vertex]
    while pending:
        digest = pending.pop()
        if digest not in reached and (step := past.graph.steps.get(digest)):
            reached.add(digest)
            pending += [one.digest for one in step.inputs]
    found = {stage.number: stage for stage in reversed(stages) if stage.vertex in reached}
    return list({**found, target.number: target}.values())


def _image(target: Recalled, forms: Forms) -> Image:
    assert target.tree is not None
    begins: Image | None = None
    if target.manifest:
        try:
            begins = base.read_image(forms.store, target.manifest)
        except (NotFoundError, CorruptError):
            begins = None
    packed = as_begun(target.tree, forms.all_packed(target.tree), begins)
    history = begins.config.history if begins else ()
    config = replace(target.config, history=history, diff_ids=tuple(each.diff_id for each in packed))
    return Image.build(config, USUAL.named(packed))
