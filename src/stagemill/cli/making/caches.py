"""--cache-from and --cache-to: caches that a build begins from, and those that it leaves to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from stagemill.cli.frame.command import Option, under
from stagemill.cli.given.flags import bytes_of
from stagemill.errors import StagemillError
from stagemill.events import Listener, Notice
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.build import Built
    from stagemill.cache.documents import Place
    from stagemill.cache.imports import Imports, Opened
    from stagemill.cache.keep import Keep
    from stagemill.cli.frame.environment import Workplace
    from stagemill.cli.frame.values import Values
    from stagemill.cli.given.cache_flags import CacheFrom, CacheTo
    from stagemill.execute.exporting import Sent
    from stagemill.oci.platform import Platform
    from stagemill.oci.reference import Reference

INLINE = "BUILDKIT_INLINE_CACHE"
"""The build argument by which buildx asks for an inline cache, too."""


def options() -> Iterable[Option]:
    """Those that have to do with caches of elsewhere."""
    return under("Cache and registry", _options())


def reading_options() -> Iterable[Option]:
    """The one for a command that only looks at caches."""
    return under("Cache and registry", [_cache_from()])


def _cache_from() -> Option:
    return Option(
        ["--cache-from"],
        multiple=True,
        metavar="type=TYPE,…",
        help="Begin from this cache, too: TYPE is registry (ref=NAME), local (src=DIRECTORY), s3 (bucket=NAME), azblob (account_url=URL) or gha; a name alone is a registry's.",
    )


def _options() -> Iterator[Option]:
    yield _cache_from()
    yield Option(
        ["--cache-to"],
        multiple=True,
        metavar="type=TYPE,…",
        help="Write the cache for others: TYPE is registry (ref=NAME), local (dest=DIRECTORY), s3 (bucket=NAME), azblob (account_url=URL), gha (GitHub's Actions), or inline for one in the image.",
    )
    yield Option(
        ["--cache-max"],
        metavar="SIZE",
        help="Leave the store no more than this after the build; the least recently used goes first.",
    )


@dataclass(frozen=True, slots=True)
class Caches:
    """What a command line says of caches."""

    sources: tuple[CacheFrom, ...] = ()
    targets: tuple[CacheTo, ...] = ()
    inline: bool = False
    most: int | None = None

    @classmethod
    def of(cls, values: Values, build_args: Mapping[str, str]) -> Caches:
        """Raises UsageError, and StagemillError for what there is not yet."""
        limit = values.text("cache_max")
        most = None if limit is None else bytes_of("--cache-max", limit)
        inline = build_args.get(INLINE, "").lower() in {"1", "t", "true"}
        given = values.texts("cache_from"), values.texts("cache_to")
        if not any(given):
            return cls(inline=inline, most=most)
        from stagemill.cli.given.cache_flags import caches_from, caches_to

        targets = caches_to(given[1])
        return cls(
            caches_from(given[0]),
            tuple(target for target in targets if target.kind != "inline"),
            inline or any(target.kind == "inline" for target in targets),
            most,
        )

    @classmethod
    def read_by(cls, values: Values) -> Caches:
        """Of a command that has only --cache-from. Raises as `of`."""
        given = values.texts("cache_from")
        if not given:
            return cls()
        from stagemill.cli.given.cache_flags import caches_from

        return cls(caches_from(given))

    def imports(self, place: Workplace, *, platforms: Sequence[Platform], listener: Listener) -> Imports | None:
        """Begins to read the sources."""
        if not self.sources:
            return None
        import time

        from stagemill.cache.imports import Imports, Source

        sources = [Source(source.name, partial(_open, source, place, platforms=platforms)) for source in self.sources]
        return Imports(sources, listener=listener, clock=time.time)

    def finish(
        self, builds: Sequence[Built], place: Workplace, *, listener: Listener, pushed: Sequence[Reference] = ()
    ) -> None:
        """Writes the targets, and says what the caches were good for. Raises StagemillError where one cannot be written.

        What was `pushed` just now need not be sent to the same registry again.
        """
        sent: list[Sent] = []
        for target in self.targets:
            keep = partial(_keep, target, place, pushed)
            if one := _export(target, builds, keep, listener=listener):
                sent.append(one)
        if self.sources or self.targets:
            text = _summary(builds[0], sent)
            listener(Notice(text, builds[0].services.clock()))
        most = place.largest_cache if self.most is None else self.most
        if most is None:
            return
        from stagemill.cli.progress.text import amount
        from stagemill.cli.prune import enforce

        pruned = enforce(place, most)
        if pruned.bytes:
            text = f"{amount(pruned.bytes)} were pruned, and the store takes {amount(pruned.left)}"
            listener(Notice(text, builds[0].services.clock()))


def _open(source: CacheFrom, place: Workplace, *, platforms: Sequence[Platform]) -> Opened:
    from stagemill.cache.documents import read
    from stagemill.cache.imports import Opened

    where: Place
    if source.reference:
        from stagemill.cache.registry import RegistryPlace

        where = RegistryPlace(place.cache_registry, source.reference)
    elif source.bucket:
        from stagemill.cache.s3 import S3

        where = S3(source.bucket, attempts=2)
    elif source.service:
        import time

        from stagemill.cache.actions import Actions

        where = Actions(source.service, place.cache_registry.sender, clock=time.time)
    elif source.container:
        from stagemill.cache.azure import Azure

        where = Azure(source.container, attempts=2)
    else:
        from stagemill.cache.layout import LayoutPlace

        where = LayoutPlace(source.directory, source.tag, source.digest)
    contents, size = read(where, platforms=platforms)
    return Opened(contents, where, size)


def _export(
    target: CacheTo,
    builds: Sequence[Built],
    keep: Callable[[], AbstractContextManager[Keep]],
    *,
    listener: Listener,
) -> Sent | None:
    """None where that failed, and does not matter."""
    from stagemill.execute.exporting import PARALLEL, Export, Finished, export
    from stagemill.execute.travelling import MountNames

    parts = [built.finished for built in builds]
    vertices = dict.fromkeys(vertex for part in parts for vertex in part.vertices)
    trees = tuple(tree for part in parts for tree in part.targets)
    made = Finished(tuple(vertices), trees, parts[0].cache, parts[0].forms, parts[0].ran)
    how = Export(
        name=target.name,
        open=keep,
        mode=target.mode,
        form=target.form,
        compression=target.compression,
        force=target.force,
        mounts=MountNames(target.mounts, target.every_mount, target.most),
        parallel=target.parallel or PARALLEL,
    )
    clock = builds[0].services.clock
    try:
        return export(made, how, listener=listener, clock=clock)
    except StagemillError as error:
        if not target.ignore_error:
            raise
        text = f"the cache was not written to {target.name}: {error.message}"
        listener(Notice(text + (f"\nhint: {error.hint}" if error.hint else ""), clock()))
        return None


def _keep(target: CacheTo, place: Workplace, pushed: Sequence[Reference]) -> AbstractContextManager[Keep]:
    from contextlib import nullcontext

    if target.reference:
        from stagemill.cache.registry import RegistryKeep

        own = target.reference
        mounts = [
            other.repository
            for other in pushed
            if other.registry == own.registry and other.repository != own.repository
        ]
        return nullcontext(RegistryKeep(place.registry.destination(own), tuple(dict.fromkeys(mounts))))
    if target.bucket:
        from stagemill.cache.s3 import S3

        return nullcontext(S3(target.bucket))
    if target.service:
        import time

        from stagemill.cache.actions import Actions

        return nullcontext(Actions(target.service, place.registry.sender, clock=time.time))
    if target.container:
        from stagemill.cache.azure import Azure

        return nullcontext(Azure(target.container, create=True))
    from stagemill.cache.layout import writing
    from stagemill.store.locks import never

    return writing(target.directory, tag=target.tag, clean=target.clean, cancelled=never)


def _summary(built: Built, sent: Sequence[Sent]) -> str:
    """`cache: 12 steps imported, 9 used, 1 run, 14 exported; 1.20MB received, 3.40MB sent`."""
    imports = built.services.imports
    known, received = (imports.steps, imports.received) if imports else (0, 0)
    exported = max((one.steps for one in sent), default=0)
    moved = sum(one.bytes for one in sent)
    from stagemill.cli.progress.text import amount

    steps = "1 step" if known == 1 else f"{known} steps"
    counts = f"{steps} imported, {built.used} used, {built.ran} run, {exported} exported"
    return f"cache: {counts}; {amount(received)} received, {amount(moved)} sent"
