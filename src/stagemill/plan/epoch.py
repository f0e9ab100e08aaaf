"""SOURCE_DATE_EPOCH: the date of what is built, as seconds, or as something that has a date.

Source: BuildKit, frontend/dockerfile/dockerfile2llb/epoch.go. `context` is the main context, any other word a named context,
or a stage whose one ADD fetches something. A commit has its own date, a file that of its Last-Modified, else an archive
that of its newest file; a directory and an image have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stagemill.context.named import NamedContext, OtherStage, Remote
from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Arg, Dockerfile
from stagemill.errors import CancelledError, StagemillError, UsageError
from stagemill.location import GitLocation, Location, LocationError
from stagemill.plan import fetched
from stagemill.plan.outline import SCRATCH, Outline, StageText
from stagemill.plan.request import Times
from stagemill.plan.scope import Scope
from stagemill.regex import regex
from stagemill.values import dataclass

EPOCH = "SOURCE_DATE_EPOCH"
CONTEXT = "context"
_SECONDS = regex("[0-9]{1,12}")
_LATEST = 253_402_300_799  # the last second of the year 9999
_HINT = "give seconds since 1970, such as 1700000000"
_STAGE = f"{EPOCH} may be a stage that does nothing but fetch"


def seconds(text: str) -> int | None:
    """The number that a text is; None for a blank one. Raises UsageError."""
    if not text:
        return None
    if not _SECONDS.fullmatch(text) or int(text) > _LATEST:
        raise UsageError(f"invalid {EPOCH} {text!r}", hint=_HINT)
    return int(text)


def ahead(date: int | None, times: Times, now: float) -> str | None:
    """A notice, where files are to be no newer than a date that has not come: what is made today is older anyway."""
    if date is None or date <= now or times not in {"clamped", "still"}:
        return None
    return (
        f"{EPOCH} {date} is in the future, so files that are made now keep the time at which they are made\n"
        "hint: take a date that is past, such as that of the commit: git log -1 --format=%ct"
    )


def settled(outline: Outline, dockerfile: Dockerfile) -> Outline:
    """The outline with the date that is meant; an ARG that takes it gets the number, or nothing where there is none.

    Raises UsageError for a build argument that means nothing, DockerfileError for an ARG, and for what cannot be asked.
    """
    request = outline.site.request
    text = request.build_args.get(EPOCH, outline.globals.get(EPOCH) or "")
    meaning = _Meaning(outline, _place(dockerfile) if EPOCH not in request.build_args else None)
    found = meaning.of(text)
    if found is None and request.times == "still":
        found = meaning.of(CONTEXT)
        found = request.epoch if found is None else found
        request = replace(request, build_args={**request.build_args, EPOCH: str(found)})
    build_args = _with(request.build_args, found)
    site = replace(outline.site, request=replace(request, build_args=build_args))
    scope = replace(outline.globals, values=_with(outline.globals.values, found))
    return replace(outline, site=site, globals=scope, epoch=found)


def _with(values: Mapping[str, str], date: int | None) -> Mapping[str, str]:
    """The same with the number where there is a date; a blank one stays."""
    if not values.get(EPOCH):
        return values
    rest = {name: value for name, value in values.items() if name != EPOCH}
    return rest if date is None else {**rest, EPOCH: str(date)}


def _place(dockerfile: Dockerfile) -> Span | None:
    """Where a file says the date."""
    pairs = [pair for node in dockerfile.global_args for pair in node.items if pair.key == EPOCH]
    return pairs[-1].span if pairs else None


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the text means in a file; `span` is where it stands there, if it does."""

    outline: Outline
    span: Span | None

    def of(self, text: str) -> int | None:
        if not text or text.isdecimal():
            try:
                return seconds(text)
            except UsageError as error:
                raise self._error(error.message, error.hint) from error
        request = self.outline.site.request
        if text == CONTEXT:
            location = request.context.location if request.context else None
            return self._date(location, self.span) if location else None
        named = request.contexts.find(text, request.platform)
        if named and not isinstance(named.source, OtherStage):
            return self._of_context(named)
        wanted = named.source.stage if named and isinstance(named.source, OtherStage) else text.lower()
        stage = next((stage for stage in self.outline.stages if stage.name == wanted), None)
        if stage is None:
            hint = f"{_HINT}, or name the context, a named context, or a stage that only fetches"
            raise self._error(f"invalid {EPOCH} {text!r}", hint)
        return self._of_stage(stage)

    def _of_context(self, context: NamedContext) -> int | None:
        return self._date(context.source.location, self.span) if isinstance(context.source, Remote) else None

    def _of_stage(self, stage: StageText) -> int | None:
        """The date of the one thing that the stage fetches; all else in it is refused."""
        site = self.outline.site
        if self.outline.base_name(stage) != SCRATCH:
            hint = "write FROM scratch, then ADD and the URL"
            raise site.error(f"{_STAGE}: {stage.title} begins from an image", stage.start.image.span, hint=hint)
        known = {name: value for name, value in self.outline.globals.values.items() if name != EPOCH}
        scope, added = Scope(known), list[tuple[Add, Scope]]()
        for node in stage.body:
            if isinstance(node, Arg):
                scope = self._declared(node, scope)
            elif isinstance(node, Add) and not added:
                added.append((node, scope))
            else:
                hint = "leave the rest to another stage, which copies from this one"
                raise site.error(f"{_STAGE}: {stage.title} has more than one ADD", node.span, hint=hint)
        if not added:
            raise site.error(
                f"{_STAGE}: {stage.title} fetches nothing", stage.start.span, hint="add the line ADD URL /"
            )
        return self._of_addition(*added[0])

    def _declared(self, node: Arg, scope: Scope) -> Scope:
        site = self.outline.site
        for pair in node.items:
            value = site.request.build_args.get(pair.key) if pair.key != EPOCH else None
            if value is None and pair.value is not None:
                value = site.expand_value(pair, scope.get)
            scope = scope.with_arg(pair.key, value)
        return scope

    def _of_addition(self, node: Add, scope: Scope) -> int | None:
        site = self.outline.site
        location = fetched.only_source(node, scope, site)
        if location is None:
            raise site.error(f"{_STAGE}: this ADD has not one URL", node.span, hint="write ADD URL /")
        checksum = site.expand(node.checksum, scope.get) if node.checksum else ""
        if isinstance(location, GitLocation):
            location, checksum = fetched.wanted(node, location, checksum), ""
        return self._date(location, node.sources[0].span, checksum)

    def _date(self, location: Location, span: Span | None, checksum: str = "") -> int | None:
        try:
            digest = fetched.checksum_of_file(checksum) if checksum else None
            return self.outline.site.sources.dated(location, checksum=digest)
        except CancelledError:
            raise
        except (LocationError, StagemillError) as error:
            message = f"{EPOCH}: {error.message}"
            if span is None:
                raise StagemillError(message, hint=error.hint) from error
            raise self.outline.site.error(message, span, hint=error.hint) from error

    def _error(self, message: str, hint: str | None) -> StagemillError:
        """At its place, or of the command line."""
        return self.outline.site.error(message, self.span, hint=hint) if self.span else UsageError(message, hint=hint)
