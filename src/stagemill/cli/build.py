"""`stagemill build`: from a Dockerfile to an image, in buildx's spelling."""

from __future__ import annotations

import os
import sys

import click

from stagemill.cli import flags, later
from stagemill.cli.building import BuildFlags, building
from stagemill.cli.command import Command, examples
from stagemill.cli.environment import workplace
from stagemill.cli.options import add_build_options
from stagemill.cli.outputs import Wishes, check, deliver
from stagemill.cli.progress import open_progress
from stagemill.cli.source import open_inputs
from stagemill.cli.values import Values
from stagemill.cli.warnings import Watch, warn

_EXAMPLES = examples(
    {
        "stagemill build -t app .": "build, and name the image in the local store",
        "stagemill build --target builder -t app:build .": "stop at a stage",
        "stagemill build -o type=oci,dest=app.tar .": "write an OCI archive",
        "stagemill build -o out --target export .": "write a stage's files to a directory",
        "stagemill build --progress plain .": "every line of every step, for CI",
    }
)


@later.refusing
@add_build_options
@click.command("build", cls=Command, epilog=_EXAMPLES)
@click.option(
    "-t", "--tag", multiple=True, metavar="NAME[:TAG]", help="Name the image in the local store; may be repeated."
)
@click.option(
    "-o", "--output", multiple=True, metavar="type=TYPE,dest=PATH",
    help="Write the result: TYPE is oci, docker, tar or local, PATH a file, a directory, or - for a pipe; may be repeated.",
)  # fmt: skip
@click.option("--label", multiple=True, metavar="NAME=VALUE", help="Give the image a label; it wins over LABEL.")
@click.option("--iidfile", metavar="FILE", help="Write the image's config digest to a file.")
@click.option("--metadata-file", metavar="FILE", help="Write the image's digests to a file, as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the image's digest.")
@click.option("--load", is_flag=True, help="Keep the image in the local store, without a name if it has none.")
@click.option("--rm", is_flag=True, hidden=True)
@click.option("--force-rm", is_flag=True, hidden=True)
def command(**given: object) -> None:
    """Build an image from the Dockerfile in PATH, with the files of PATH; - reads a tar or a Dockerfile from a pipe."""
    values = Values(given)
    quiet = values.flag("quiet")
    build = BuildFlags.of(values, os.environ)
    outputs = tuple(flags.Output.parse(text) for text in values.texts("output"))
    wishes = Wishes(
        tags=tuple(str(flags.reference(tag)) for tag in values.texts("tag")),
        outputs=(*outputs, *([flags.Output("image")] if values.flag("load") else [])),
        iidfile=values.text("iidfile"),
        metadata_file=values.text("metadata_file"),
        quiet=quiet or build.progress == "quiet",
    )
    check(wishes, sys.stdout.buffer)
    with (
        workplace() as place,
        open_inputs(build.context, build.file, store=place.store) as inputs,
        open_progress("quiet" if quiet else build.progress, sys.stderr) as listener,
        building(build, inputs, place=place, listener=(watch := Watch(listener))) as built,
    ):
        worked = watch.worked
        deliver(built, wishes, listener=listener, stdout=sys.stdout.buffer)
        if worked:
            warn(inputs, build.build_args, listener=listener, now=built.services.clock())
