"""`stagemill login`: a registry is asked whether it knows somebody, and that is kept for later. Words: docker's."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import with_options
from stagemill.errors import RegistryError, StagemillError, UsageError
from stagemill.regex import regex

if TYPE_CHECKING:
    from stagemill.registry.client import RegistryClient
    from stagemill.registry.credentials import Credentials
    from stagemill.registry.logins import Logins

_EXAMPLES = examples(
    {
        "stagemill login": "to docker.io",
        "stagemill login -u me --password-stdin a.example < token": "without a terminal",
        "stagemill login registry.example/team": "for a part of a registry",
    }
)
_PLACE = regex(r"(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::[0-9]+)?(?:/[a-z0-9._/-]+)?")
_MOST = 1 << 20


@with_options(access.options(creds=False))
@click.command("login", cls=Command, epilog=_EXAMPLES)
@click.argument("server", required=False, metavar="[HOST]")
@click.option("-u", "--username", metavar="NAME", help="Who you are there.")
@click.option("-p", "--password", metavar="TEXT", help="The password or token, for everybody on this machine to read.")
@click.option("--password-stdin", is_flag=True, help="Read the password or token from standard input.")
def command(
    *, server: str | None, username: str | None, password: str | None, password_stdin: bool, **given: object
) -> None:
    """Log in to a registry, docker.io unless HOST is another: the login is tried, and kept where docker keeps it.

    That is config.json in $DOCKER_CONFIG or ~/.docker, or the file that --authfile or $REGISTRY_AUTH_FILE names; or the
    credential helper that this file names for the registry.
    """
    from stagemill.registry.logins import VARIABLE

    place = place_named(server)
    way = Access.of(Values(given), new=True)
    logins = way.logins(os.environ)
    if password is not None:
        _tell("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
    who = _given(username, password, password_stdin=password_stdin)
    with access.client(way) as client:
        if who is None and not username and _known(client, logins, place):
            print("Login Succeeded")
            return
        admitted = client.log_in(place.partition("/")[0], who or _asked(username))
    if not admitted.checked:
        _tell(f"note: {place} asks nobody who they are: the login was not checked")
    file = logins.files[0]
    if file.keep(place, admitted.credentials) is None:
        _tell(f"WARNING! Your credentials are stored unencrypted in '{file.path}'.")
        _tell("Configure a credential helper to remove this warning: docs/registries.md says how.")
    if logins.variable and logins.variable.find(place):
        _tell(f"note: {VARIABLE} has another login for {place}, which counts more")
    print("Login Succeeded")


def place_named(text: str | None) -> str:
    """The host, or what is behind it, that somebody wrote; docker.io without one. Raises UsageError."""
    from stagemill.registry.login_file import place_of

    place = place_of((text or "docker.io").strip())
    if not _PLACE.fullmatch(place):
        raise UsageError(f"{text!r} is no registry", hint="write a host, such as registry.example or localhost:5000")
    return place


def _given(username: str | None, password: str | None, *, password_stdin: bool) -> Credentials | None:
    """What the command line says; None where somebody has to be asked. Raises StagemillError."""
    from stagemill.registry.credentials import Credentials

    if password_stdin:
        if password is not None:
            raise StagemillError("--password and --password-stdin are mutually exclusive", hint="leave out --password")
        if not username:
            hint = "write stagemill login -u NAME --password-stdin HOST"
            raise StagemillError("must provide --username with --password-stdin", hint=hint)
        password = sys.stdin.buffer.read(_MOST).decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    if password is None or not username:
        if password is not None:
            raise StagemillError("must provide --username with --password", hint="write stagemill login -u NAME HOST")
        return None
    if not password:
        raise StagemillError("password is empty", hint="give one, or make a token at the registry's own pages")
    return Credentials(username, password)


def _known(client: RegistryClient, logins: Logins, place: str) -> bool:
    """Whether a login that is there already is still good. Raises RegistryError where it is not, and nobody can be asked."""
    found = logins(place)
    if not found or found.registry_token:
        return False
    _tell(f"Authenticating with existing credentials{f' of {found.username}' if found.username else ''}...")
    try:
        client.log_in(place.partition("/")[0], found)
    except RegistryError as error:
        if not sys.stdin.isatty():
            raise
        _tell(f"{error.message}")
        return False
    return True


def _asked(username: str | None) -> Credentials:
    """Who sits at the terminal. Raises StagemillError."""
    from stagemill.registry.credentials import Credentials

    if not sys.stdin.isatty():
        hint = "write stagemill login -u NAME --password-stdin HOST, with the password in a pipe"
        raise StagemillError("cannot perform an interactive login from a non TTY device", hint=hint)
    if not username:
        sys.stderr.write("Username: ")
        sys.stderr.flush()
        username = sys.stdin.readline().strip()
    password = getpass.getpass("Password: ") if username else ""
    if not password:
        what = "password" if username else "username"
        raise StagemillError(f"{what} is empty", hint="nothing was changed; call stagemill login again")
    return Credentials(username, password)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
