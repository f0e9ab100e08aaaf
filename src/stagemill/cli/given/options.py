"""The flags that every command which builds has, in buildx's spelling."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.command import AttachedOption, Option, under
from stagemill.cli.given import dates, every_run

PROGRESS = ("auto", "tty", "plain", "rawjson", "quiet")

_CONTEXT = "Put a directory, docker-image://IMAGE, oci-layout://DIRECTORY, a URL or target:STAGE in place of a stage or an image."


def add_build_options(command: click.Command, *, context: click.Argument | None = None) -> click.Command:
    """Gives a command the flags that say what is built and how, and the argument `context`, which may be one of its own."""
    taken = {name for param in command.params for name in param.opts}
    command.params[:0] = [context or click.Argument(["context"], metavar="PATH|URL|-"), *_build_options(taken)]
    return command


def _build_options(taken: Container[str]) -> list[Option]:
    return [
        *under("What is built", _what()),
        *under("Cache and registry", _again()),
        *under("Every RUN", (*_for_run(), *every_run.sandbox_options())),
        *under("Limits of every RUN", every_run.limit_options(taken)),
        *_shown(),
    ]


def _what() -> Iterator[Option]:
    yield Option(
        ["-f", "--file"], metavar="FILE", help="The Dockerfile: a path, a URL, or - for a pipe. [PATH/Dockerfile]"
    )
    yield Option(["--target"], metavar="STAGE", help="Stop at this stage; what it does not need is not built.")
    yield Option(
        ["--build-arg"],
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Give an ARG a value, or that of the environment.",
    )
    yield Option(
        ["--build-arg-file"], multiple=True, metavar="FILE", help="Take build arguments from the lines of a file."
    )
    yield Option(["--build-context"], multiple=True, metavar="NAME=VALUE", help=_CONTEXT)
    yield Option(
        ["--policy"],
        multiple=True,
        metavar="filename=FILE,…",
        help="Ask a policy in Rego for every source, beside Dockerfile.rego: also reset=, disabled=, strict=, log-level=.",
    )
    yield AttachedOption(
        "--locked",
        alone="true",
        metavar="FILE",
        text="Have nothing that is not in the lock of stagemill lock, and ask nobody for tags. [stagemill.lock]",
    )
    yield Option(["--ignorefile"], metavar="FILE", help="Use this file instead of .dockerignore.")
    yield Option(
        ["--platform"],
        multiple=True,
        metavar="OS/ARCH,…",
        help="What to build for; with several the result is an index of an image for each. [this machine's]",
    )
    yield Option(["--all-platforms"], is_flag=True, help="Build for every platform that all base images have.")
    yield from dates.options()


def _again() -> Iterator[Option]:
    yield Option(["--no-cache"], is_flag=True, help="Make every step again, whatever the cache has.")
    yield Option(
        ["--no-cache-filter"],
        multiple=True,
        metavar="STAGE,…",
        help="Make the steps of these stages again.",
    )
    yield Option(
        ["--rerun"],
        multiple=True,
        metavar="STAGE|LINE",
        help="Run this stage, or the step at this line, again, and what depends on it if it gives something else.",
    )
    yield Option(["--pull"], is_flag=True, help="Ask the registry for bases even if the store has them.")
    yield from access.options()


def _for_run() -> Iterator[Option]:
    yield Option(
        ["--secret"],
        multiple=True,
        metavar="id=NAME[,src=FILE|,env=NAME]",
        help="A secret for RUN --mount=type=secret; it gets into nothing that the build leaves.",
    )
    yield Option(
        ["--ssh"],
        multiple=True,
        metavar="default|ID[=SOCKET]",
        help="An SSH agent for RUN --mount=type=ssh; that of SSH_AUTH_SOCK unless there is a socket.",
    )
    yield Option(
        ["--allow"],
        multiple=True,
        metavar="PERMISSION",
        help="What the Dockerfile may ask for: network.host, device[=NAME], or security.insecure, which makes "
        "RUN --security=insecure root on this machine; or an output, buildx.local.delete.",
    )
    yield Option(
        ["--network"],
        type=click.Choice(["default", "host", "none"]),
        default="default",
        help="What RUN can reach: what this machine can (default, host), or none.",
    )
    yield Option(
        ["--add-host"],
        multiple=True,
        metavar="NAME:IP",
        help="Add a line to /etc/hosts of RUN.",
    )
    yield _host_ca("Let RUN trust this machine's CA certificates (or FILE's); they never enter a layer.")


def of_image() -> Iterator[Option]:
    """What an image gets, or does not get, whatever its Dockerfile says."""
    yield Option(["--label"], multiple=True, metavar="NAME=VALUE", help="Give the image a label; it wins over LABEL.")
    yield Option(["--annotation"], multiple=True, metavar="NAME=VALUE", help="Give the image's manifest an annotation.")
    yield Option(["--unsetlabel"], multiple=True, metavar="NAME", help="Leave a label out of the image.")
    yield Option(["--unsetenv"], multiple=True, metavar="NAME", help="Leave a variable out of the image.")
    yield Option(["--squash"], is_flag=True, help="Make one layer of all that is not the base's.")


def evidence() -> Iterator[Option]:
    """What is said of a result beside it."""
    yield from under("What is said of the result", _evidence())


def _evidence() -> Iterator[Option]:
    yield Option(
        ["--attest"],
        multiple=True,
        metavar="type=TYPE[,…]",
        help="Attach a statement: type=provenance or type=sbom, with what --provenance and --sbom take; disabled=true for none.",
    )
    yield AttachedOption(
        "--provenance",
        alone="true",
        metavar="mode=min|max,…",
        text="Say how the result was built: also version=v1|v0.2, builder-id=, filename=, reproducible=, inline-only=.",
    )
    yield AttachedOption(
        "--sbom",
        alone="true",
        metavar="spdx|cyclonedx|both,…",
        text="List the packages of the result: also scan-stage=STAGE, scan-context=true, generator=IMAGE.",
    )
    yield Option(
        ["--attest-as"],
        metavar="index|referrers|none",
        help="How that goes with an image: in an index, or in manifests pushed beside it that refer to it, or not at all. [index]",
    )
    yield Option(
        ["--sbom-output"],
        multiple=True,
        metavar="FILE",
        help="Write the list of packages to a file; a name that ends with .cdx.json is for CycloneDX.",
    )
    yield Option(
        ["--provenance-output"], multiple=True, metavar="FILE", help="Write the statement of provenance to a file."
    )
    yield AttachedOption(
        "--git-labels",
        alone="true",
        metavar="full",
        text="Label the image with the commit that it is built from; full: with the repository too.",
    )


_DEBUG = (
    "Say what the build works with before it begins; stagemill build, at a terminal, also opens a shell where a RUN fails, "
    "as --invoke does."
)


def _shown() -> Iterator[Option]:
    yield Option(["-j", "--jobs"], type=click.IntRange(min=0), metavar="N", help="How many steps run at once. [16]")
    yield Option(["-D", "--debug"], is_flag=True, help=_DEBUG)
    yield Option(
        ["--progress"],
        type=click.Choice(PROGRESS),
        help="How to show what happens; auto is tty on a terminal, else plain.",
    )


def with_options(options: Iterable[Option]) -> Callable[[click.Command], click.Command]:
    """Gives a command more flags."""

    def add(command: click.Command) -> click.Command:
        command.params += options
        return command

    return add


def with_targets(command: click.Command) -> click.Command:
    """Lets a command that has the flags of a build have several targets, and stages that are in none of them."""
    place = next(place for place, param in enumerate(command.params) if param.name == "target")
    command.params[place : place + 1] = under("What is built", _targets())
    return command


def _targets() -> Iterator[Option]:
    yield Option(
        ["--target"],
        multiple=True,
        metavar="STAGE[=NAME[:TAG]]",
        help="Stop at this stage; may be repeated, for several images of one graph, each with its names.",
    )
    yield Option(
        ["--also"],
        multiple=True,
        metavar="STAGE",
        help="Build this stage too (tests): it must succeed, and is in no image.",
    )
    yield Option(["--all-stages"], is_flag=True, help="Build every stage, also what no target needs.")


def with_host_ca(text: str) -> Callable[[click.Command], click.Command]:
    """Gives a command the flag `--host-ca`."""

    def add(command: click.Command) -> click.Command:
        command.params.append(_host_ca(text))
        return command

    return add


def _host_ca(text: str) -> Option:
    """`--host-ca[=FILE]`, which is `auto` without a file."""
    return AttachedOption("--host-ca", alone="auto", metavar="FILE", text=text)
