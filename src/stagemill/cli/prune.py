"""`stagemill prune`: takes out of the store what is not wanted any more; and what a build does for --cache-max."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import click

from stagemill.cli import table
from stagemill.cli.command import examples
from stagemill.cli.environment import Workplace, workplace
from stagemill.cli.flags import bytes_of
from stagemill.dockerfile import durations
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.store.prune import Pruned, Wish

_KINDS = {"step": "step", "mount": "mount", "image": "image", "regular": "step", "exec.cachemount": "mount"}
_FILTERS = ("until", "type", "name")
_EXAMPLES = examples(
    {
        "stagemill prune --filter until=168h": "what was not used for a week",
        "stagemill prune --keep-storage 10g": "the least recently used, until 10 GiB are left",
        "stagemill prune -f --all": "everything but the images that have a name",
    }
)
_QUESTION = "This removes all steps that no named image has, cache mounts, and images without a name. Go on?"


@click.command("prune", epilog=_EXAMPLES)
@click.option("-a", "--all", "every", is_flag=True, help="Also steps of images that have a name; the images stay.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option(
    "--filter", "filters", multiple=True, metavar="NAME=VALUE",
    help="Only what was not used for until=24h, of type=step, mount or image, with name=TEXT in its name.",
)  # fmt: skip
@click.option(
    "--keep-storage", "--max-used-space", "keep", metavar="SIZE", help="Stop when the store takes no more than this."
)
def command(*, every: bool, force: bool, filters: tuple[str, ...], keep: str | None) -> None:
    """Remove steps from the cache, cache mounts, and what nothing needs. What a running build holds is left alone."""
    now = time.time()
    wish = parse(filters, keep=keep, every=every, now=now)
    if not force and wish.keep is None and not filters:
        if not sys.stdin.isatty():
            raise UsageError("prune removes the whole cache", hint="say so with --force, or say what with --filter")
        click.confirm(_QUESTION, abort=True)
    with workplace() as place:
        told = _prune(place, wish, now)
    images = (f"image {digest.short}, which had no name" for digest in told.images)
    for name in (*told.steps, *told.mounts, *images):
        print(f"removed {name}")
    print(f"{table.size(told.bytes)} are free now; the store takes {table.size(told.left)}")


def parse(filters: Iterable[str], *, keep: str | None, every: bool, now: float) -> Wish:
    """Raises UsageError."""
    kinds: set[str] = set()
    words: list[str] = []
    until: float | None = None
    for text in filters:
        name, equals, value = text.partition("=")
        if name not in _FILTERS or not equals:
            near = nearest(name, _FILTERS)
            hint = (
                f"did you mean {near}?"
                if near and near != name
                else "write until=24h, type=step, type=mount, type=image or name=TEXT"
            )
            raise UsageError(f"invalid --filter {text!r}", hint=hint)
        if name == "until":
            until = now - _seconds(text, value)
        elif name == "name":
            words.append(value)
        elif value in _KINDS:
            kinds.add(_KINDS[value])
        else:
            raise UsageError(f"invalid --filter {text!r}: unknown type {value!r}", hint="it is step, mount or image")
    size = None if keep is None else bytes_of("--keep-storage", keep)
    return Wish(size, until, frozenset(kinds or {"step", "mount", "image"}), tuple(words), every)


def _seconds(text: str, value: str) -> float:
    try:
        return durations.parse(value) / 1e9
    except ValueError as error:
        raise UsageError(
            f"invalid --filter {text!r}: {value!r} is no time", hint="write until=24h or until=30m"
        ) from error


def _prune(place: Workplace, wish: Wish, now: float) -> Pruned:
    from stagemill.cli.du import layers_of
    from stagemill.store.prune import prune

    return prune(place.store, wish, layers_of=layers_of, now=now)


def enforce(place: Workplace, most: int) -> Pruned:
    """After a build: the store takes at most so many bytes."""
    return _prune(place, Wish(most, every=True), time.time())
