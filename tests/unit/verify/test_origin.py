"""Which instruction made what."""

from __future__ import annotations

from fakes.images import FakeImages
from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.digest import Digest
from stagemill.files.view import Entry
from stagemill.graph.vertex import Vertex
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.planner import Plan
from stagemill.verify.origin import Origins

TEXT = """\
FROM busybox AS one
RUN make
COPY a /a
FROM one AS two
RUN more
FROM two
COPY --from=one /made /renamed
LABEL a=b
WORKDIR /w
"""
BASE = ImageConfig(Platform.local(), RunConfig(), diff_ids=(Digest.of(b"base"),))
MADE, EMPTY = Digest.of(b"made"), Digest.of(b"")


def plan() -> Plan:
    return planned(TEXT, images=FakeImages(busybox=BASE), context=MemoryTree({"a": "A"}))


def written(vertex: Vertex) -> LayerIndex | None:
    """`RUN make` wrote a file of some bytes, and an empty one; `RUN more` only an empty one."""
    names = {"RUN make": {"made": MADE, "dir/first": EMPTY}, "RUN more": {"second": EMPTY}}
    for end, files in names.items():
        if vertex.label.name.endswith(end):
            entry = Entry("file", 0o644, 0, 0, 0, 0)
            return LayerIndex([IndexEntry(name, entry, digest) for name, digest in files.items()])
    return None


def test_layers_belong_to_the_instructions_of_the_target_and_of_the_stages_below_it() -> None:
    origins = Origins(plan(), 6, written)

    lines = [at.line if (at := origins.layer(number)) else None for number in range(7)]

    assert lines == [None, 2, 3, 5, 7, 9, None]


def test_nothing_is_known_where_the_image_has_other_layers() -> None:
    assert [Origins(plan(), 3, written).layer(number) for number in range(3)] == [None] * 3


def test_a_file_belongs_to_the_step_that_first_had_it() -> None:
    origins = Origins(plan(), 6, written)

    found = [
        origins.file(4, path, digest) for path, digest in (("renamed", MADE), ("renamed", None), ("x", Digest.of(b"x")))
    ]

    assert [at and at.line for at in found] == [2, 7, 7]


def test_empty_files_are_told_apart_by_name() -> None:
    origins = Origins(plan(), 6, written)

    assert [
        at and at.line for at in (origins.file(4, f"z/{name}", EMPTY) for name in ("first", "second", "third"))
    ] == [2, 5, 7]
