"""`stagemill build`: from a Dockerfile to an image, in buildx's spelling."""

from __future__ import annotations

import os
import sys
import time

import click

from stagemill.cli import flags, later
from stagemill.cli.building import BuildFlags, building_each, reading
from stagemill.cli.command import Command, examples
from stagemill.cli.environment import workplace
from stagemill.cli.options import Values, add_build_options, with_targets
from stagemill.cli.outputs import Wishes
from stagemill.cli.progress import open_progress
from stagemill.cli.targets import Delivery
from stagemill.cli.warnings import Checks, Watch
from stagemill.errors import StepError

_EXAMPLES = examples(
    {
        "stagemill build -t app .": "build, and name the image in the local store",
        "stagemill build --target builder -t app:build .": "stop at a stage",
        "stagemill build --target a=app --target b=job .": "two images of one graph",
        "stagemill build --also test -t app .": "only if the stage test succeeds",
        "stagemill build -o type=oci,dest=app.tar .": "write an OCI archive",
        "stagemill build -o out --target export .": "write a stage's files to a directory",
        "stagemill build --progress plain .": "every line of every step, for CI",
    }
)


@later.refusing
@with_targets
@add_build_options
@click.command("build", cls=Command, epilog=_EXAMPLES)
@click.option(
    "-t",
    "--tag",
    multiple=True,
    metavar="NAME[:TAG]",
    help="Name the image in the local store; may be repeated. With several targets: --target STAGE=NAME.",
)
@click.option(
    "-o", "--output", multiple=True, metavar="type=TYPE,dest=PATH",
    help="Write the result: TYPE is oci, docker, tar or local, PATH a file, a directory, or - for a pipe; {target} in it is the stage's name.",
)  # fmt: skip
@click.option("--label", multiple=True, metavar="NAME=VALUE", help="Give the image a label; it wins over LABEL.")
@click.option(
    "--iidfile",
    metavar="FILE",
    help="Write the image's config digest to a file; with several targets those of all, as JSON.",
)
@click.option(
    "--metadata-file",
    metavar="FILE",
    help="Write the image's digests to a file, as JSON; with several targets by stage.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the image's digest.")
@click.option("--load", is_flag=True, help="Keep the image in the local store, without a name if it has none.")
@click.option(
    "--call", metavar="NAME[,format=json]",
    help="Do not build, but answer: check, outline (what can be given to the build), targets, subrequests.describe.",
)  # fmt: skip
@click.option(
    "--check", is_flag=True, flag_value="check", help="The same as --call=check: what BuildKit's checks find."
)
@click.option("--print", hidden=True, metavar="NAME[,format=json]")
@click.option("--rm", is_flag=True, hidden=True)
@click.option("--force-rm", is_flag=True, hidden=True)
def command(**given: object) -> int:
    """Build an image from the Dockerfile in PATH, with the files of PATH; - reads a tar or a Dockerfile from a pipe."""
    values = Values(given)
    build = BuildFlags.of(values, os.environ)
    if any(values.text(name) for name in ("call", "check", "print")):
        from stagemill.cli import call

        if asked := call.asked(values):
            return call.answer(asked, build)
    _build(values, build)
    return 0


def _build(values: Values, build: BuildFlags) -> None:
    quiet = values.flag("quiet")
    outputs = tuple(flags.Output.parse(text) for text in values.texts("output"))
    wishes = Wishes(
        tags=tuple(str(flags.reference(tag)) for tag in values.texts("tag")),
        outputs=(*outputs, *([flags.Output("image")] if values.flag("load") else [])),
        iidfile=values.text("iidfile"),
        metadata_file=values.text("metadata_file"),
        quiet=quiet or build.progress == "quiet",
    )
    delivery = Delivery.of(build.targets, wishes, sys.stdout.buffer)
    with (
        workplace() as place,
        open_progress("quiet" if quiet else build.progress, sys.stderr) as listener,
        reading(build, place=place, listener=listener) as inputs,
    ):
        checks = Checks(inputs, build.build_args, build.platform)
        watch = Watch(listener)
        try:
            with building_each(build, inputs, place=place, listener=watch, checks=checks) as builds:
                worked = watch.worked
                delivery.deliver(builds, listener=listener, stdout=sys.stdout.buffer)
        except StepError:
            checks.tell(listener, now=time.time())
            raise
        if worked:
            checks.tell(listener, now=time.time())
