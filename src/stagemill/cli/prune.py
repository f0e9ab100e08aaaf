"""`stagemill prune`: takes out of the store what is not wanted any more; and what a build does for --cache-max."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping

import click

from stagemill.cli.frame import table
from stagemill.cli.frame.command import examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.given import filtering
from stagemill.cli.given.flags import bytes_of
from stagemill.errors import UsageError
from stagemill.store.prune import Gone, Pruned, Wish

_EXAMPLES = examples(
    {
        "stagemill prune --filter until=168h": "what was not used for a week",
        "stagemill prune --max-used-space 10g": "the least recently used, until 10 GiB are left",
        "stagemill prune --min-free-space 5g": "until the disk has room again",
        "stagemill prune --filter name~=npm -f": "what has such a name",
        "stagemill prune -f --all": "everything but the images that have a name",
    }
)
_FLAGS = {"keep": "--max-used-space", "free": "--min-free-space", "reserved": "--reserved-space"}
_QUESTION = "This removes all steps that no named image has, cache mounts, and images without a name. Go on?"


@click.command("prune", epilog=_EXAMPLES)
@click.option("-a", "--all", "every", is_flag=True, help="Also steps of images that have a name; the images stay.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help=filtering.HELP)
@click.option(
    "--max-used-space", "--keep-storage", "keep", metavar="SIZE", help="Stop when the store takes no more than this."
)
@click.option("--min-free-space", "free", metavar="SIZE", help="Stop when this much of the disk is free.")
@click.option("--reserved-space", "reserved", metavar="SIZE", help="Leave the store this much in any case.")
@click.option("--verbose", is_flag=True, help="Tell of all that goes when it was used last, and what it took.")
def command(*, filters: tuple[str, ...], every: bool, force: bool, verbose: bool, **sizes: str | None) -> None:
    """Remove steps from the cache, cache mounts, and what nothing needs. What a running build holds is left alone."""
    now = time.time()
    wish = parse(filters, sizes, every=every, now=now)
    if not force and not filters and not any(sizes.values()):
        if not sys.stdin.isatty():
            raise UsageError("prune removes the whole cache", hint="say so with --force, or say what with --filter")
        click.confirm(_QUESTION, abort=True)
    with workplace() as place:
        told = _prune(place, wish, now, sizes=verbose)
    for gone in told.gone:
        print(_verbose(gone, now) if verbose else f"removed {_title(gone)}")
    print(f"{table.size(told.bytes)} are free now; the store takes {table.size(told.left)}")


def _title(gone: Gone) -> str:
    from stagemill.execute.travelling import shown

    if gone.kind == "image":
        return f"image {gone.name.removeprefix('<none> ')}, which had no name"
    return shown(gone.name) if gone.kind == "mount" else gone.name


def _verbose(gone: Gone, now: float) -> str:
    facts = [gone.kind, gone.id.removeprefix("<none> ")]
    facts += [table.size(gone.size)] if gone.size is not None else []
    facts += [f"used {table.age(gone.used, now).lower()}"] if gone.used else []
    return f"removed {_title(gone)} ({', '.join(facts)})"


def parse(filters: Iterable[str], sizes: Mapping[str, str | None], *, every: bool, now: float) -> Wish:
    """`sizes` are called keep, free and reserved. Raises UsageError."""
    until, others = filtering.parse(filters, now=now)
    found = {name: bytes_of(_FLAGS[name], text) for name, text in sizes.items() if text is not None}
    return Wish(found.get("keep"), found.get("free"), found.get("reserved"), until, others, every=every)


def _prune(place: Workplace, wish: Wish, now: float, *, sizes: bool = False) -> Pruned:
    from stagemill.execute.tree import Trees
    from stagemill.store.prune import prune

    return prune(place.store, wish, layers_of=Trees().pairs, now=now, sizes=sizes)


def enforce(place: Workplace, most: int) -> Pruned:
    """After a build: the store takes at most so many bytes."""
    return _prune(place, Wish(most, every=True), time.time())
