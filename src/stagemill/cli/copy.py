"""`stagemill copy`: an image from one place to another."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.command import Command, examples
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.given.options import with_options
from stagemill.cli.progress import open_progress
from stagemill.cli.results.exports import write_atomically
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.events import Notice
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.places.address import Address
    from stagemill.places.rewriting import Form

_EXAMPLES = examples(
    {
        "stagemill copy docker://debian:12 docker://r.example/debian:12": "between registries",
        "stagemill copy app docker://r.example/app:1 docker://r.example/app": "under two names",
        "stagemill copy docker://r.example/app:1 oci:layout:1": "into a layout",
        "stagemill copy docker://debian docker-archive:debian.tar:debian": "for docker load",
        "stagemill copy --platform linux/arm64 oci-archive:app.tar app": "one image, into the store",
    }
)


@dataclass(frozen=True, slots=True)
class Copy:
    """What a command line asks for. Without a `form` manifests stay as they are, without a `platform` an index whole."""

    source: Address
    destinations: tuple[Address, ...]
    platform: Platform | None = None
    form: Form | None = None
    digestfile: str | None = None
    dry_run: bool = False


@with_options(access.options())
@click.command("copy", cls=Command, epilog=_EXAMPLES)
@click.argument("source")
@click.argument("destinations", nargs=-1, required=True, metavar="DESTINATION…")
@click.option(
    "-a", "--all", "everything", is_flag=True, help="Changes nothing: without --platform all of it is copied."
)
@click.option("--platform", metavar="OS/ARCH", help="Only the image for this platform, of one that has several.")
@click.option(
    "--format", "form", type=click.Choice(["oci", "docker"]),
    help="The format of manifests there: OCI's, or docker's schema 2; as they are unless given. Changes digests.",
)  # fmt: skip
@click.option("--digestfile", metavar="FILE", help="Write the digest of what is there afterwards to a file.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the digest.")
def command(
    *,
    source: str,
    destinations: tuple[str, ...],
    everything: bool,
    platform: str | None,
    form: Form | None,
    digestfile: str | None,
    dry_run: bool,
    quiet: bool,
    **given: object,
) -> None:
    """Copy an image, or an index with all that is in it, to other places. Layers are not unpacked, and digests stay.

    \b
    A place is one of
      docker://NAME[:TAG][@DIGEST]      a registry
      NAME[:TAG], or an id              the local store
      oci:DIR[:TAG][@DIGEST]            a directory with an OCI layout; also oci-layout://DIR…
      oci-archive:FILE[:TAG][@DIGEST]   such a layout in a tar archive
      docker-archive:FILE[:NAME]        an archive for docker load

    What a place has already is not sent again. An archive is made anew, a layout gets the image added.
    """
    from stagemill.cli.named.places import reach
    from stagemill.places.address import parse

    if everything and platform:
        raise UsageError("--all and --platform say both what to copy", hint="leave one of them out")
    wanted = Copy(
        parse(source),
        tuple(map(parse, destinations)),
        flags.any_platform(platform) if platform else None,
        form,
        digestfile,
        dry_run,
    )
    with workplace() as place:
        place.access = reach(Values(given), (wanted.source, *wanted.destinations))
        digest = carry_out(wanted, place, quiet=quiet)
    if not any(map(_is_standard_output, wanted.destinations)):
        print(digest)


def _is_standard_output(address: Address) -> bool:
    """Whether an archive goes there, which nothing may follow."""
    from stagemill.places.address import InArchive, InDockerArchive

    if isinstance(address, InArchive | InDockerArchive):
        with suppress(OSError, ValueError):
            return os.path.samestat(os.stat(address.path), os.fstat(sys.stdout.fileno()))
    return False


def carry_out(wanted: Copy, place: Workplace, *, quiet: bool) -> Digest:
    """Copies; the digest of what is there afterwards. Raises StagemillError."""
    from stagemill.cli.named.sending import Sending, opened, read
    from stagemill.places.rewriting import in_form

    with open_progress("quiet" if quiet else "auto", sys.stderr) as listener, opened(wanted.source, place) as found:
        image = read(found, wanted.source, wanted.platform)
        if wanted.form:
            image = in_form(image, wanted.form, told=lambda text: listener(Notice(text, time.time())))
        sending = Sending(place, found, str(wanted.source), listener, wanted.source)
        if wanted.dry_run:
            sending.foresee(image, wanted.destinations)
        else:
            sending.send(image, wanted.destinations)
    if wanted.digestfile and not wanted.dry_run:
        write_atomically(Path(wanted.digestfile), image.digest.encode())
    return image.digest
