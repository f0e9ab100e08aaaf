"""`Curve`: one thing that grows while all else stays what it is, and the builds that are measured at each size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PER_FOLDER = 100
_BLOCK = 1 << 20
_NUMBERS = b"".join(b"%07d," % number for number in range(_BLOCK // 8))

BUILD = "STAGEMILL_ROOT={store} {stagemill} build --progress plain -t grown -o type=oci,dest={out} {context}"
MANY = (
    "for i in $(seq {size}); do "
    + BUILD.replace("{out}", "{out}-$i").replace("{context}", "{context}/$i")
    + ' & p="$p $!"; done; for i in $p; do wait $i; done'
)
_COMMAND = "STAGEMILL_ROOT={store} {stagemill} "


@dataclass(frozen=True, slots=True)
class Curve:
    """`what` is counted by `sizes`, `quick` are smaller ones. `make` fills an empty folder with the context of a size, and the store
    beside it where others are to have used that. `scenarios` are shell commands, in their order, each on the state that the ones
    before left; their fields are store, stagemill, out, context and size.
    """

    name: str
    what: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    make: Callable[[Path, Path, int], None]
    scenarios: Mapping[str, str] = field(default_factory=lambda: {"cold": BUILD, "warm": BUILD})


def files(context: Path, _store: Path, size: int) -> None:
    """So many files of a few hundred bytes, a hundred in each directory."""
    for first in range(0, size, _PER_FOLDER):
        folder = context / f"src/part{first // 10000}/module{first // _PER_FOLDER}"
        folder.mkdir(parents=True)
        for number in range(first, min(first + _PER_FOLDER, size)):
            with open(folder / f"file{number}.txt", "wb", buffering=0) as file:
                file.write(b"file %d\n" % number * (10 + number % 30))
    _dockerfile(context, "FROM scratch\nCOPY src /src\n")


def steps(context: Path, _store: Path, size: int) -> None:
    """So many RUNs after each other, each of which makes a layer."""
    shutil.copy(_busybox(), context / "busybox")
    lines = ["FROM scratch", "COPY busybox /bin/busybox", 'SHELL ["/bin/busybox", "sh", "-c"]']
    _dockerfile(context, "\n".join([*lines, *(f"RUN echo {i} > /step{i}" for i in range(size))]) + "\n")


def stages(context: Path, _store: Path, size: int) -> None:
    """So many stages, each with a file of its own, one of the stage before it and one of a much earlier one; the image needs all."""
    lines = []
    for i in range(size):
        (context / f"file{i}.txt").write_text(f"stage {i}\n")
        lines += [f"FROM scratch AS stage{i}", f"COPY file{i}.txt /own/file{i}.txt"]
        lines += [f"COPY --from=stage{before} /own /from/{before}/" for before in dict.fromkeys((i - 1, i // 2)) if i]
    _dockerfile(context, "\n".join(lines) + "\n")


def megabytes(context: Path, _store: Path, size: int) -> None:
    """One file of so many megabytes, a quarter of it noise."""
    noise = os.urandom(_BLOCK // 4)
    with open(context / "large.bin", "wb") as file:
        file.writelines(
            noise[number % 1024 :] + noise[: number % 1024] + b"%08d" % number + _NUMBERS[: 3 * _BLOCK // 4 - 8]
            for number in range(size)
        )
    _dockerfile(context, "FROM scratch\nCOPY large.bin /\n")


def records(context: Path, store: Path, size: int) -> None:
    """A build of two steps, on a store in which others have left so many."""
    subprocess.run([sys.executable, Path(__file__).with_name("filled.py"), store, str(size)], check=True)
    (context / "file.txt").write_text("a file\n")
    _dockerfile(context, "FROM scratch AS one\nCOPY file.txt /file\nFROM scratch\nCOPY --from=one /file /file\n")


def builds(context: Path, _store: Path, size: int) -> None:
    """So many builds of five steps each, all at once on one store; their contexts differ."""
    for i in range(1, size + 1):
        folder = context / str(i)
        folder.mkdir()
        shutil.copy(_busybox(), folder / "busybox")
        (folder / "file.txt").write_text(f"build {i}\n")
        lines = [
            "FROM scratch",
            "COPY busybox /bin/busybox",
            'SHELL ["/bin/busybox", "sh", "-c"]',
            "COPY file.txt /file.txt",
        ]
        _dockerfile(folder, "\n".join([*lines, *(f"RUN cat /file.txt > /copy{step}" for step in range(3))]) + "\n")


def _dockerfile(context: Path, text: str) -> None:
    (context / "Dockerfile").write_text(text)


def _busybox() -> str:
    found = shutil.which("busybox")
    if found is None:
        raise SystemExit("there is no busybox on PATH: apt-get install busybox-static")
    return found


ALL = {
    curve.name: curve
    for curve in (
        Curve("files", "files in the context", (1_000, 10_000, 100_000, 1_000_000), (100, 1_000, 10_000), files),
        Curve("steps", "RUN steps, each with a layer", (1, 10, 50, 100, 200, 500), (1, 10, 100), steps),
        Curve("stages", "stages", (1, 10, 100, 300, 1_000), (1, 10, 100), stages),
        Curve("megabytes", "MB in one file", (1, 10, 100, 1_000, 8_000), (1, 10, 100), megabytes),
        Curve(
            "records",
            "steps of other builds in the store",
            (10, 100, 1_000, 10_000, 100_000),
            (10, 100, 1_000),
            records,
            {
                "cold": BUILD,
                "warm": BUILD,
                "images": _COMMAND + "images -q",
                "du": _COMMAND + "du",
                "prune": _COMMAND + "prune --force --filter until=24h",
            },
        ),
        Curve(
            "builds",
            "builds at once on one store",
            (1, 2, 4, 8, 16, 32),
            (1, 2, 4),
            builds,
            {"cold": MANY, "warm": MANY},
        ),
    )
}
