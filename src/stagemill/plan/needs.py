"""What the text of a file needs before any of it is planned: which stages, and which images they name."""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.context.named import NamedContext, NamedImage
from stagemill.dockerfile.tree import Word
from stagemill.oci.platform import Platform
from stagemill.plan.lookup import Name
from stagemill.plan.outline import SCRATCH, Line, Outline, StageText, source_words, triggers
from stagemill.plan.site import Site
from stagemill.plan.waiting import awaited


def reachable(outline: Outline, wave: Sequence[StageText], needed: set[int]) -> list[StageText]:
    """These stages and all that they name, in the order of the file, but for those that are needed already.

    All of them are needed afterwards.
    """
    pending = list(wave)
    found: dict[int, StageText] = {}
    while pending:
        stage = pending.pop()
        if stage.index in needed:
            continue
        needed.add(stage.index)
        found[stage.index] = stage
        parent = outline.parent(stage)
        pending += [parent] if parent else []
        pending += sources(outline, stage, lines(outline, stage))
        pending += [other for _, other in awaited(outline, stage)]
    return [stage for _, stage in sorted(found.items())]


def lines(outline: Outline, stage: StageText) -> tuple[Line, ...]:
    """What the file says of a stage: triggers of the stage that it begins from, then its own instructions (traps 14)."""
    parent = outline.parent(stage)
    own = [(node, outline.site) for node in stage.body]
    return (*(triggers(parent, outline.site) if parent else ()), *own)


def sources(outline: Outline, stage: StageText, body: Sequence[Line]) -> list[StageText]:
    """The stages that it copies from."""
    found = [outline.source(stage, word, site) for word, site in source_words(body)]
    return [source for source in found if isinstance(source, StageText)]


def wanted(outline: Outline, stage: StageText) -> Platform:
    """What FROM asks for, else what is built for."""
    return outline.platform(stage) or outline.site.request.platform


def image(outline: Outline, stage: StageText) -> Name | None:
    """The image that a stage begins from; None for a stage, scratch or files, which have no platform of their own."""
    platform = wanted(outline, stage)
    start = outline.start(stage)
    if isinstance(start, StageText):
        return None
    if isinstance(start, NamedContext):
        return _image_of(start, platform)
    reference = outline.base_name(stage)
    return Name(reference, platform) if reference != SCRATCH else None


def copied_image(outline: Outline, stage: StageText, word: Word, site: Site) -> Name | None:
    """The image that a `--from` names, itself or by a context; None for a stage, scratch or files."""
    source = outline.source(stage, word, site)
    if isinstance(source, NamedContext):
        return _image_of(source, site.request.platform)
    return None if source or word.text == SCRATCH else Name(word.text, site.request.platform)


def _image_of(context: NamedContext, platform: Platform) -> Name | None:
    """The image that a named context is, if it is one."""
    source = context.source
    return Name(source.reference, platform, context.name) if isinstance(source, NamedImage) else None
