"""`stagemill build`: from a Dockerfile to an image, in buildx's spelling."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from stagemill.cli.again.keep import Keeping
from stagemill.cli.again.unanswered import Unanswered
from stagemill.cli.docker import compat
from stagemill.cli.frame.command import AttachedOption, Command, Option, examples, option
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.timings import timed
from stagemill.cli.frame.values import Values
from stagemill.cli.given import budgets, compressions, dates, flags
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.given.options import add_build_options, evidence, of_image, with_options, with_targets
from stagemill.cli.given.output_flags import Output
from stagemill.cli.given.secrets import LOCAL_DELETE
from stagemill.cli.journal.journal import Journal
from stagemill.cli.making import caches
from stagemill.cli.making.building import BuildFlags, building_each, image_resolver, reading
from stagemill.cli.making.meanwhile import load_the_rest
from stagemill.cli.making.warnings import Checks, Watch
from stagemill.cli.progress import mode_of, open_progress
from stagemill.cli.results import stages
from stagemill.cli.results.outputs import Wishes
from stagemill.cli.results.targets import Delivery
from stagemill.cli.sizing.guard import Guard
from stagemill.errors import StagemillError, StepError, UsageError
from stagemill.events import Listener, Notice

if TYPE_CHECKING:
    from stagemill.build import Built
    from stagemill.cli.making.source import Inputs
    from stagemill.cli.results.witness import Account

_EXAMPLES = examples(
    {
        "stagemill build -t app .": "build, and name the image in the local store",
        "stagemill build --target builder -t app:build .": "stop at a stage",
        "stagemill build --target a=app --target b=job .": "two images of one graph",
        "stagemill build --also test -t app .": "only if the stage test succeeds",
        "stagemill build -o type=oci,dest=app.tar .": "write an OCI archive",
        "stagemill build -o out --target export .": "write a stage's files to a directory",
        "stagemill build --reproducible -t app .": "the same bytes on every machine and every day",
        "stagemill build --progress plain .": "every line of every step, for CI",
        "stagemill build --explain .": "and why each step that ran was not cached",
        "stagemill build --report build.html .": "and all that is known of it as one page",
        "stagemill build --debug -t app .": "with a shell where a RUN fails",
        "stagemill build --watch -t app .": "again whenever a file changes, until Ctrl-C",
    }
)

_BREAK = (
    "Open that shell before the RUN at this line, or every RUN of this stage, too; they run though the cache has them."
)
_INVOKE = (
    "Where a RUN fails, open a shell, or run COMMAND in one, in what it left, or before it; then it can be run again."
)


@with_targets
@add_build_options
@with_options(
    (
        *of_image(),
        *dates.of_layers(),
        *caches.options(),
        *evidence(),
        *compressions.options(force=True),
        *budgets.options(),
        AttachedOption("--invoke", alone="", metavar="COMMAND", text=_INVOKE),
        Option(["--break"], multiple=True, metavar="LINE|STAGE", help=_BREAK),
        *compat.BUILD.options(),
    )
)
@click.command("build", cls=Command, epilog=_EXAMPLES)
@option(
    "-t",
    "--tag",
    multiple=True,
    metavar="NAME[:TAG]",
    help="Name the image in the local store; may be repeated. With several targets: --target STAGE=NAME.",
)
@option(
    "-o", "--output", multiple=True, metavar="type=TYPE,dest=PATH",
    help="Write the result: TYPE is oci, docker, tar or local, PATH a file, a directory, or - for a pipe; {target} in it is the stage's name.",
)  # fmt: skip
@option("--save-stages", is_flag=True, help="Keep the images of the stages below too: of app they are app:STAGE.")
@option("--layer-label", multiple=True, metavar="NAME=VALUE", help="Give those images a label.")
@option(
    "--iidfile",
    metavar="FILE",
    help="Write the image's config digest to a file; with several targets those of all, as JSON.",
)
@option(
    "--metadata-file",
    metavar="FILE",
    help="Write the image's digests to a file, as JSON; with several targets by stage.",
)
@option("--logfile", metavar="FILE", help="Write the progress to a file, and nothing to the terminal.")
@option("--explain", is_flag=True, help="Say at the end why each step that ran was not cached, as stagemill why does.")
@option(
    "--report", metavar="FILE", help="Write the build as one page, as stagemill report does, also where a step fails."
)
@option(
    "--verify-cache",
    is_flag=True,
    help="Run every cached RUN again at the end and compare: the status is 1 where one gives something else.",
)
@option(
    "--watch", is_flag=True, help="Build again at every change of what the build reads, until Ctrl-C (extra `watch`)."
)
@option(
    "--on-success",
    metavar="COMMAND",
    help="With --watch: run this after each build that succeeds; it is ended when the next one begins.",
)
@option("--timings", is_flag=True, help="Say at the end what the time went into.")
@option("--trace", metavar="FILE", help="Write that to a file, for chrome://tracing or Perfetto.")
@option("-q", "--quiet", is_flag=True, help="Print nothing but the image's digest.")
@option("--push", is_flag=True, help="Push the image to the registry that its name says.")
@option("--load", is_flag=True, help="Keep the image in the local store, without a name if it has none.")
@option(
    "--call", metavar="NAME[,format=json]",
    help="Do not build, but answer: check, outline (what can be given to the build), targets, subrequests.describe.",
)  # fmt: skip
@option("--check", is_flag=True, flag_value="check", help="The same as --call=check: what BuildKit's checks find.")
@option("--print", hidden=True, metavar="NAME[,format=json]")
def command(**given: object) -> int:
    """Build an image from the Dockerfile in PATH, with the files of PATH; - reads a tar or a Dockerfile from a pipe."""
    values = Values(given)
    build = BuildFlags.of(values, os.environ)
    if values.flag("watch"):
        from stagemill.cli.watching import loop

        return loop.watch(values, build, partial(_asking, values))
    if values.text("on_success"):
        raise UsageError("--on-success is for --watch", hint="add --watch, or write: stagemill build … && COMMAND")
    if any(values.text(name) for name in ("call", "check", "print")):
        from stagemill.cli.making import call

        if asked := call.asked(values):
            return call.answer(asked, build)
    if _asks(values):
        return _asking(values)
    _timed(values, build)
    return 0


def _asks(values: Values) -> bool:
    """Whether somebody may want to look into steps."""
    return values.flag("debug") or bool(values.texts("break")) or values.text("invoke") is not None


def _asking(values: Values) -> int:
    """Builds, again and again where somebody who looks into steps wants that. What the flags name is read for each anew."""

    def once() -> None:
        _timed(values, BuildFlags.of(values, os.environ))

    if _asks(values):
        from stagemill.cli.debugging import desk

        return desk.building(values, once)
    once()
    return 0


def _timed(values: Values, build: BuildFlags) -> None:
    _check_report(values)
    with timed(table=values.flag("timings"), trace=values.text("trace")):
        _build(values, build)


def _build(values: Values, build: BuildFlags) -> None:
    started = time.time()
    labels = _labels_of_layers(values, build)
    wishes = _wishes(values, build)
    guard = Guard.of(values, build.context)
    build = guard.wanting(build)
    if build.save_stages:
        stages.check(build.targets, wishes.names)
    delivery = Delivery.of(build.targets, wishes, sys.stdout.buffer)
    kept = caches.Caches.of(values, build.build_args)
    with (
        _desk(values, build) as (place, shown),
        reading(
            build, place=place, listener=(listener := Keeping(shown, place.unanswered.question, began=started))
        ) as inputs,
    ):
        guard.check(inputs.dockerfile)
        checks = Checks(inputs, build.build_args)
        place.meanwhile = partial(checks.begin, first=load_the_rest)
        watch = Watch(listener)
        journal = Journal(watch, place.store, given=build, inputs=inputs, checks=checks, caches=kept, started=started)
        try:
            shipments = [one.shipments for one in delivery.each]
            making = partial(building_each, caches=kept, bring=delivery.wants_any, shipments=shipments)
            with (
                _kept(values, journal, place),
                making(build, inputs, place=place, listener=journal, checks=checks) as builds,
            ):
                worked, journal.imports = watch.worked, builds[0].services.imports
                for text in compat.BUILD.notes(values):
                    listener(Notice(text, builds[0].services.clock()))
                guard.hold(builds, place, delivery.wishes(len(builds)), origin=journal.place)
                said = _account(build, inputs, started=started, place=place, listener=listener)
                if build.save_stages:
                    names = [one.names for one in delivery.each]
                    stages.save(builds, names, labels=labels, index=build.platforms.index, listener=listener)
                results = delivery.deliver(builds, listener=listener, stdout=sys.stdout.buffer, account=said)
                kept.finish(builds, place, listener=listener, pushed=delivery.pushed)
                _verify(values, builds, inputs, journal, listener=listener)
        except StepError:
            checks.tell(listener, now=time.time())
            _explain(values, journal, place, listener)
            raise
        if worked:
            checks.tell(listener.last, now=time.time())
        _explain(values, journal, place, listener)
        if guard.budget:
            return  # what there was before has a say
        mode = "quiet" if values.flag("quiet") else mode_of(build.progress, sys.stderr, os.environ)
        listener.keep(builds, results, given=build, inputs=inputs, place=place, mode=mode, entry=journal.entry)


def _labels_of_layers(values: Values, build: BuildFlags) -> dict[str, str]:
    """Raises UsageError, also for other flags that do not go together."""
    if values.flag("explain") and (values.flag("quiet") or build.progress == "quiet"):
        hint = "leave one out; stagemill why tells later"
        raise UsageError("--explain says something, and --quiet nothing", hint=hint)
    labels = flags.labels(values.texts("layer_label"), "--layer-label")
    if labels and not build.save_stages:
        raise UsageError("--layer-label labels the images that --save-stages keeps", hint="give both, or --label")
    return labels


def _verify(values: Values, builds: Sequence[Built], inputs: Inputs, journal: Journal, *, listener: Listener) -> None:
    """What comes of it is nothing that the build did."""
    if values.flag("verify_cache"):
        from stagemill.cli.verifying import cached_steps

        journal.close("built")
        cached_steps.check(builds, inputs.dockerfile, journal, listener=listener)


def _explain(values: Values, journal: Journal, place: Workplace, listener: Listener) -> None:
    if not values.flag("explain"):
        return
    now = time.time()
    if journal.idle:
        from stagemill.cli.progress.text import harmless
        from stagemill.cli.reasons.named import NOTHING, named

        listener(Notice(harmless(f"{named(journal.number, journal.entry['title'], now, now=now)}: {NOTHING}"), now))
        return
    from stagemill.cli.reasons.reading import History
    from stagemill.cli.reasons.text import text

    answer = History(place.store).answer(journal.number)
    listener(Notice(text(answer, answer.steps, now=now), now))


@contextmanager
def _kept(values: Values, journal: Journal, place: Workplace) -> Iterator[None]:
    """When the block ends, however it does, the build is written down, and as a page if one is wanted."""
    try:
        with journal.kept():
            yield
    except BaseException:
        with suppress(StagemillError):  # what went wrong first is told
            _report(values, journal, place)
        raise
    _report(values, journal, place)


def _report(values: Values, journal: Journal, place: Workplace) -> None:
    path = values.text("report")
    if not path:
        return
    from stagemill.cli.reporting import page
    from stagemill.cli.reporting.document import report
    from stagemill.cli.reporting.writing import written

    if not journal.number:
        raise StagemillError("there is no page of this build: it was not written down", hint="see what is said above")
    written(page.page(report(place.store, journal.number, None)), path, "--report")


def _check_report(values: Values) -> None:
    """Raises StagemillError for a page that could not be written at the end."""
    if path := values.text("report"):
        from stagemill.cli.reporting import page, writing

        page.check()
        writing.check(path, "--report")


def _unanswered() -> Unanswered:
    """The question that this build answers."""
    found = click.get_current_context().find_root().obj
    return found if isinstance(found, Unanswered) else Unanswered()


def _account(
    build: BuildFlags, inputs: Inputs, *, started: float, place: Workplace, listener: Listener
) -> Account | None:
    """What is known of the command line, if anything is to be said of it."""
    if not build.attest:
        return None
    from stagemill.cli.results.evidence import account

    resolver = partial(image_resolver, build, place=place, listener=listener)
    return account(build, inputs, os.environ, started=started, resolver=resolver)


def _wishes(values: Values, build: BuildFlags) -> Wishes:
    packaging = compressions.packaging(values)
    outputs = tuple(Output.parse(text).packed(packaging) for text in values.texts("output"))
    index = build.platforms.index or build.attest.in_index
    annotations = Annotations.parse(values.texts("annotation"), index=index)
    for each in (annotations, *(Annotations.of_output(output.annotations, index=index) for output in outputs)):
        each.check(() if build.platforms.every else build.platforms.all)
    return Wishes(
        tags=tuple(str(flags.reference(tag)) for tag in values.texts("tag")),
        outputs=(
            *outputs,
            *([Output("image", packaging=packaging)] if values.flag("load") else []),
            *([Output("registry", push=True, packaging=packaging)] if values.flag("push") else []),
        ),
        iidfile=values.text("iidfile"),
        metadata_file=values.text("metadata_file"),
        quiet=values.flag("quiet") or build.progress == "quiet",
        squash=values.flag("squash"),
        dated=build.dates.times != "kept",
        annotations=annotations,
        index=build.platforms.index,
        attest=build.attest,
        packaging=packaging,
        may_delete=LOCAL_DELETE in build.allow,
        provenance_in_metadata=_provenance_in_metadata(os.environ),
        warnings_in_metadata=os.environ.get("BUILDX_METADATA_WARNINGS", "").lower() in {"1", "t", "true"},
    )


def _provenance_in_metadata(environment: Mapping[str, str]) -> Literal["min", "max", "disabled"]:
    """Source: buildx, util/confutil/metadata.go."""
    match environment.get("BUILDX_METADATA_PROVENANCE", ""):
        case "max":
            return "max"
        case "disabled" | "false" | "0":
            return "disabled"
        case _:
            return "min"


@contextmanager
def _desk(values: Values, build: BuildFlags) -> Iterator[tuple[Workplace, Listener]]:
    """The store, and who is told; where somebody looks into steps they are asked, too."""
    with workplace() as place, _progress(values, build) as shown:
        if not _asks(values):
            place.unanswered = _unanswered()
            yield place, shown
            return
        from stagemill.cli.debugging import desk

        with desk.asking(values, place, shown) as listener:
            yield place, listener


@contextmanager
def _progress(values: Values, build: BuildFlags) -> Iterator[Listener]:
    mode = "quiet" if values.flag("quiet") else build.progress
    path = values.text("logfile")
    if path is None:
        with open_progress(mode, sys.stderr) as listener:
            yield listener
        return
    try:
        file = open(path, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - it is closed below
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot write --logfile {path}: {why}", hint="name a file in a directory that is there"
        ) from error
    with file, open_progress(mode, file) as listener:
        yield listener
