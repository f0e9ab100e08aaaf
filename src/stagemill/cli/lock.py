"""`stagemill lock`: what the names in a Dockerfile stand for, written to a file that builds are held to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import click

from stagemill.attest.wanted import Wanted
from stagemill.cli.frame.command import AttachedOption, Command, examples
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options, with_options, with_targets
from stagemill.cli.locking import place as places
from stagemill.cli.locking.asking import Asking
from stagemill.cli.locking.finding import find
from stagemill.cli.locking.report import Report
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.progress import open_progress
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import StagemillError, UsageError
from stagemill.lock import change
from stagemill.lock.change import Change
from stagemill.lock.document import serialize
from stagemill.lock.entries import Entry, Lock, LockedImage
from stagemill.lock.kept import KeptLock
from stagemill.lock.survey import Survey
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

_EXAMPLES = examples(
    {
        "stagemill lock .": "write stagemill.lock; what is locked stays",
        "stagemill lock --platform linux/amd64,linux/arm64 .": "for what is built in CI",
        "stagemill lock --update .": "move everything on",
        "stagemill lock --update alpine:3.20 .": "or one image, file or repository",
        "stagemill lock --add --build-arg VERSION=2 .": "add what another build needs",
        "stagemill lock --check .": "exit with 1 where it does not fit",
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of the lock; `names` are the entries that move on with `update`, none for all of them."""

    names: tuple[str, ...]
    update: bool
    add: bool
    check: bool
    json: bool

    @classmethod
    def of(cls, values: Values) -> Wish:
        """Raises UsageError."""
        wish = cls(values.texts("names"), *map(values.flag, ("update", "add", "check", "as_json")))
        if wish.check and wish.update:
            raise UsageError("--check changes nothing, and --update does", hint="give one of them")
        if wish.names and not wish.update:
            hint = "move them on with --update, or give the context alone"
            raise UsageError(f"stagemill lock builds one context, not also {', '.join(wish.names)}", hint=hint)
        if named := [text for text in values.texts("target") if "=" in text]:
            hint = f"write --target {named[0].partition('=')[0]}"
            raise UsageError(f"a lock names no image, as --target {named[0]} does", hint=hint)
        return wish

    def chosen(self, old: KeptLock) -> Callable[[Entry], bool]:
        """Which entries of the old lock are to be asked for again. Raises UsageError for a name that none has."""
        if not self.update:
            return lambda _entry: False
        if not self.names:
            return lambda _entry: True
        moving: set[Entry] = set()
        for name in self.names:
            found = change.named(old.lock, name)
            if not found:
                near = nearest(name, [known for entry in old.lock for known in change.names(entry)])
                hint = f"did you mean {near}?" if near else "stagemill lock without --update adds what is missing"
                raise UsageError(f"{old.name} has no {name}", hint=hint)
            moving.update(found)
        return moving.__contains__


_SBOM = AttachedOption(
    "--sbom", alone="true", metavar="generator=IMAGE", text="Lock the image of a scanner, as build --sbom has it."
)


def _for_locks(command: click.Command) -> click.Command:
    """The arguments of a build behind the names of what moves on; and a lock is not held to itself."""
    others = [param for param in command.params if param.name != "locked"]
    command.params = [click.Argument(["names"], nargs=-1, metavar="[NAME…]"), *others]
    return command


@_for_locks
@with_targets
@add_build_options
@with_options([_SBOM])
@click.command("lock", cls=Command, epilog=_EXAMPLES)
@click.option("--lock-file", metavar="FILE", help="The lock. [stagemill.lock beside the Dockerfile]")
@click.option("--update", is_flag=True, help="Ask again for what is locked: for these names, or for everything.")
@click.option("--add", is_flag=True, help="Keep what these flags do not need: it is for another build.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 unless the lock is exactly what is needed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(**given: object) -> None:
    """Write what the names in a Dockerfile stand for to stagemill.lock: images, URLs, git refs, lock files of packages.

    All stages count unless --target names one. Nothing is built, and of images nothing is fetched but their manifests.
    stagemill build --locked then has nothing else, and asks nobody for a tag.
    """
    values = Values(given)
    wish = Wish.of(values)
    build = BuildFlags.of(values, os.environ)
    build = replace(build, all_stages=build.all_stages or not values.texts("target"))
    file = values.text("lock_file") or ""
    flag = places.LockFlag(file, places.remedy(values, file=file))
    path = flag.place(build.context, build.file, flag="--lock-file")
    before = places.read(path)
    old = KeptLock(before or Lock(), os.fspath(path), flag.remedy)
    moves = wish.chosen(old)
    with workplace() as place, open_progress(build.progress, sys.stderr) as listener:
        asked = None if wish.check else Asking(place, build.pull)
        survey = Survey(old, asked, moves=moves)
        found = find(build, survey, place=place, listener=listener, generator=_generator(values), tolerant=wish.check)
        new = _merged(old.lock, found.lock, kept=wish.add)
        changes = tuple(change.changes(old.lock, new))
        local = tuple(_local(changes, asked)) if asked else ()
    report = Report(old.name, new, changes, found.unseen, local, found.copied)
    if asked is None:
        report = replace(report, changes=(*map(_judged, changes), *found.missing), checked=True)
    elif changes or before is None:
        places.write(path, serialize(new))
    print(report.json() if wish.json else report.text())
    if report.checked and report.changes:
        command_line = flag.remedy.add if wish.add else flag.remedy.write
        raise StagemillError(f"{old.name} is not what is needed", hint=f"write it: {command_line}")


def _judged(one: Change) -> Change:
    """A change that is not made."""
    return replace(one, what="missing" if one.old is None else "unused" if one.new is None else "changed")


def _generator(values: Values) -> str:
    wanted = Wanted.parse((), provenance=None, sbom=values.text("sbom"), build_args={})
    return wanted.sbom.generator if wanted.sbom else ""


def _merged(old: Lock, new: Lock, *, kept: bool) -> Lock:
    """The new lock; what only the old one has is `kept`, or not."""
    known = {(type(entry), entry.key) for entry in new}
    return Lock((*new, *(entry for entry in old if kept and (type(entry), entry.key) not in known)))


def _local(changes: Sequence[Change], asked: Asking) -> list[str]:
    """The images that are new in the lock, and that no other machine can have."""
    return [
        entry.familiar
        for entry in (each.new for each in changes)
        if isinstance(entry, LockedImage)
        and any(
            asked.only_here(replace(Reference.parse(entry.name), digest=each.digest), Platform.parse(each.platform))
            for each in entry.variants
        )
    ]
