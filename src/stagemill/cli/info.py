"""`stagemill info`: where things are, and what this machine has."""

from __future__ import annotations

import os

import click

from stagemill import __version__
from stagemill.cli.docker import facts
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.named import kept
from stagemill.sandbox.hierarchies import hierarchies
from stagemill.template.values import Struct, Value

_EXAMPLES = examples(
    {
        "stagemill info": "for people",
        "stagemill info --format '{{.DockerRootDir}}'": "where the store is",
    }
)
_TEXT = """\
Version:           {{.ServerVersion}}
Store:             {{.DockerRootDir}}
Images:            {{.Images}}
Configuration:     {{.ConfigFile}}
Logins:            {{.LoginsFile}}
Builds as:         {{if .Rootless}}an ordinary user{{else}}root{{end}}
Control groups:    {{.CgroupVersion}}
Operating System:  {{.OperatingSystem}}
Kernel:            {{.KernelVersion}}
Architecture:      {{.Architecture}}
Processors:        {{.NCPU}}
Memory:            {{.MemTotal}}
Name:              {{.Name}}
Daemon:            none, stagemill does the work itself"""


@click.command("info", cls=Command, epilog=_EXAMPLES)
@click.option(
    "-f", "--format", "form", metavar="TEMPLATE",
    help="Print a Go template, or json: .Images .DockerRootDir .Driver .NCPU .MemTotal .Architecture and more; {{json .}} shows all.",
)  # fmt: skip
def command(*, form: str | None) -> None:
    """Show where the store and the configuration are, and what this machine has."""
    rootless = os.geteuid() != 0
    with workplace() as place:
        found = describe(place, rootless=rootless)
    print(facts.shown(_TEXT if form is None else form, found))


def describe(place: Workplace, *, rootless: bool) -> Struct:
    """By docker's names where it has some."""
    found = list(hierarchies())
    version = "2" if found and all(one.unified for one in found) else "1" if found else "none"
    options: list[Value] = ["name=seccomp,profile=builtin", *(["name=rootless"] if rootless else [])]
    logins = place.environment.get("DOCKER_CONFIG") or f"{place.environment.get('HOME', '')}/.docker"
    return Struct(
        {
            "ServerVersion": __version__,
            "Images": len(kept.everything(place.store)),
            "Containers": 0,
            "ContainersRunning": 0,
            "Driver": "overlay",
            "DockerRootDir": str(place.store.root),
            "CgroupVersion": version,
            "SecurityOptions": options,
            "Rootless": rootless,
            "ConfigFile": str(place.config),
            "LoginsFile": f"{logins}/config.json",
            **facts.machine(),
        }
    )
