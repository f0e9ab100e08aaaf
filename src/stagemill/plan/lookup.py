"""`Bases`: the images that a Dockerfile names, each looked up once, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stagemill.dockerfile.source import Span
from stagemill.errors import CancelledError, StagemillError, either
from stagemill.oci.platform import Platform
from stagemill.plan.resolver import Base, Resolver
from stagemill.plan.site import Site
from stagemill.values import dataclass

_PARALLEL_LOOKUPS = 8


@dataclass(frozen=True, slots=True)
class Name:
    """An image as FROM or `--from` names it, or a named `context` does. Without a platform it is this machine's."""

    reference: str
    platform: Platform | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where an image is named; `stages` gives, and `contexts` are, names that could be meant instead. `unset` is
    what to do about a variable in it that has no value.
    """

    name: Name
    span: Span
    site: Site
    stages: Callable[[], Sequence[str]]
    contexts: tuple[str, ...] = ()
    unset: str | None = None


class Bases:
    """The images that were found."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._found: dict[Name, Base] = {}

    def __getitem__(self, name: Name) -> Base:
        return self._found[name]

    def look_up(self, mentions: Sequence[Mention]) -> None:
        """All of these images are known afterwards. Raises the error of the first in order that cannot be had."""
        wanted = {mention.name: mention for mention in reversed(mentions) if mention.name not in self._found}
        missing = list(reversed(wanted.values()))
        if len(missing) <= 1:
            found = [self._resolve(mention) for mention in missing]
        else:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  most builds start from one image

            with ThreadPoolExecutor(_PARALLEL_LOOKUPS, thread_name_prefix="resolve") as pool:
                found = list(pool.map(self._resolve, missing))
        self._found.update((mention.name, base) for mention, base in zip(missing, found, strict=True))

    def _resolve(self, mention: Mention) -> Base:
        """Raises DockerfileError at the place."""
        name = mention.name
        try:
            return self._resolver.resolve(name.reference, name.platform, context=name.context)
        except CancelledError:
            raise
        except (StagemillError, ValueError) as error:
            hints = [mention.unset] if mention.unset else [] if name.context else _meant(mention)
            if isinstance(error, StagemillError):
                hints += [error.hint] if error.hint else []
            elif not hints:
                hints.append("write NAME, NAME:TAG or REGISTRY/NAME:TAG")
            message = f"the context {name.context}: {error}" if name.context else str(error)
            raise mention.site.error(message, mention.span, hint=either(hints)) from error


def _meant(mention: Mention) -> list[str]:
    near = _near(mention)
    return [f"did you mean {near}?"] if near else []


def _near(mention: Mention) -> str | None:
    """A stage or a context of a similar name."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    name = mention.name.reference.lower()
    for kind, names in ("stage", mention.stages()), ("context", mention.contexts):
        if near := get_close_matches(name, names, n=1):
            return f"the {kind} {near[0]}"
    return None
