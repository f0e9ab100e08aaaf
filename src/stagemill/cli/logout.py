"""`stagemill logout`: what `stagemill login`, or another tool, has kept is forgotten. Words: docker's."""

from __future__ import annotations

import os
import sys

import click

from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.login import place_named
from stagemill.errors import UsageError

_EXAMPLES = examples(
    {
        "stagemill logout": "from docker.io",
        "stagemill logout registry.example:5000": "from another registry",
        "stagemill logout --all": "from all of them",
    }
)


@click.command("logout", cls=Command, epilog=_EXAMPLES)
@click.argument("server", required=False, metavar="[HOST]")
@click.option("-a", "--all", "everywhere", is_flag=True, help="Forget every login.")
@click.option("--authfile", metavar="FILE", help="Forget what is in this file of logins, instead of the usual ones.")
def command(*, server: str | None, everywhere: bool, authfile: str | None) -> None:
    """Log out of a registry, docker.io unless HOST is another: its login is taken out of every file that has it.

    A credential helper that the file names is told to forget it too.
    """
    from stagemill.registry.logins import VARIABLE

    if server and everywhere:
        raise UsageError("--all is for all registries, and HOST for one", hint="leave one of them out")
    logins = Access(authfile=authfile or "").logins(os.environ)
    places = dict.fromkeys(place for file in logins.files for place in file.places())
    for place in places if everywhere else [place_named(server)]:
        known = [file.forget(place) for file in logins.files]
        print(f"Removing login credentials for {place}" if any(known) else f"Not logged in to {place}")
        if logins.variable and logins.variable.find(place):
            sys.stderr.write(f"note: {VARIABLE} still has a login for {place}\n")
