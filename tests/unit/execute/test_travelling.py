"""Cache mounts that go from one machine to another."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes.blobs import AMD64
from fakes.caching import MemoryKeep, source
from fakes.sandbox import Call
from fakes.workshop import Workshop
from stagemill.build import Built
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import Form, read
from stagemill.cache.imports import Imports
from stagemill.events import Notice
from stagemill.execute.exporting import Export, export
from stagemill.execute.travelling import MountNames, called, full_name, shown
from stagemill.layer.compression import Compression
from stagemill.oci import media_types
from stagemill.sandbox.process import Bind

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

DOCKERFILE = """
FROM scratch AS tool
COPY one /seed/one
FROM scratch
COPY one /one
RUN --mount=type=cache,target=/root/.npm --mount=type=cache,id=go,target=/go,mode=0700 ["fill"]
"""
FILES = {"one": "1"}
ALL = MountNames(every=True)
NPM, GO = "//root/.npm", "/go"


def places(call: Call) -> dict[str, Path]:
    """Where the caches of a process lie, by their targets."""
    return {mount.target: mount.source for mount in call.process.mounts if isinstance(mount, Bind)}


def put(workshop: Workshop, name: str, **files: str) -> Path:
    """Something in a cache's directory, as a process would have left it."""

    def nothing(_path: Path) -> None:
        """It begins empty."""

    with workshop.store.caches.use(name, sharing="shared", fill=nothing) as place:
        for file, text in files.items():
            (place / file).write_text(text)
    return place


def send(built: Built, keep: MemoryKeep, mounts: MountNames = ALL, **how: object) -> CacheContents:
    to = Export("a test", lambda: nullcontext(keep), mounts=mounts, **how)  # type: ignore[arg-type]
    export(built.finished, to, listener=built.services.listener, clock=built.services.clock)
    return read(keep, platforms=[AMD64])[0]


def receive(workshop: Workshop, keep: MemoryKeep) -> None:
    contents, size = read(keep, platforms=[AMD64])
    workshop.imports = Imports(
        [source("a test", contents, keep, size=size)], listener=workshop.heard.append, clock=workshop.clock
    )


def texts(workshop: Workshop) -> list[str]:
    return [event.text for event in workshop.events(Notice)]


def test_caches_are_called_by_their_ids() -> None:
    assert [shown(name) for name in (NPM, GO, "ns/go")] == ["/root/.npm", "go", "ns/go"]
    assert full_name("/root/.npm") == NPM
    assert called(f"{GO} from sha256:{'0' * 64}") == (f"go from sha256:{'0' * 64}", "go")


