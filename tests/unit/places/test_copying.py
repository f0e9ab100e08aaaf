"""Copying: what is there is not sent, which side failed is told, and what failed changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest

from fakes.blobs import MemoryBlobs
from fakes.places import MemorySource, both, one
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, RegistryError, StagemillError, StoreError
from stagemill.execute.streams import Stopped
from stagemill.oci.blobs import BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.places.copying import Copied, Copying
from stagemill.places.node import Node
from stagemill.places.target import How
from stagemill.store.locks import never


@dataclass
class MemoryTarget:
    """A Target that notes what is done, in order."""

    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    done: list[str] = field(default_factory=list)
    mounts: list[list[str]] = field(default_factory=list)
    known: frozenset[Digest] = frozenset()
    refuses: str = ""
    parallel: int = 1
    registry: str = "host.example"

    def check(self, _node: Node, /) -> None:
        if self.refuses == "check":
            raise StagemillError("it wants none", hint="do")

    def knows(self, node: Node, /) -> bool:
        return node.digest in self.known

    def has(self, blob: Descriptor, /) -> bool:
        return self.blobs.has(blob)

    def blob(self, blob: Descriptor, source: BlobSource, /, *, mounts: Iterable[str], stopped: Stopped = never) -> How:
        self.mounts.append(list(mounts))
        if self.refuses == "blob":
            raise StoreError("the disk is full", hint="free some")
        if self.has(blob):
            return "there"
        with source.open(blob) as reader:
            self.blobs.write(blob, chunks(reader))
        self.done.append(f"blob {blob.digest}")
        return "sent"

    def manifest(self, node: Node, /) -> None:
        self.done.append(f"manifest {node.digest}")

    def name(self, node: Node, /) -> None:
        self.done.append(f"name {node.digest}")


class Broken(MemorySource):
    """A source whose blobs break off, or cannot be opened."""

    at: str = "read"

    @contextmanager
    def open(self, descriptor: Descriptor, /) -> Iterator[Reader]:
        if self.at == "open":
            raise RegistryError("it is gone", hint="look")
        yield Breaking()


class Breaking:
    def read(self, _size: int, /) -> bytes:
        raise RegistryError("the line broke", hint="again")


def copy(source: MemorySource, target: MemoryTarget, *others: str) -> tuple[Copied, list[events.Event]]:
    heard: list[events.Event] = []
    clock = count(1)
    copying = Copying(source, "here", heard.append, lambda: float(next(clock)))
    return copying.copy(source.node(), target, "there", others=others), heard


def test_blobs_go_first_and_the_name_last() -> None:
    source, target = both(), MemoryTarget()
    node = source.node()

    copied, heard = copy(source, target)

    assert [text.partition(" ")[0] for text in target.done] == ["blob"] * 7 + ["manifest"] * 4 + ["name"]
    assert target.done[-1] == f"name {node.digest}"
    assert (copied.ways["sent"], str(copied)) == (7, "7 sent")
    assert copied.bytes == sum(len(target.blobs.data[digest]) for digest in target.blobs.data)
    assert isinstance(heard[0], events.Started)
    assert heard[0].name == "copying here to there"
    assert isinstance(heard[-1], events.Finished)
    assert {each.part for each in heard if isinstance(each, events.Transfer) and each.done} == set(target.blobs.data)


def test_what_is_there_is_not_read_and_a_known_manifest_not_looked_into() -> None:
    source, target = both(), MemoryTarget()
    copy(source, target)
    source.opened.clear()
    target.known = frozenset(child.digest for child in source.node().children[:2])

    copied, _ = copy(source, target)

    assert source.opened == []
    assert str(copied) == "3 there already"
    target.known = frozenset(child.digest for child in source.node().children)
    assert str(copy(source, target)[0]) == "all there already"


def test_other_repositories_of_the_registry_are_asked_first_those_that_were_just_written_to() -> None:
    source, target = one(), MemoryTarget()
    source.mounts = ["source/app"]

    copy(source, target, "first/app")

    assert target.mounts == [["first/app", "source/app"]] * 2


@pytest.mark.parametrize(
    ("at", "message"),
    [("read", "cannot read here: the line broke"), ("open", "cannot read here: it is gone")],
)
def test_the_source_is_named_where_it_fails(at: str, message: str) -> None:
    good = one()
    source, target = Broken(good.entry, good.blobs), MemoryTarget()
    source.at = at

    with pytest.raises(StagemillError) as caught:
        copy(source, target)

    assert caught.value.message == message
    assert caught.value.hint in {"again", "look"}
    assert target.done == []


@pytest.mark.parametrize(
    ("refuses", "message"),
    [("check", "cannot write there: it wants none"), ("blob", "cannot write there: the disk is full")],
)
def test_the_target_is_named_where_it_fails(refuses: str, message: str) -> None:
    target = MemoryTarget(refuses=refuses)

    with pytest.raises(StagemillError) as caught:
        copy(one(), target)

    assert caught.value.message == message
    assert target.done == []


def test_being_stopped_is_nobodys_fault() -> None:
    class Stopped(MemoryTarget):
        def knows(self, node: Node, /) -> bool:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError) as caught:
        copy(one(), Stopped())

    assert caught.value.message == "stopped"
