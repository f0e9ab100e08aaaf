#!/usr/bin/env python3
"""Builds one Dockerfile with two builders, and shows the first difference in the config or the tree of their images.

    tests/tools/differ.py DIRECTORY                                 stagemill and buildah
    tests/tools/differ.py DIRECTORY --second buildkit -- --target app
    tests/tools/differ.py DIRECTORY --second 'docker buildx build {flags} -f {dockerfile} -o type=oci,dest={out} {context}'

A builder is one of the names below, or a shell command with the fields dockerfile, context, flags, tag and out. Each gets its
bases where its own configuration says; the same tag may mean different images there. The status is 0 where nothing differs,
1 where something does, and 2 where a builder fails.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.reader import Result, read
from tools.difference import differences

BUILDERS = {
    "stagemill": f"{shlex.quote(sys.executable)} -m stagemill build --progress plain -f {{dockerfile}} -t {{tag}} {{flags}}"
    " -o type=oci,dest={out} {context}",
    "buildah": "buildah build --layers -f {dockerfile} -t {tag} {flags} {context} && buildah push --quiet {tag} oci-archive:{out}",
    "buildah-chroot": "buildah build --layers --isolation chroot -f {dockerfile} -t {tag} {flags} {context}"
    " && buildah push --quiet {tag} oci-archive:{out}",
    "buildkit": "buildctl build --progress plain --frontend dockerfile.v0 --local context={context}"
    " --local dockerfile=$(dirname {dockerfile}) {flags} --output type=oci,dest={out}",
}
TAG = "localhost/differ:latest"


class FailedError(Exception):
    """A builder ended with an error, whose last words are the message."""


def built(builder: str, dockerfile: Path, context: Path, *, flags: Sequence[str], out: Path) -> Result:
    """The image that a builder makes. Raises FailedError."""
    fields = {"dockerfile": dockerfile, "context": context, "tag": TAG, "out": out}
    quoted = {name: shlex.quote(str(value)) for name, value in fields.items()}
    command = BUILDERS.get(builder, builder).format(**quoted, flags=shlex.join(flags))
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or not out.exists():
        raise FailedError(f"{builder} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return read(out, image=True)


def main(arguments: Sequence[str]) -> int:
    """The status."""
    given = list(arguments)
    own, flags = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    options = _parser().parse_args(own)
    context = options.context.absolute()
    dockerfile = (options.file or context / "Dockerfile").absolute()
    with tempfile.TemporaryDirectory(prefix="differ-") as folder:
        try:
            results = [
                built(builder, dockerfile, context, flags=flags, out=Path(folder, f"{number}.tar"))
                for number, builder in enumerate((options.first, options.second))
            ]
        except FailedError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    found = list(differences(*results, without=options.without, times=options.times))
    for one in found if options.all else found[:1]:
        sys.stdout.write(one.shown(*(Path(builder.split()[0]).name for builder in (options.first, options.second))))
    more = len(found) - 1
    if more > 0 and not options.all:
        sys.stdout.write(f"and {more} more, which --all shows\n")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [OPTIONS] DIRECTORY [-- FLAGS]",
    )
    parser.add_argument("context", type=Path, metavar="DIRECTORY", help="the context")
    parser.add_argument("-f", "--file", type=Path, help="the Dockerfile; DIRECTORY/Dockerfile unless given")
    parser.add_argument("--first", default="stagemill", metavar="BUILDER", help=f"{', '.join(BUILDERS)} or a command")
    parser.add_argument("--second", default="buildah", metavar="BUILDER")
    parser.add_argument("--all", action="store_true", help="show all differences")
    parser.add_argument("--times", action="store_true", help="compare the times of files too")
    parser.add_argument(
        "--without", action="append", default=[], metavar="PATTERN",
        help="leave places out: config.Labels.*, /var/log/*; may be repeated",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
