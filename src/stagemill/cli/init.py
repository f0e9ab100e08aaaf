"""`stagemill init`: the Dockerfile and the ignore file that a project should have, written where there is none."""

from __future__ import annotations

from pathlib import Path

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.cli.splitting.keeping import write_new
from stagemill.errors import StagemillError
from stagemill.split.start import KINDS, start
from stagemill.split.start.folder import Folder

_EXAMPLES = examples(
    {
        "stagemill init": "for the project in this directory",
        "stagemill init --dry-run app": "show both files, and write none",
        'stagemill init --run "python -m app"': "where it cannot be seen what the image is to run",
        "stagemill init --kind python": "one of several projects in the folder",
        "stagemill init --run ./cmd/server": "a main package of Go, or a program of Rust, C and C++",
    }
)
_NAMES = ("Dockerfile", ".dockerignore")


@click.command("init", cls=Command, epilog=_EXAMPLES)
@click.argument("folder", default=".", metavar="[FOLDER]")
@click.option("--run", "runs", metavar="COMMAND", help="What the image runs. [what the project's files say]")
@click.option("--kind", metavar="KIND", help=f"Which of several projects in the folder: {', '.join(KINDS)}.")
@click.option("-f", "--force", is_flag=True, help="Write over the files that are there.")
@click.option("--dry-run", is_flag=True, help="Print both files, and write none.")
def command(*, folder: str, runs: str | None, kind: str | None, force: bool, dry_run: bool) -> int:
    """Write a Dockerfile of two stages and a .dockerignore for the project in a folder.

    It looks at lock files, manifests and sources, and knows Node (npm, pnpm, yarn), Python (pip, uv, poetry), Go, Rust, Java (Maven,
    Gradle), C and C++ (CMake, Meson, make) and static sites, workspaces among them. It asks nothing, and overwrites nothing without --force.
    """
    place = Path(folder)
    if not place.is_dir():
        raise StagemillError(f"{folder} is no folder", hint="name the folder of a project")
    there = [name for name in _NAMES if (place / name).exists()]
    if there and not dry_run and not force:
        hint = (
            "stagemill split makes its one stage into two, stagemill lint finds mistakes; --force writes over it"
            if "Dockerfile" in there
            else "see --dry-run, or write over it: --force"
        )
        raise StagemillError(f"{place / there[0]} is there already", hint=hint)
    found = start(Folder(place), runs or "", kind or "")
    texts = dict(zip(_NAMES, (found.dockerfile, found.ignore), strict=True))
    if dry_run:
        print("\n".join(f"# --- {name}\n{text}" for name, text in texts.items()), end="")
        return 0
    for name, text in texts.items():
        if force:
            (place / name).unlink(missing_ok=True)
        write_new(place / name, text)
    print(
        f"{found.title}: {place / 'Dockerfile'} and {place / '.dockerignore'} were written; the image runs {found.command}"
    )
    print(f"build it: stagemill build -t {Folder(place.resolve()).path.name.lower() or 'app'} {folder}")
    return 0
