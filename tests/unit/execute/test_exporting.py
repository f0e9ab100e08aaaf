"""What a build leaves to others, and what others find in it: exports, imports, and an image's own cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from threading import Barrier

import pytest

from fakes.blobs import AMD64
from fakes.caching import MemoryKeep, source
from fakes.workshop import Workshop
from stagemill.build import Built, Options
from stagemill.cache.contents import CacheContents
from stagemill.cache.documents import inline, read
from stagemill.cache.imports import Imports
from stagemill.cache.marks import INLINE
from stagemill.digest import Digest
from stagemill.errors import CacheError, StagemillError
from stagemill.events import Cached, Failed, Finished, Notice, Started, Transfer
from stagemill.execute.assemble import Finish
from stagemill.execute.exporting import Export, export
from stagemill.execute.shipping import StoredBlobs
from stagemill.layer.compression import Compression
from stagemill.oci import media_types
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

DOCKERFILE = """
FROM scratch AS tools
COPY tool /tool
FROM scratch AS builder
COPY a /a
COPY b /b
FROM scratch
COPY --from=builder /b /b
COPY a /copied
LABEL cake=good
"""
FILES = {"tool": "t", "a": "1", "b": "2"}


def send(built: Built, keep: MemoryKeep, **how: object) -> CacheContents:
    """What is in a cache that was exported."""
    how = {"name": "a test", "open": lambda: nullcontext(keep), **how}
    services = built.services
    export(built.finished, Export(**how), listener=services.listener, clock=services.clock)  # type: ignore[arg-type]
    return read(keep, platforms=[AMD64])[0]


def receive(workshop: Workshop, keep: MemoryKeep) -> Imports:
    """Gives builds of a workshop what was exported."""
    contents, size = read(keep, platforms=[AMD64])
    workshop.imports = Imports(
        [source("a test", contents, keep, size=size)], listener=workshop.heard.append, clock=workshop.clock
    )
    return workshop.imports


def names(contents: CacheContents) -> list[str]:
    return sorted(step.name.partition("] ")[2] for step in contents.steps)


class TestExport:
    def test_every_step_is_in_it(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)

        found = send(built, keep)

        assert names(found) == ["COPY --from=builder /b /b", "COPY a /a", "COPY a /copied", "COPY b /b"]
        assert len(keep.sent) == len(found.blobs) + 1

    def test_with_min_only_those_that_are_in_the_image(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)

        found = send(built, keep, mode="min")

        assert names(found) == ["COPY --from=builder /b /b", "COPY a /copied"]

    def test_steps_that_were_found_are_in_it_too(self, workshop: Workshop, keep: MemoryKeep) -> None:
        first = send(workshop.build(DOCKERFILE, files=FILES), MemoryKeep())

        assert send(workshop.build(DOCKERFILE, files=FILES), keep) == first

    def test_it_is_the_same_on_another_machine_but_for_times(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        one = send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = send(elsewhere().build(DOCKERFILE, files=FILES), MemoryKeep())

        assert [(step.key, step.definitions, step.name) for step in one.steps] == [
            (step.key, step.definitions, step.name) for step in other.steps
        ]

    def test_what_is_there_is_not_sent(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        send(built, keep)
        keep.sent.clear()

        services = built.services
        sent = export(
            built.finished,
            Export("a test", lambda: nullcontext(keep)),
            listener=services.listener,
            clock=services.clock,
        )

        assert keep.sent == []
        assert keep.named is not None
        assert (sent.steps, sent.bytes) == (4, len(keep.named.data))

    @pytest.mark.parametrize(
        ("compression", "media_type"),
        [
            (Compression("zstd"), media_types.LAYER_ZSTD),
            (Compression("zstd", 9), media_types.LAYER_ZSTD),
            (Compression("uncompressed"), media_types.LAYER),
            (Compression("gzip", 9), media_types.LAYER_GZIP),
            (Compression("gzip"), media_types.LAYER_GZIP),
        ],
    )
    def test_layers_are_compressed_as_asked_and_can_be_used(
        self,
        workshop: Workshop,
        keep: MemoryKeep,
        elsewhere: Callable[[], Workshop],
        compression: Compression,
        media_type: str,
    ) -> None:
        found = send(workshop.build(DOCKERFILE, files=FILES), keep, compression=compression)

        other = elsewhere()
        receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES)

        assert {blob.media_type for blob in found.blobs} == {media_type}
        assert any(each.name.startswith("fetching") for each in other.events(Started))
        assert built.forms.view(built.tree(built.plan.target)).real_path("b").read_text() == "2"

    def test_a_form_is_made_once(self, workshop: Workshop) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        first = send(built, MemoryKeep(), compression=Compression("zstd"))
        before = sorted(path.stat().st_ino for path in (workshop.store.root / "blobs/sha256").iterdir())

        second = send(built, MemoryKeep(), compression=Compression("zstd"))

        assert second == first
        assert sorted(path.stat().st_ino for path in (workshop.store.root / "blobs/sha256").iterdir()) == before

    @pytest.mark.parametrize("parallel", [1, 3])
    def test_so_many_blobs_are_sent_at_once(self, workshop: Workshop, parallel: int) -> None:
        class Counting(MemoryKeep):
            def send(self, descriptor: Descriptor, source: BlobSource, /) -> bool:
                under_way.append(descriptor)
                most.append(len(under_way))
                if len(most) <= parallel:
                    meeting.wait(60)
                found = MemoryKeep.send(self, descriptor, source)
                under_way.remove(descriptor)
                return found

        under_way: list[Descriptor] = []
        most: list[int] = []
        meeting = Barrier(parallel)

        send(workshop.build(DOCKERFILE, files=FILES), Counting(), parallel=parallel)

        assert max(most) == parallel

    def test_it_is_reported(self, workshop: Workshop, keep: MemoryKeep) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        workshop.heard.clear()

        found = send(built, keep)

        (begun,) = workshop.events(Started)
        assert begun.name == "exporting the cache to a test"
        assert [event.step for event in workshop.events(Finished)] == [begun.step]
        shown = {event.part for event in workshop.events(Transfer)}
        assert shown == {event.part for event in workshop.events(Transfer) if event.done}
        assert shown == {blob.digest for blob in found.blobs}

    def test_an_error_is_the_exports(self, workshop: Workshop) -> None:
        built = workshop.build(DOCKERFILE, files=FILES)
        keep = MemoryKeep(error=CacheError("no room", hint="make some"))

        with pytest.raises(CacheError, match="no room"):
            send(built, keep)

        assert keep.named is None
        assert [event.message for event in workshop.events(Failed)] == ["no room"]


class TestImport:
    def test_nothing_is_carried_out_that_an_import_has(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        first = workshop.build(DOCKERFILE, files=FILES)
        send(first, keep)
        other = elsewhere()
        imports = receive(other, keep)

        second = other.build(DOCKERFILE, files=FILES)

        assert (second.used, second.ran) == (4, 0)
        assert len(other.events(Cached)) == 4
        assert second.image().digest == first.image().digest
        assert imports.steps == 4

    def test_only_what_is_used_is_fetched(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        first = workshop.build(DOCKERFILE, files=FILES)
        found = send(first, keep)
        wanted = {blob.digest for blob in first.image().manifest.layers}
        other = elsewhere()
        receive(other, keep)

        second = other.build(DOCKERFILE, files=FILES)

        assert {blob.digest for blob in found.blobs if other.store.blobs.has(blob)} == wanted
        assert len(wanted) < len(found.blobs)
        second.image()
        assert list(other.store.layers.all()) == []

    def test_nothing_is_fetched_where_nobody_wants_the_result(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        imports = receive(other, keep)
        before = imports.received

        built = other.build(DOCKERFILE, files=FILES, options=Options(bring=False))

        assert built.ran == 0
        assert imports.received == before or imports.received == read(keep, platforms=[AMD64])[1]
        assert list(other.store.blobs.all()) == []

    def test_a_step_that_changed_is_carried_out_on_what_was_imported(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)

        built = other.build(DOCKERFILE, files={**FILES, "b": "new"})

        view = built.forms.view(built.tree(built.plan.target))
        assert (view.real_path("b").read_text(), view.real_path("copied").read_text()) == ("new", "1")
        assert built.ran == 3  # COPY b, COPY --from=builder, and what stands on it

    def test_what_was_imported_is_remembered_once_it_is_here(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)
        other.build(DOCKERFILE, files=FILES)
        other.imports = None

        built = other.build(DOCKERFILE, files=FILES)

        assert built.ran == 0
        assert built.forms.view(built.tree(built.plan.target)).real_path("b").read_text() == "2"

    def test_its_records_have_the_ingredients_of_their_keys(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)

        other.build(DOCKERFILE, files=FILES)

        own = {record.key: record.ingredients for record in workshop.store.records.all()}
        imported = {record.key: record.ingredients for record in other.store.records.all()}
        assert len(imported) == 4  # of the two steps that are in the image, by both keys of each
        assert imported.items() <= own.items()
        assert "{}" not in imported.values()
        (content,) = other.store.database.rows(lambda row: Digest(str(row[0])), "SELECT content FROM notes")
        assert other.store.records.noted(content) == workshop.store.records.noted(content)

    def test_ingredients_that_are_not_those_of_the_key_are_not_believed(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        found = send(workshop.build(DOCKERFILE, files=FILES), keep)
        wrong = CacheContents(tuple(replace(step, ingredients='{"inputs":[],"op":{}}') for step in found.steps))
        other = elsewhere()
        other.imports = Imports([source("a test", wrong, keep)], listener=other.heard.append, clock=other.clock)

        built = other.build(DOCKERFILE, files=FILES)

        assert built.ran == 0
        assert {record.ingredients for record in other.store.records.all()} == {"{}"}

    def test_a_step_that_stands_on_what_is_fetched_at_the_end_is_remembered(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)
        edited = DOCKERFILE.replace("COPY a /copied", "COPY a /copied\nCOPY tool /more")
        assert other.build(edited, files=FILES).ran == 1
        other.imports = None

        assert other.build(edited, files=FILES).ran == 0

    def test_it_can_be_exported_again_without_being_fetched(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        found = send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        imports = receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES)
        before = imports.received

        assert send(built, keep) == found
        assert imports.received == before

    def test_it_goes_to_another_place_straight_from_where_it_is(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        found = send(workshop.build(DOCKERFILE, files=FILES), keep)
        other, second = elsewhere(), MemoryKeep()
        receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES, options=Options(bring=False))

        assert send(built, second) == found
        assert second.blobs.data.keys() == keep.blobs.data.keys()

    def test_what_an_import_does_not_give_is_left_out_of_the_next_cache(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other, second = elsewhere(), MemoryKeep()
        receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES, options=Options(bring=False))
        keep.blobs.data.clear()

        found = send(built, second)

        assert found == CacheContents()
        (told,) = [event.text for event in other.events(Notice)]
        assert told.startswith("the cache a test is left out: there is no blob")

    def test_a_compression_can_be_forced(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)
        built = other.build(DOCKERFILE, files=FILES, options=Options(bring=False))
        zstd = Compression("zstd")

        kept = send(built, MemoryKeep(), compression=zstd)
        forced = send(built, MemoryKeep(), compression=zstd, force=True)

        assert {blob.media_type for blob in kept.blobs} == {media_types.LAYER_GZIP}
        assert {blob.media_type for blob in forced.blobs} == {media_types.LAYER_ZSTD}

    @pytest.mark.parametrize("harm", ["missing", "torn"])
    def test_a_layer_that_cannot_be_had_is_made_instead(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop], harm: str
    ) -> None:
        first = workshop.build(DOCKERFILE, files=FILES)
        send(first, keep)
        for blob in first.image().manifest.layers:
            data = keep.blobs.data.pop(blob.digest)
            if harm == "torn":
                keep.blobs.data[blob.digest] = data[:-1] + bytes([data[-1] ^ 1])
        other = elsewhere()
        receive(other, keep)

        built = other.build(DOCKERFILE, files=FILES)

        assert (built.used, built.ran) == (0, 4)
        assert built.forms.view(built.tree(built.plan.target)).real_path("b").read_text() == "2"
        told = [event.text for event in other.events(Notice)]
        assert any(text.startswith("the cache a test is left out: ") for text in told)
        assert any(text.endswith("; building again") for text in told)

    def test_a_layer_that_is_lost_while_a_step_wants_its_files_is_made_instead(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        keep.blobs.data = {
            digest: data
            for digest, data in keep.blobs.data.items()
            if not data.startswith(b"\x1f\x8b")  # all layers
        }
        other = elsewhere()
        receive(other, keep)

        built = other.build(DOCKERFILE, files={**FILES, "b": "new"})

        assert built.forms.view(built.tree(built.plan.target)).real_path("b").read_text() == "new"
        assert built.used == 0

    def test_steps_on_a_base_that_nobody_knows_here_are_not_used(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        found = send(workshop.build(DOCKERFILE, files=FILES), keep)
        (digest, data) = next(
            (digest, data) for digest, data in keep.blobs.data.items() if data.startswith(b'{"layers"')
        )
        del keep.blobs.data[digest]
        changed = data.replace(b'"form":"layer"', b'"form":"chain"')
        other = elsewhere()
        contents = CacheContents.parse(changed)
        other.imports = Imports([source("a test", contents, keep)], listener=other.heard.append, clock=other.clock)

        built = other.build(DOCKERFILE, files=FILES)

        assert len(contents.steps) == len(found.steps)
        assert (built.used, built.ran) == (0, 4)

    def test_what_must_be_fresh_is_not_asked_for(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        send(workshop.build(DOCKERFILE, files=FILES), keep)
        other = elsewhere()
        receive(other, keep)

        built = other.build(DOCKERFILE, files=FILES, options=Options(fresh=lambda _stage: True))

        assert (built.used, built.ran) == (0, 4)

    def test_times_are_kept_as_the_steps_were_made(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        first = workshop.build(DOCKERFILE, files=FILES)
        send(first, keep)
        other = elsewhere()
        other.clock()
        receive(other, keep)

        second = other.build(DOCKERFILE, files=FILES)

        assert second.image().config.history == first.image().config.history


class TestSquashAndEpoch:
    def test_what_was_imported_is_squashed_and_dated_as_ones_own(
        self, workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
    ) -> None:
        first = workshop.build(DOCKERFILE, files=FILES)
        send(first, keep)
        other = elsewhere()
        receive(other, keep)

        second = other.build(DOCKERFILE, files=FILES)

        for finish in (Finish(squash=True, epoch=1), Finish(epoch=1, times="clamped")):
            assert second.image(finish).config.diff_ids == first.image(finish).config.diff_ids


class TestInline:
    def test_an_image_carries_the_steps_of_its_layers(
        self, workshop: Workshop, elsewhere: Callable[[], Workshop]
    ) -> None:
        image = workshop.build(DOCKERFILE, files=FILES, options=Options(inline=True)).image()
        found = inline(image)
        other = elsewhere()
        blobs = StoredBlobs(workshop.forms)
        other.imports = Imports([source("it", found, blobs)], listener=other.heard.append, clock=other.clock)

        built = other.build(DOCKERFILE, files=FILES, options=Options(inline=True))

        assert names(found) == ["COPY --from=builder /b /b", "COPY a /copied"]
        assert (built.used, built.ran) == (2, 0)
        assert built.image() == image

    def test_without_being_asked_an_image_carries_none(self, workshop: Workshop) -> None:
        image = workshop.build(DOCKERFILE, files=FILES).image()

        assert INLINE not in image.config.other

    def test_that_of_a_base_is_not_handed_on(self, workshop: Workshop) -> None:
        base = workshop.build("FROM scratch\nCOPY a /", files=FILES, options=Options(inline=True)).image()
        workshop.store.images.set("docker.io/library/base:latest", base.descriptor, 0.0)

        image = workshop.build("FROM base\nCOPY b /", files=FILES).image()

        assert INLINE in base.config.other
        assert INLINE not in image.config.other

    def test_an_image_whose_layers_became_one_carries_none(self, workshop: Workshop) -> None:
        built = workshop.build(DOCKERFILE, files=FILES, options=Options(inline=True))

        image = built.image(Finish(squash=True))

        assert inline_steps(image.config.other[INLINE]) == []


def inline_steps(document: object) -> object:
    assert isinstance(document, dict)
    return document["steps"]


def test_an_error_that_is_no_caches_is_not_tried_again(
    workshop: Workshop, keep: MemoryKeep, elsewhere: Callable[[], Workshop]
) -> None:
    send(workshop.build(DOCKERFILE, files=FILES), keep)
    other = elsewhere()
    receive(other, keep)

    with pytest.raises(StagemillError, match="not found"):
        other.build("FROM scratch\nCOPY nothing /", files=FILES)

    assert not any("building again" in event.text for event in other.events(Notice))
