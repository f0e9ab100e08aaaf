"""What a build holds of each file of its context: a context of a million files is to be built with less than a gigabyte."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from fakes.mill import SOURCE
from fakes.tree import MemoryTree
from stagemill.context.directory import DirectoryContext
from stagemill.execute.copy import copy
from stagemill.files import folded, spool
from stagemill.files.content import content
from stagemill.files.view import Entry
from stagemill.graph import operations
from stagemill.graph.vertex import Selection
from stagemill.layer import index
from stagemill.layer.blocks import cut
from stagemill.store.store import Store

ALL = Selection(("",))
YEARS_LATER_NS = 1 << 62
MOST_BYTES = 700


def no_archive(_archive: Path, _into: Path, /, *, implied: Callable[[str], Entry]) -> bool:
    return False


def peak(tmp_path: Path, *, files: int) -> int:
    """The most bytes of objects that there are while a context of so many files is read and copied, and its layer is cut into blocks."""
    context, layer = tmp_path / f"context-{files}", tmp_path / f"layer-{files}"
    layer.mkdir()
    for folder in range(files // 100):
        (context / f"source/part{folder}").mkdir(parents=True)
        for number in range(100):
            (context / f"source/part{folder}/file-{number}.txt").write_bytes(b"%d" % (folder * 100 + number))
    with Store.open(tmp_path / f"store-{files}") as store:
        tracemalloc.start()
        try:
            build(context, layer, store)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def build(context: Path, layer: Path, store: Store) -> None:
    """What `FROM scratch` and `COPY . /` make a build do."""
    stats = store.stat_cache(str(context))
    view = DirectoryContext(context, ignore=None, stats=stats, started_ns=YEARS_LATER_NS)
    found = content(view, ALL, owners=False)
    known = copy(operations.Copy(("",), "/"), MemoryTree({}), view, into=layer, link=False, extract=no_archive)
    made = index.build(layer, known=known)
    del known
    store.records.note(found.digest, found.each_part())
    for block in cut(made):  # of which so many are made at once, however many there are
        block.key("gzip")
    stats.save()


def measured(tmp_path: Path, *, files: int) -> int:
    """The peak in a process of its own, where nobody else makes objects."""
    own = Path(__file__)
    path = os.pathsep.join([str(SOURCE), str(own.parent.parent)])
    done = subprocess.run(
        [sys.executable, str(own), str(tmp_path), str(files)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_of_a_file_a_build_holds_some_hundred_bytes(tmp_path: Path) -> None:
    few, many = (measured(tmp_path, files=files) for files in (2_000, 10_000))

    assert 100 < (many - few) // 8_000 < MOST_BYTES


if __name__ == "__main__":
    # Limits that a context of a million files is far above.
    folded.MOST = spool._MOST = index.MOST_HELD = 500
    print(peak(Path(sys.argv[1]), files=int(sys.argv[2])))
