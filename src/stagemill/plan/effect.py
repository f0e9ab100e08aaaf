"""What a command line names, and nothing of the Dockerfile has: it would have no effect, and nobody would be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Arg, Dockerfile, InstructionNode, OnBuild
from stagemill.plan.epoch import EPOCH
from stagemill.plan.outline import Line, Outline
from stagemill.plan.scope import proxies

_BUILDKIT = "BUILDKIT_"


def unheard_arguments(outline: Outline, body: Iterable[Line]) -> Iterator[str]:
    """Notices for each --build-arg that no ARG declares, in any stage, and one was meant; the others may be for another
    build of the same command line. `body` is what is built.
    """
    given = outline.site.request.build_args
    written = (node for stage in outline.stages for node in stage.body)
    declared = {*outline.globals.args, *_declared(written), *_declared(node for node, _ in body)}
    known = {*declared, *outline.globals.values, *proxies(dict.fromkeys(given, "any")), EPOCH}
    for name in given:
        near = None if name in known or name.startswith(_BUILDKIT) else nearest(name, declared - given.keys())
        if near:
            yield _notice("--build-arg", name, f"no ARG in {outline.site.source.name}", near)


def unknown_stages(dockerfile: Dockerfile, flag: str, names: Iterable[str]) -> Iterator[str]:
    """Notices for each name of a flag that no stage has; stages without a name are `stage-2`."""
    found = [
        start.name.text.lower() if start.name else f"stage-{n}" for n, (start, _) in enumerate(dockerfile.stages())
    ]
    for name in names:
        if name not in found:
            yield _notice(flag, name, f"no stage of {dockerfile.source.name}", nearest(name, found))


def _declared(instructions: Iterable[InstructionNode]) -> Iterator[str]:
    for node in instructions:
        meant = node.trigger if isinstance(node, OnBuild) else node
        if isinstance(meant, Arg):
            yield from (pair.key for pair in meant.items)


def _notice(flag: str, name: str, nothing: str, near: str | None) -> str:
    hint = f"\nhint: did you mean {near}?" if near else ""
    return f"{flag} {name} has no effect: {nothing} has that name{hint}"
