"""`Target`, a stage that becomes an image with names of its own; and what a command line asks for each of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stagemill import events
from stagemill.build import Built
from stagemill.cli.given import flags
from stagemill.cli.results.exports import write_atomically
from stagemill.cli.results.outputs import Delivered, Wishes, check, deliver, pretty
from stagemill.errors import UsageError
from stagemill.oci.image_index import identity
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.results.witness import Account

PLACE = "{target}"


@dataclass(frozen=True, slots=True)
class Target:
    """`stage` is a name or an index, empty for the last; `names` are full names of its image."""

    stage: str = ""
    names: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What stands for it in paths."""
        return self.stage.lower() or "default"


def parse(texts: Iterable[str]) -> tuple[Target, ...]:
    """`--target STAGE[=NAME[:TAG]]`, each stage once with all of its names; the last stage where there are none."""
    found: dict[str, Target] = {}
    for text in texts:
        stage, equals, name = text.partition("=")
        if equals and not (stage and name):
            what = "name of the image" if stage else "stage"
            raise UsageError(f"invalid --target {text!r}: it has no {what}", hint="write --target STAGE=NAME[:TAG]")
        before = found.get(stage.lower(), Target(stage))
        names = (str(flags.reference(name)),) if name else ()
        found[stage.lower()] = replace(before, names=tuple(dict.fromkeys((*before.names, *names))))
    return tuple(found.values()) or (Target(),)


def spread(targets: Sequence[Target], wishes: Wishes) -> tuple[Wishes, ...]:
    """What is wished for each target. Raises UsageError for what only one of several can have."""
    if len(targets) > 1:
        _refuse_single(targets, wishes)
    return tuple(_wishes(target, wishes, alone=len(targets) == 1) for target in targets)


def _refuse_single(targets: Sequence[Target], wishes: Wishes) -> None:
    count = f"there are {len(targets)} targets"
    each = " ".join(f"--target {target.title}=NAME" for target in targets)
    if wishes.tags:
        raise UsageError(f"-t names one image, and {count}", hint=f"give each its own name: {each}")
    for file in wishes.attest.files:
        if PLACE not in file.path:
            hint = f"say where the name of the stage goes: {file.flag} {_placed(file.path)}"
            raise UsageError(f"{file.flag} {file.path} takes one result, and {count}", hint=hint)
    for output in wishes.outputs:
        if output.names:
            raise UsageError(f"--output name= names one image, and {count}", hint=f"give each its own name: {each}")
        if output.dest == "-":
            raise UsageError(f"standard output takes one result, and {count}", hint=f"use dest=out/{PLACE}.tar")
        directory = output.type == "local" or not output.tar
        if output.dest and not directory and PLACE not in output.dest:
            hint = f"say where the name of the stage goes: dest={_placed(output.dest)}"
            raise UsageError(f"--output {output.dest} takes one result, and {count}", hint=hint)


def _placed(file: str) -> Path:
    path = Path(file)
    return path.with_name(f"{path.stem}-{PLACE}{path.suffix}")


def _wishes(target: Target, wishes: Wishes, *, alone: bool) -> Wishes:
    """Directories get one for each target; a file of digests that all share is not written by one of them."""
    outputs = []
    for output in wishes.outputs:
        dest = output.dest
        if not alone and dest and PLACE not in dest:
            dest = f"{dest.rstrip('/') or '/'}/{target.title}"
        outputs.append(replace(output, dest=dest.replace(PLACE, target.title)))
    files = (wishes.iidfile, wishes.metadata_file)
    own = [file.replace(PLACE, target.title) if file and (alone or PLACE in file) else None for file in files]
    return replace(
        wishes,
        tags=(*wishes.tags, *target.names),
        outputs=tuple(outputs),
        attest=replace(
            wishes.attest,
            files=tuple(replace(file, path=file.path.replace(PLACE, target.title)) for file in wishes.attest.files),
        ),
        iidfile=own[0],
        metadata_file=own[1],
        digests=any(file and not mine for file, mine in zip(files, own, strict=True)),
        title="" if alone else target.title,
        stage=target.stage,
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a command line asks for: as it was given, and for each of its targets."""

    given: Wishes
    each: tuple[Wishes, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, targets: Sequence[Target], wishes: Wishes, stdout: BinaryIO) -> Delivery:
        """Raises before anything is built where a result could not be delivered."""
        check(wishes, stdout, places=False)
        each = spread(targets, wishes)
        for one in each:
            check(one, stdout)
        shared = [file for file in (wishes.iidfile, wishes.metadata_file) if file and PLACE not in file]
        for file in shared if len(each) > 1 else ():
            check(Wishes(metadata_file=file), stdout)
        return cls(wishes, each, tuple(target.title for target in targets))

    @property
    def wants_any(self) -> bool:
        """Whether anybody gets a result."""
        return any(
            one.wants_image or one.attest.files or any(out.type != "cacheonly" for out in one.outputs)
            for one in self.each
        )

    @property
    def pushed(self) -> tuple[Reference, ...]:
        """The names under which registries get results."""
        names = (name for one in self.each for name in one.pushed)
        return tuple(Reference.parse(name) for name in dict.fromkeys(names))

    def wishes(self, builds: int) -> list[Wishes]:
        """Those for each of so many images, one for each platform of each target."""
        return [one for one in self.each for _ in range(builds // len(self.each))]

    def deliver(
        self,
        builds: Sequence[Built],
        *,
        listener: events.Listener,
        stdout: BinaryIO,
        account: Account | None = None,
    ) -> list[Delivered | None]:
        """Afterwards everything that was asked for is there: the result for each target, if there is one. `builds` are those of each target, one for each platform.

        `account` is for what is said of them.
        """
        count = len(builds) // len(self.each)
        groups = [builds[start : start + count] for start in range(0, len(builds), count)]
        delivered = []
        for group, one in zip(groups, self.each, strict=True):
            result = deliver(group, one, listener=listener, stdout=stdout, account=account)
            if result and not result.names and not _goes_elsewhere(one):
                services = group[0].services
                services.store.images.keep(result.image.descriptor, services.clock())
            delivered.append(result)
        if len(self.each) > 1:
            self._tell_what_stays(builds[0], listener)
            found = {title: it for title, it in zip(self.titles, delivered, strict=True) if it}
            _write(self.given.iidfile, {title: identity(it.image) for title, it in found.items()})
            _write(self.given.metadata_file, {title: it.metadata for title, it in found.items()})
        return delivered

    def _tell_what_stays(self, built: Built, listener: events.Listener) -> None:
        """Says of which target nobody gets the result."""
        left = [title for title, one in zip(self.titles, self.each, strict=True) if not one.wants_any]
        if left:
            names = " and ".join(left)
            text = f"the result of {names} stays in the build cache, since nobody asked for it\n"
            hint = f"hint: name the image with --target {left[0]}=NAME, or write it somewhere with -o DIRECTORY"
            listener(events.Notice(text + hint, built.services.clock()))


def _goes_elsewhere(wishes: Wishes) -> bool:
    """Whether the image is for files of the user's, and not for the store, where its id would find it."""
    return bool(wishes.outputs) and all(
        output.dest or output.type == "cacheonly" or not output.keeping.named for output in wishes.outputs
    )


def _write(file: str | None, document: Mapping[str, object]) -> None:
    """JSON by target, in a file that is not one target's own."""
    if file and PLACE not in file:
        write_atomically(Path(file), pretty(document))
