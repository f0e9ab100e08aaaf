"""`WantedPlatforms`: what a command line says about the platforms to build for. Source: buildx; BuildKit, dockerui/config.go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stagemill.cli.frame.values import Values
from stagemill.cli.given.flags import FALSE, TRUE
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

_DEFAULT = "DOCKER_DEFAULT_PLATFORM"
_MULTI = "BUILDKIT_MULTI_PLATFORM"


@dataclass(frozen=True, slots=True)
class WantedPlatforms:
    """Each platform once, in the order that was asked for; this machine's where nobody asked, and that is `implicit`.

    `index` says whether an index is made, even of one image. With `every` it is what all base images have.
    """

    all: tuple[Platform, ...]
    index: bool = False
    implicit: bool = False
    every: bool = False

    @classmethod
    def of(cls, values: Values, environment: Mapping[str, str], arguments: Mapping[str, str]) -> WantedPlatforms:
        """`arguments` are those of the build. Raises UsageError."""
        texts = values.texts("platform")
        if values.flag("all_platforms"):
            if texts:
                message = "--all-platforms and --platform say both what to build for"
                raise UsageError(message, hint="leave one of them out")
            return cls((Platform.local(),), index=True, every=True)
        found = parse(texts or (environment.get(_DEFAULT, ""),))
        index = is_index(len(found), arguments)
        return cls(tuple(dict.fromkeys(found)) or (Platform.local(),), index, implicit=not found)


def parse(texts: Iterable[str]) -> tuple[Platform, ...]:
    """Lists, perhaps in several flags; `local` is this machine's. Raises UsageError."""
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    try:
        return tuple(Platform.local() if word == "local" else Platform.parse(word) for word in words)
    except ValueError as error:
        raise UsageError(f"invalid --platform: {error}", hint="write os/arch, such as linux/arm64, or local") from error


def is_index(count: int, arguments: Mapping[str, str]) -> bool:
    """Whether an index is made: for several platforms, or where BUILDKIT_MULTI_PLATFORM asks for it. Raises UsageError."""
    text = arguments.get(_MULTI, "").lower()
    if text not in TRUE | FALSE | {""}:
        raise UsageError(f"invalid boolean value for multi-platform: {text}", hint=f"write {_MULTI}=1")
    if text in FALSE and count > 1:
        raise UsageError(
            "conflicting config: returning multiple target platforms is not allowed",
            hint=f"give one --platform, or leave out {_MULTI}",
        )
    return count > 1 or text in TRUE
