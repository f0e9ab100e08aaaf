"""The commands of docker that stagemill does not have: why not, and what there is instead."""

from __future__ import annotations

from typing import NoReturn

import click

_LASTS = "a container is there as long as its stagemill run, and nothing keeps one"
_GONE = ("nothing is left of a container when it ends", "leave it out")
_SWARM = ("there is no cluster of daemons", "leave it out")
_BUILDER = ("stagemill builds by itself, without a builder", "leave it out")
_SIGNAL = (_LASTS, "it is a process of yours: Ctrl-C, or kill with its number, stops it")
_AGAIN = (_LASTS, "start it by stagemill run")
_LISTS = "what is in an image is listed when it is built, by --sbom"
_LATER = ""
_DEBUG = (
    "a build is debugged by a flag",
    "stagemill build --debug opens a shell where a RUN fails, and --break LINE before a step",
)
_PRUNE = (_LATER, "stagemill rmi removes images, and stagemill prune what nothing needs then")

# By the words of docker; `container exec` is `exec`, and `image push` is `push`.
_ABSENT: dict[str, tuple[str, str]] = {
    "attach": (_LASTS, "stagemill run shows what the command writes, and -i gives it standard input"),
    "buildx bake": (_LATER, "stagemill build --target a=NAME --target b=NAME builds several images of a file"),
    "buildx create": _BUILDER,
    "buildx dap": _DEBUG,
    "buildx debug": _DEBUG,
    "buildx history": (
        "history is what made an image here",
        "stagemill builds lists builds, log prints what a step wrote, why tells what ran",
    ),
    "buildx inspect": _BUILDER,
    "buildx ls": _BUILDER,
    "buildx rm": _BUILDER,
    "buildx stop": _BUILDER,
    "buildx use": _BUILDER,
    "commit": (_LASTS, "write what you changed into a Dockerfile, as a RUN, and build it"),
    "compose": ("services of several containers need a daemon", "stagemill build and run do with images one by one"),
    "config": _SWARM,
    "container diff": (_LASTS, "stagemill diff compares images, stages and builds"),
    "container prune": _GONE,
    "context": ("there is no daemon to choose", "leave it out"),
    "cp": (_LASTS, 'stagemill run -v "$PWD:/out" IMAGE cp FILE /out, or stagemill build -o DIRECTORY --target STAGE'),
    "create": (_LASTS, "stagemill run starts one at once"),
    "debug": _DEBUG,
    "events": ("there is no daemon that something could happen in", "stagemill build --progress rawjson tells what a build does"),
    "exec": (_LASTS, "stagemill run IMAGE COMMAND; stagemill run -it IMAGE sh for a shell"),
    "export": (_LASTS, "stagemill build -o type=tar,dest=FILE writes the files of a stage"),
    "image import": ("an image has a Dockerfile here", "FROM scratch and ADD FILE.tar / make one of a tar"),
    "image prune": _PRUNE,
    "kill": _SIGNAL,
    "logs": (_LASTS, "what the command writes is on your terminal, or where you redirect it"),
    "network": ("a container has this machine's network or none", "leave it out; services are at 127.0.0.1"),
    "node": _SWARM,
    "pause": _SIGNAL,
    "plugin": ("there is no daemon that could have plugins", "leave it out"),
    "port": ("ports are not mapped", "leave it out: each port is reachable as it is"),
    "rename": _GONE,
    "restart": _AGAIN,
    "rm": _GONE,
    "sbom": (_LISTS, "stagemill attestations --type spdx IMAGE prints it"),
    "scout": (_LISTS, "give the list to a scanner: stagemill build --sbom-output FILE, or attestations --type spdx IMAGE"),
    "search": ("registries have pages to search", "look at the registry's own"),
    "secret": _SWARM,
    "service": _SWARM,
    "stack": _SWARM,
    "start": _AGAIN,
    "stats": (_LASTS, "it is a process of yours: top shows it"),
    "stop": _SIGNAL,
    "swarm": _SWARM,
    "top": (_LASTS, "it is a process of yours: ps shows it"),
    "trust": ("signatures are not verified", "leave it out"),
    "unpause": _SIGNAL,
    "update": (_LASTS, "give the limits to stagemill run"),
    "volume": ("there are no volumes but directories of this machine", "-v SOURCE:TARGET shows one"),
    "wait": (_LASTS, "stagemill run ends with the status of the command"),
}  # fmt: skip
_SAME = {"system": ("events",)}
_CONTAINERS = (
    "attach", "commit", "cp", "create", "exec", "export", "kill", "logs", "pause", "port", "rename", "restart",
    "rm", "start", "stats", "stop", "top", "unpause", "update", "wait",
)  # fmt: skip


def absent(words: str) -> click.Command | None:
    """The command that says why it is none; None where docker has no such command either."""
    group, _, name = words.partition(" ")
    same = name in _SAME.get(group, ()) or (group == "container" and name in _CONTAINERS)
    found = _ABSENT.get(name if same else words)
    if found is None:
        return None
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
    return click.Command(
        words, callback=lambda: _refuse(words, *found), context_settings=settings, add_help_option=False
    )


def names() -> list[str]:
    """All of them, by docker's words."""
    more = [
        *(f"container {name}" for name in _CONTAINERS),
        *(f"{group} {name}" for group in _SAME for name in _SAME[group]),
    ]
    return sorted([*_ABSENT, *more])


def _refuse(words: str, why: str, hint: str) -> NoReturn:
    from stagemill.errors import StagemillError

    raise StagemillError(f"{words} is not supported{f': {why}' if why else ' yet'}", hint=hint)
