"""`COPY --from=image` of single files: what is fetched and unpacked for it, and what it sees."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.blobs import make_image
from fakes.workshop import Workshop
from stagemill.errors import CorruptError, DockerfileError
from stagemill.execute import base
from stagemill.execute.glimpse import Glimpse, files_of
from stagemill.files.select import MissingSourceError
from stagemill.graph.vertex import Selection
from stagemill.oci.image import Image
from stagemill.oci.reference import Reference

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

NAME = "registry.example/team/app:1"
LAYERS = (
    {"etc/motd": b"low", "etc/old": b"old", "usr/lib/a": b"a", "gone": b"gone"},
    {"etc/.wh.old": b"", "usr/lib/b": b"b", ".wh.gone": b"", "middle": b"middle"},
    {"etc/motd": b"hello", "bin/tool": b"tool"},
)


@pytest.fixture
def image(workshop: Workshop) -> Image:
    """Three layers, of which nothing is here; a registry has them."""
    made = make_image(workshop.remote.blobs, *LAYERS)
    workshop.remote.images[str(Reference.parse(NAME))] = made
    base.remember(workshop.store, made, reference=NAME)
    return made


@pytest.fixture
def glimpse(workshop: Workshop, image: Image) -> Callable[..., Glimpse]:
    def make(*wanted: str) -> Glimpse:
        return Glimpse(workshop.forms, base.tree(workshop.store, image.digest), frozenset(wanted), fetching=True)

    return make


def here(workshop: Workshop, image: Image) -> list[bool]:
    """Which of the image's blobs the store has, the lowest first."""
    return [workshop.store.blobs.has(layer) for layer in image.manifest.layers]


def unpacked(workshop: Workshop) -> int:
    return len(list(workshop.store.layers.all()))


class TestWhatIsFetched:
    def test_a_file_of_the_top_layer_needs_no_other(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        view = glimpse("etc/motd")

        assert view.real_path("etc/motd").read_bytes() == b"hello"
        assert (here(workshop, image), unpacked(workshop)) == ([False, False, True], 0)

    def test_a_file_further_down_needs_those_above_it(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        view = glimpse("middle")

        assert view.real_path("middle").read_bytes() == b"middle"
        assert (here(workshop, image), unpacked(workshop)) == ([False, True, True], 0)

    def test_what_an_upper_layer_hides_needs_no_lower_one(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        assert [glimpse("gone").lstat(path) for path in ("gone", "etc/old")] == [None, None]
        assert here(workshop, image) == [False, True, True]

    def test_a_directory_needs_all(self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]) -> None:
        assert glimpse("usr/lib").listdir("usr/lib") == ["a", "b"]
        assert (here(workshop, image), unpacked(workshop)) == ([True, True, True], 3)

    def test_a_layer_that_is_unpacked_tells_by_its_index(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        homes = workshop.forms.layers(base.tree(workshop.store, image.digest))
        for layer, home in zip(image.manifest.layers, homes, strict=True):
            workshop.store.blobs.remove(layer.digest)
            if home != homes[-1]:
                workshop.store.layers.remove(home)

        view = glimpse("bin/tool")

        assert view.real_path("bin/tool") == workshop.store.layers.directory(homes[-1]) / "bin/tool"
        assert here(workshop, image) == [False, False, False]

    def test_a_file_that_nobody_foresaw_is_found_in_the_blob_that_is_here(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        view = glimpse("etc/motd")
        before = view.digest("etc/motd"), list(workshop.remote.opened)

        assert view.real_path("bin/tool").read_bytes() == b"tool"
        assert (view.digest("etc/motd"), workshop.remote.opened) == before

    def test_threads_that_need_it_fetch_it_once(self, workshop: Workshop, glimpse: Callable[..., Glimpse]) -> None:
        views = [glimpse("bin/tool") for _ in range(4)]

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda view: view.real_path("bin/tool").read_bytes(), views))

        assert (found, len(workshop.remote.opened)) == ([b"tool"] * 4, 1)

    def test_wrong_bytes_are_an_error_and_nothing_of_them_stays(
        self, workshop: Workshop, image: Image, glimpse: Callable[..., Glimpse]
    ) -> None:
        layer = image.manifest.layers[-1]
        workshop.remote.blobs.data[layer.digest] = workshop.remote.blobs.data[layer.digest][:-1] + b"?"

        with pytest.raises(CorruptError):
            glimpse("bin/tool").lstat("bin/tool")

        assert here(workshop, image) == [False, False, False]


class TestBuild:
    def test_only_the_layers_that_matter_are_fetched(self, workshop: Workshop, image: Image) -> None:
        built = workshop.build(f"FROM scratch\nCOPY --from={NAME} /bin/tool /etc/motd /in/\n")

        assert workshop.layer(built.tree(built.plan.target)) == {
            "in": "dir 0755 0:0",
            "in/motd": "file 0644 0:0 =hello",
            "in/tool": "file 0644 0:0 =tool",
        }
        assert here(workshop, image) == [False, False, True]

    def test_the_layer_is_the_one_that_unpacking_gives(
        self, workshop: Workshop, elsewhere: Callable[[], Workshop], image: Image
    ) -> None:
        text = f"FROM scratch\nCOPY --from={NAME} /middle /etc/motd /in/\n"
        other = elsewhere()
        other.remote = workshop.remote
        base.remember(other.store, image, reference=NAME)
        other.forms.layers(base.tree(other.store, image.digest))

        trees = [built.tree(built.plan.target) for built in (workshop.build(text), other.build(text))]

        assert trees[0] == trees[1]
        assert (unpacked(workshop), unpacked(other)) == (1, 4)

    def test_where_another_step_wants_all_of_it_it_is_unpacked_at_once(self, workshop: Workshop, image: Image) -> None:
        workshop.build(f"FROM scratch\nCOPY --from={NAME} /bin/tool /tool\nCOPY --from={NAME} /usr/li* /lib/\n")

        assert len(workshop.remote.opened) == len(image.manifest.layers)

    def test_a_file_that_is_not_there_is_told_with_what_is(self, workshop: Workshop, image: Image) -> None:
        with pytest.raises(DockerfileError) as caught:
            workshop.build(f"FROM scratch\nCOPY --from={NAME} /bin/tol /tool\n")

        assert isinstance(caught.value.__cause__, MissingSourceError)
        assert caught.value.message == f'"/bin/tol" was not found in {NAME}'
        assert caught.value.hint == "did you mean bin/tool?"


@pytest.mark.parametrize(
    ("select", "files"),
    [
        (Selection(("/a/../b", "c")), {"b", "c"}),
        (Selection(("*.txt",)), None),
        (Selection(("/",)), None),
        (Selection(("a",), excludes=("b",)), None),
        (Selection(("/./a",), parents=True), None),
        (None, None),
    ],
)
def test_single_files_are_named_one_by_one(select: Selection | None, files: set[str] | None) -> None:
    assert files_of(select) == files
