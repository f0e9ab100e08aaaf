"""`found`: every platform that a file can be built for, which is what all of its base images have. As buildah's `--all-platforms`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stagemill.digest import Digest
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import StagemillError, UsageError
from stagemill.oci.choice import choose
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.platform import Platform
from stagemill.plan import needs
from stagemill.plan.outline import Outline
from stagemill.plan.request import Request
from stagemill.plan.resolver import Lister
from stagemill.plan.site import Site

_SOME = Platform("plan9", "any")  # nobody builds for it
_SAY = "say which with --platform, such as --platform linux/amd64,linux/arm64"


def found(dockerfile: Dockerfile, requests: Sequence[Request], lister: Lister) -> tuple[Platform, ...]:
    """In the order of the first image. A FROM that asks for a platform of its own does not count.

    Raises UsageError where no image says anything, or there is none that all have; DockerfileError where an image cannot
    be had.
    """
    known: dict[str, tuple[Platform, ...]] = {}
    for request in requests:
        for reference, span, site in _bases(dockerfile, request):
            if reference not in known:
                try:
                    known[reference] = lister.platforms(reference)
                except (StagemillError, ValueError) as error:
                    hint = error.hint if isinstance(error, StagemillError) else None
                    raise site.error(str(error), span, hint=hint) from error
    if not known:
        raise UsageError("--all-platforms asks the base images, and no stage begins from one", hint=_SAY)
    first, *others = known.values()
    common = tuple(platform for platform in first if all(_has(other, platform) for other in others))
    if not common:
        lists = "; ".join(f"{name} has {', '.join(map(str, there))}" for name, there in known.items())
        raise UsageError(f"there is no platform that all base images have: {lists}", hint=_SAY)
    return common


def _bases(dockerfile: Dockerfile, request: Request) -> Iterator[tuple[str, Span, Site]]:
    """The images that needed stages begin from for whatever is built for, which shows with a second platform."""
    outline, other = (
        Outline.of(dockerfile, Site(dockerfile.source, dockerfile.escape, replace(request, platform=platform)))
        for platform in (request.platform, _SOME)
    )
    for stage in needs.reachable(outline, (outline.target, *outline.also), set()):
        name = needs.image(outline, stage)
        if name and needs.wanted(outline, stage) != needs.wanted(other, stage):
            yield name.reference, stage.start.image.span, outline.site


def _has(there: Sequence[Platform], platform: Platform) -> bool:
    nowhere = Digest.of(b"")
    return choose([Descriptor("", nowhere, 0, platform=one) for one in there], platform) is not None
