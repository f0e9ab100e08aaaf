"""A tree that is glimpsed at has the files that it has when it is unpacked, whatever its layers are like."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fakes.blobs import AMD64
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.execute import base
from stagemill.execute.glimpse import Glimpse
from stagemill.execute.tree import Tree
from stagemill.files.paths import resolve
from stagemill.files.view import FileView
from stagemill.oci import media_types
from stagemill.oci.config import ImageConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.store.store import Store

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")
Wish = tuple[str, str, str, int]
NAMES = ("a", "b", "c")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
KINDS = st.sampled_from(["file", "file", "dir", "symlink", "whiteout", "opaque", "fifo", "link"])
LAYERS = st.lists(st.lists(st.tuples(PATHS, KINDS, PATHS, st.integers(0, 0o777)), max_size=8), min_size=1, max_size=3)
_FOLDERS = {"dir", "opaque"}
_WANTED = {"file", "link", "symlink"}
ALL = [
    *NAMES,
    *(f"{one}/{two}" for one in NAMES for two in NAMES),
    *(f"{one}/{two}/{three}" for one in NAMES for two in NAMES for three in NAMES),
]


def tidy(layers: Sequence[Sequence[Wish]]) -> list[list[Wish]]:
    """The same less most of what nobody could unpack; hard links lead to what this layer has, or one below it."""
    files: list[str] = []
    made = []
    for wishes in layers:
        kept: dict[str, Wish] = {}
        for path, kind, other, number in wishes:
            odd = number % 16 == 0
            above = [before for before in kept if path.startswith(f"{before}/") and kept[before][1] not in _FOLDERS]
            if (path in kept or above or any(name.startswith(f"{path}/") for name in kept)) and not odd:
                continue
            target = files[number % len(files)] if kind == "link" and files else other
            kept[path] = path, "file" if kind == "link" and not files else kind, target, number
            if kept[path][1] == "file":
                files.append(path)
        made.append(list(kept.values()))
    return made


def tar(wishes: Sequence[Wish]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, kind, other, number in wishes:
            above, _, name = path.rpartition("/")
            member = tarfile.TarInfo(path)
            member.mode, member.mtime, member.uid = number, number, number
            match kind:
                case "whiteout":
                    member.name = f"{above}/.wh.{name}"
                case "opaque":
                    member.name = f"{path}/.wh..wh..opq" if number % 4 else ".wh..wh..opq"
                case "dir":
                    member.type = tarfile.DIRTYPE
                case "symlink":
                    member.type, member.linkname = tarfile.SYMTYPE, f"/{other}"
                case "link":
                    member.type, member.linkname = tarfile.LNKTYPE, other
                case "fifo":
                    member.type = tarfile.FIFOTYPE
                case _:
                    member.size = number
            archive.addfile(member, io.BytesIO(b"x" * number) if member.size else None)
    return out.getvalue()


def image(workshop: Workshop, layers: Sequence[Sequence[Wish]]) -> Tree:
    tars = [tar(wishes) for wishes in layers]
    blobs = [gzip.compress(data, 1, mtime=0) for data in tars]
    config = ImageConfig(platform=AMD64, diff_ids=tuple(map(Digest.of, tars)))
    puts = tuple(Descriptor(media_types.LAYER_GZIP, workshop.remote.blobs.put(data), len(data)) for data in blobs)
    made = Image.build(config, puts)
    base.remember(workshop.store, made, reference="registry.example/app:1")
    return base.tree(workshop.store, made.digest)


def told(view: FileView, path: str) -> object:
    """What a COPY of one path sees: where it leads, and the file there, or that there is none, or something else."""
    try:
        real = resolve(view, path)
        entry = view.lstat(real)
        if entry is None or entry.kind == "dir":
            return real, entry and entry.kind
        shared = [
            other
            for other in ALL
            if entry.node is not None and (there := view.lstat(other)) is not None and there.node == entry.node
        ]
        facts = (entry.mode, entry.uid, entry.size, entry.mtime_ns, entry.target, shared)
        if entry.kind != "file":
            return real, entry.kind, facts
        return real, facts, view.digest(real), view.real_path(real).read_bytes()
    except StagemillError as error:
        return error.message


@as_root
@settings(max_examples=100, deadline=None)
@given(LAYERS, st.frozensets(st.sampled_from(ALL), max_size=2), st.integers(0, 3))
@example([[("a", "file", "a", 121), ("c", "link", "a", 0), ("b", "fifo", "a", 0)]], frozenset(), 1)
def test_each_file_is_the_same_as_in_the_unpacked_tree(
    wishes: list[list[Wish]], others: frozenset[str], unpacked: int
) -> None:
    layers = tidy(wishes)
    wanted = others | {path for layer in layers for path, kind, _, number in layer if kind in _WANTED and number % 2}
    with tempfile.TemporaryDirectory() as name, Store.open(Path(name, "store")) as store:
        workshop = Workshop(Path(name), store)
        tree = image(workshop, layers)
        forms = workshop.forms
        if unpacked < len(layers):
            try:
                home = forms.layers(tree)[unpacked]
                for other in forms.layers(tree):
                    if other != home:
                        store.layers.remove(other)
            except StagemillError:
                pass
        glimpse = Glimpse(workshop.forms, tree, wanted, fetching=True)

        seen = [told(glimpse, path) for path in sorted(wanted)]

        try:
            whole: FileView = workshop.forms.view(tree)
        except StagemillError:
            return  # it can be glimpsed at, though it cannot be unpacked
        assert seen == [told(whole, path) for path in sorted(wanted)]
