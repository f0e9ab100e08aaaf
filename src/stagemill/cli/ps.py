"""`stagemill ps`, for habits of docker: nobody keeps containers, so the list is blank."""

from __future__ import annotations

import sys

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.listing.form import Form

_DEFAULT = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
_HEADS = {
    "Command": "COMMAND", "CreatedAt": "CREATED AT", "ID": "CONTAINER ID", "Image": "IMAGE", "Labels": "LABELS",
    "LocalVolumes": "LOCAL VOLUMES", "Mounts": "MOUNTS", "Names": "NAMES", "Networks": "NETWORKS", "Ports": "PORTS",
    "RunningFor": "CREATED", "Size": "SIZE", "State": "STATE", "Status": "STATUS",
}  # fmt: skip


@click.command("ps", cls=Command, epilog=examples({"stagemill ps": "the heads of a list that has nothing in it"}))
@click.option("-a", "--all", is_flag=True, help="Those that have ended too: nothing is left of them.")
@click.option("-q", "--quiet", is_flag=True, help="Print ids only.")
@click.option("-f", "--filter", multiple=True, metavar="KEY=VALUE", help="Of no containers none is let through.")
@click.option("--format", "form", default="", metavar="TEMPLATE", help="Print a Go template, a table of one, or json.")
@click.option("-n", "--last", type=int, metavar="N", help="The last so many: there are none.")
@click.option("-l", "--latest", is_flag=True, help="The last one: there is none.")
@click.option("--no-trunc", is_flag=True, help="Whole ids, of which there are none.")
@click.option("-s", "--size", is_flag=True, help="The sizes of none.")
def command(*, quiet: bool, form: str, **_of_none: object) -> None:
    """List the containers that somebody keeps, which is none: there is no daemon.

    A container is there as long as its stagemill run, a process that ps(1) shows.
    """
    wanted = Form.parse(form, default=_DEFAULT)
    if not quiet:
        sys.stdout.write(wanted.printed((), _HEADS))
        sys.stderr.write(
            "note: there is no daemon that keeps containers; a container is the process of its stagemill run\n"
        )