class TestExport:
    def test_those_that_are_meant_go_with_the_cache(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")
        put(workshop, GO, b="other")
        put(workshop, "/another projects", c="not ours")

        every = send(built, keep)
        one = send(built, MemoryKeep(), MountNames(frozenset({"go"})))
        none = send(built, MemoryKeep(), MountNames())

        assert [mount.name for mount in every.mounts] == [NPM, GO]
        assert [mount.name for mount in one.mounts] == [GO]
        assert none.mounts == ()
        assert {mount.blob.digest for mount in every.mounts} <= keep.blobs.data.keys()
        assert {mount.blob.media_type for mount in every.mounts} == {media_types.LAYER_ZSTD}

    @pytest.mark.parametrize(
        ("how", "kind"),
        [
            ({"form": Form(oci_types=False)}, media_types.LAYER_GZIP),
            ({"compression": Compression("uncompressed")}, media_types.LAYER),
        ],
    )
    def test_they_are_compressed_as_the_cache_is(
        self, workshop: Workshop, keep: MemoryKeep, how: dict[str, object], kind: str
    ) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")

        found = send(built, keep, MountNames(frozenset({"/root/.npm"})), **how)

        assert [mount.blob.media_type for mount in found.mounts] == [kind]

    def test_the_same_files_are_the_same_blob(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")

        one, other = send(built, keep), send(built, MemoryKeep())

        assert [mount.blob for mount in one.mounts] == [mount.blob for mount in other.mounts]

    def test_the_store_is_not_larger_for_it(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")
        send(built, MemoryKeep(), MountNames())
        before = set(workshop.store.blobs.all())

        send(built, keep)

        assert set(workshop.store.blobs.all()) == before

    def test_what_is_too_large_is_left_out_and_told(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="x" * 3_000_000)
        put(workshop, GO, b="small")

        found = send(built, keep, MountNames(every=True, limit=1_000_000))

        assert [mount.name for mount in found.mounts] == [GO]
        (told,) = texts(workshop)
        assert told.startswith("the cache mount /root/.npm is left out: it takes 30")
        assert told.endswith("and max-size leaves room for 1000000")

    def test_a_name_that_no_step_has_is_told(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)

        send(built, keep, MountNames(frozenset({"/root/.np", "x"})))

        assert texts(workshop) == [
            "no step of this build has a cache mount /root/.np\nhint: did you mean /root/.npm?",
            "no step of this build has a cache mount x\nhint: a cache is called by its id, or by its target where it has none",
        ]

    def test_one_that_another_build_uses_is_left_out(
        self, workshop: Workshop, keep: MemoryKeep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("stagemill.execute.travelling.PATIENCE", 0.1)
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")

        with workshop.store.caches.use(NPM, sharing="shared", fill=lambda _path: None):
            found = send(built, keep, MountNames(frozenset({"/root/.npm"})))

        assert found.mounts == ()
        assert texts(workshop) == ["the cache mount /root/.npm is left out: another build uses it"]

    def test_what_no_archive_can_carry_is_told(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, GO, **{".wh.x": "a deletion, in an archive"})

        found = send(built, keep, MountNames(frozenset({"go"})))

        assert found.mounts == ()
        assert texts(workshop)[0].startswith("the cache mount go is left out: an image cannot carry the file '.wh.x'")


class TestImport:
    def test_a_new_cache_begins_with_what_was_exported(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        place = put(workshop, NPM, a="text")
        os.link(place / "a", place / "same")
        os.symlink("a", place / "soft")
        os.chown(place / "a", 1000, 29)
        os.chmod(place / "a", 0o4640)
        os.mknod(place / "socket", stat.S_IFSOCK | 0o600)
        send(built, keep)
        other = elsewhere()
        receive(other, keep)

        other.build(DOCKERFILE, files={"one": "changed"})

        (call,) = other.sandbox.calls
        found = places(call)["/root/.npm"]
        status = (found / "a").lstat()
        assert sorted(path.name for path in found.iterdir()) == ["a", "same", "soft"]
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777, status.st_nlink) == (1000, 29, 0o4640, 2)
        assert (found / "soft").readlink() == Path("a")
        assert int(status.st_mtime) == int((place / "a").lstat().st_mtime)
        assert places(call)["/go"].stat().st_mode & 0o7777 == 0o700

    def test_nothing_is_restored_where_nothing_runs(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")
        send(built, keep)
        other = elsewhere()
        receive(other, keep)

        other.build(DOCKERFILE, files=FILES)

        assert other.store.caches.all() == []

    def test_one_that_is_here_stays_as_it_is(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")
        send(built, keep)
        other = elsewhere()
        receive(other, keep)
        place = put(other, NPM, mine="here")

        other.build(DOCKERFILE, files={"one": "changed"})

        assert [path.name for path in place.iterdir()] == ["mine"]

    @pytest.mark.parametrize("harm", ["missing", "torn"])
    def test_one_that_cannot_be_had_begins_empty(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop], harm: str
    ) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text", b="more")
        (mount,) = [one for one in send(built, keep).mounts if one.name == NPM]
        data = keep.blobs.data.pop(mount.blob.digest)
        if harm == "torn":
            keep.blobs.data[mount.blob.digest] = data[:-9] + bytes(9)
        other = elsewhere()
        receive(other, keep)

        built = other.build(DOCKERFILE, files={"one": "changed"})

        (call,) = other.sandbox.calls
        assert built.ran == 2
        assert list(places(call)["/root/.npm"].iterdir()) == []
        assert any(text.startswith("the cache mount /root/.npm begins empty: ") for text in texts(other))

    def test_it_takes_the_place_of_a_seed(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        text = DOCKERFILE.replace("id=go,", "id=go,from=tool,source=/seed,")
        built = workshop.build(text, files=FILES)
        (seeded,) = [one for one in workshop.store.caches.all() if "from sha256:" in one.name]
        (seeded.path / "grown").write_text("since then")
        found = send(built, keep, MountNames(frozenset({"go"})))
        other = elsewhere()
        receive(other, keep)

        other.build(text + "COPY one /another", files=FILES)
        other.build(text.replace('["fill"]', '["fill", "again"]'), files=FILES)

        assert [mount.name for mount in found.mounts] == [seeded.name]
        (call,) = other.sandbox.calls
        assert sorted(path.name for path in places(call)["/go"].iterdir()) == ["grown", "one"]


class TestHandingOn:
    """A machine that imports a cache exports it again."""

    @pytest.fixture
    def first(self, workshop: Workshop, keep: MemoryKeep) -> CacheContents:
        built = workshop.build(DOCKERFILE, files=FILES)
        put(workshop, NPM, a="text")
        put(workshop, GO, b="text")
        return send(built, keep)

    def test_what_no_process_was_in_goes_on_as_it_was_without_being_fetched(
        self, first: CacheContents, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        other, second = elsewhere(), MemoryKeep()
        receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES)
        keep.sent.clear()

        again = send(built, keep)
        further = send(built, second)

        assert again == further == first
        assert keep.sent == []
        assert second.blobs.data.keys() == keep.blobs.data.keys()
        assert other.store.caches.all() == []

    def test_what_a_process_changed_is_packed_again(
        self, first: CacheContents, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        def act(call: Call) -> None:
            (places(call)["/go"] / "new").write_text("new")

        other = elsewhere()
        other.sandbox.acts["fill"] = act
        receive(other, keep)
        built = other.build(DOCKERFILE, files={"one": "changed"})

        found = {mount.name: mount for mount in send(built, MemoryKeep()).mounts}

        before = {mount.name: mount for mount in first.mounts}
        assert found[NPM] == before[NPM]  # the very same, with its time
        assert found[GO].blob != before[GO].blob

    def test_what_became_too_large_goes_on_as_it_was(
        self, first: CacheContents, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        def act(call: Call) -> None:
            (places(call)["/go"] / "new").write_text("x" * 5_000_000)

        other = elsewhere()
        other.sandbox.acts["fill"] = act
        receive(other, keep)
        built = other.build(DOCKERFILE, files={"one": "changed"})

        assert send(built, MemoryKeep(), MountNames(every=True, limit=1_000_000)).mounts == first.mounts
