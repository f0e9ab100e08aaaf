"""`stagemill index`: making, changing and showing indexes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.places import AMD64, ARM64, both, one
from fakes.program import Call
from fakes.registry import FakeRegistry
from fakes.shelves import serve, there
from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.platform import Platform

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="a user's process enters a namespace")]

RISCV = Platform("linux", "riscv64")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def images(registry: FakeRegistry) -> list[str]:
    """Two images of one platform each, in repositories of their own."""
    return [
        f"docker://{serve(registry, 'team/amd', '1', one('1'))}",
        f"docker://{serve(registry, 'team/arm', '1', one('2', platform=ARM64))}",
    ]


@pytest.fixture
def index(registry: FakeRegistry) -> str:
    """An index of amd64 and arm64 with attestations."""
    return f"docker://{serve(registry, 'team/both', '1', both())}"


class TestCreate:
    def test_of_images_in_a_registry_for_several_names(
        self, stagemill: Call, registry: FakeRegistry, images: list[str]
    ) -> None:
        tags = [f"docker://{registry.host}/team/app:{tag}" for tag in ("1", "2")]

        said = stagemill("index", "create", "-t", tags[0], "--tag", tags[1], *images)

        node = there(registry, "team/app:1")
        assert (said.status, said.out) == (0, f"{node.digest}\n")
        assert [child.descriptor.platform for child in node.children] == [AMD64, ARM64]
        assert there(registry, "team/app:2") == node
        assert "copying the index to" in said.err

    def test_of_the_store_and_layouts_into_them(
        self, stagemill: Call, registry: FakeRegistry, images: list[str], folder: Path
    ) -> None:
        stagemill("copy", "-q", images[0], "amd")
        stagemill("copy", "-q", images[1], "oci:arm:1")

        said = stagemill("index", "create", "-t", "app", "-t", "oci:made:1", "amd", "oci-layout://arm:1")

        (entry,) = json.loads((folder / "made/index.json").read_text())["manifests"]
        assert entry["digest"] == said.out.strip()
        found = {row["name"]: row for row in json.loads(stagemill("images", "--json").out)}
        assert found["docker.io/library/app:latest"]["platforms"] == ["linux/amd64", "linux/arm64"]

    def test_layers_stay_in_their_registry_until_somebody_needs_them(
        self, stagemill: Call, registry: FakeRegistry, images: list[str]
    ) -> None:
        layers = [
            node.blobs[0].digest for name in ("team/amd:1", "team/arm:1") for node in there(registry, name).walk()
        ]

        said = stagemill("index", "create", "-t", "app", *images)

        assert "2 sent, 2 left in their registry" in said.err
        assert not any(digest in path for path in registry.paths("/blobs/") for digest in layers)
        assert stagemill("copy", "app", "oci-archive:a.tar").status == 0
        assert all(any(digest in path for path in registry.paths("/blobs/")) for digest in layers)

    def test_append_adds_to_what_the_name_means(self, stagemill: Call, registry: FakeRegistry, index: str) -> None:
        more = serve(registry, "team/riscv", "1", one("3", platform=RISCV))

        stagemill("index", "create", "--append", "-t", index, f"docker://{more}")

        assert [child.descriptor.platform for child in there(registry, "team/both:1").images()] == [AMD64, ARM64, RISCV]
        assert len(there(registry, "team/both:1").children) == 5

    def test_append_leaves_nothing_nameless_in_the_store(self, stagemill: Call, images: list[str]) -> None:
        stagemill("index", "create", "-t", "app", images[0])

        stagemill("index", "create", "--append", "-t", "app", images[1])

        assert [row["name"] for row in json.loads(stagemill("images", "--json").out)] == [
            "docker.io/library/app:latest"
        ]

    @pytest.mark.parametrize("flag", ["-p", "--platform"])
    def test_only_some_platforms(self, stagemill: Call, registry: FakeRegistry, index: str, flag: str) -> None:
        stagemill("index", "create", flag, "linux/arm64", "-t", f"docker://{registry.host}/team/app:1", index)

        assert there(registry, "team/app:1").children == (both().node().children[1], both().node().children[3])

    def test_one_manifest_alone_may_be_copied_as_it_is(
        self, stagemill: Call, registry: FakeRegistry, images: list[str]
    ) -> None:
        tag = f"docker://{registry.host}/team/app:1"
        stagemill("index", "create", "--prefer-index=false", "-t", tag, images[0])
        assert there(registry, "team/app:1") == one("1").node()

        stagemill("index", "create", "--prefer-index", "-t", tag, images[0])
        assert there(registry, "team/app:1").media_type == media_types.INDEX

    def test_annotations_at_every_place(self, stagemill: Call, index: str, folder: Path) -> None:
        said = stagemill(
            "index", "create", "-t", "oci:made:1", index, "--annotation", "index:i=1", "--annotation",
            "manifest[linux/arm64]:m=2", "--annotation", "manifest-descriptor:d=3", "--annotation", "index-descriptor:e=4",
        )  # fmt: skip

        assert said.status == 0, said.err
        (entry,) = json.loads((folder / "made/index.json").read_text())["manifests"]
        made = json.loads((folder / "made/blobs/sha256" / entry["digest"].removeprefix("sha256:")).read_text())
        arm = made["manifests"][1]
        manifest = json.loads((folder / "made/blobs/sha256" / arm["digest"].removeprefix("sha256:")).read_text())
        assert entry["annotations"] == {"e": "4", "org.opencontainers.image.ref.name": "1"}
        assert made["annotations"] == {"i": "1"}
        assert [each["annotations"].get("d") for each in made["manifests"]] == ["3", "3", None, None]
        assert manifest["annotations"] == {"m": "2"}

    def test_a_dry_run_prints_the_index_and_sends_nothing(
        self, stagemill: Call, registry: FakeRegistry, images: list[str]
    ) -> None:
        before = dict(registry.manifests)

        said = stagemill("index", "create", "--dry-run", "-t", f"docker://{registry.host}/team/app:1", *images)

        assert [each["platform"]["architecture"] for each in json.loads(said.out)["manifests"]] == ["amd64", "arm64"]
        assert registry.manifests == before
        assert stagemill("index", "create", "--dry-run", *images).out == said.out

    @pytest.mark.parametrize("flag", ["-f", "--file"])
    def test_manifests_by_descriptors(
        self, stagemill: Call, registry: FakeRegistry, images: list[str], folder: Path, flag: str
    ) -> None:
        digest = there(registry, "team/arm:1").digest
        described = {"digest": digest, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8.2"}}
        (folder / "descriptor.json").write_text(json.dumps({**described, "annotations": {"k": "v"}}))
        tag = f"docker://{registry.host}/team/arm:all"

        stagemill("index", "create", "-t", tag, flag, "descriptor.json", images[0])

        arm, amd = there(registry, "team/arm:all").children
        assert arm.entry == {**arm.entry, **described, "annotations": {"k": "v"}}
        assert amd.descriptor.platform == AMD64

    def test_a_file_has_what_was_made(
        self, stagemill: Call, registry: FakeRegistry, images: list[str], folder: Path
    ) -> None:
        name = f"{registry.host}/team/app:1"

        said = stagemill(
            "index", "create", "--metadata-file", "facts", "--progress", "quiet", "-t", f"docker://{name}", *images
        )

        facts = json.loads((folder / "facts").read_text())
        assert said.err == ""
        assert facts["containerimage.digest"] == facts["containerimage.descriptor"]["digest"] == said.out.strip()
        assert facts["image.name"] == name

    @pytest.mark.parametrize(
        ("arguments", "status", "message"),
        [
            (("IMAGE",), 2, "the index needs a name"),
            (("-t", "app"), 2, "there is no image for the index"),
            (("-t", "app", "none"), 1, "cannot read none: there is no image none in the store"),
            (("-t", "app", "-p", "linux/s390x", "IMAGE"), 1, "there is no image for linux/s390x"),
            (("-t", "app", "--annotation", "a=b", "IMAGE"), 2, "--annotation a=b does not say what it annotates"),
            (("-t", "app", "--annotation", "manifest[linux/s390x]:a=b", "IMAGE"), 2, "there is no such image"),
            (
                ("-t", "docker://a.example/b", "--annotation", "index-descriptor:a=b", "IMAGE"),
                2,
                "nothing names the index",
            ),
            (("-t", "app", "-f", "none", "IMAGE"), 2, "cannot read none: no such file"),
            (("-t", "app", '{"digest": "x"}'), 2, "has no descriptor"),
            (("-t", "docker://HOST/team/amd:2", '{"digest": "AMD", "size": 1}'), 1, "bytes, not 1"),
            (("-t", "app", f'{{"digest": "{Digest.of(b"")}"}}'), 2, "does not say in which repository its manifest is"),
            (("-t", "app", "--prefer-index=maybe", "IMAGE"), 2, "invalid --prefer-index 'maybe'"),
        ],
    )
    def test_what_cannot_be_is_told(
        self,
        stagemill: Call,
        registry: FakeRegistry,
        images: list[str],
        arguments: tuple[str, ...],
        status: int,
        message: str,
    ) -> None:
        names = {"IMAGE": images[0], "HOST": registry.host, "AMD": one("1").node().digest}

        said = stagemill(
            "index", "create", *(re.sub("IMAGE|HOST|AMD", lambda m: names[m[0]], word) for word in arguments)
        )

        assert (said.status, said.out) == (status, "")
        assert message in said.err
        assert "hint: " in said.err


class TestAnnotate:
    def test_an_image_is_for_another_platform(self, stagemill: Call, registry: FakeRegistry, index: str) -> None:
        said = stagemill(
            "index", "annotate", "--os", "windows", "--arch", "arm", "--variant", "v6", "--os-version", "10.0.1",
            "--os-features", "win32k", "--annotation", "k=v", index, "linux/arm64",
        )  # fmt: skip

        node = there(registry, "team/both:1")
        assert (said.status, said.out) == (0, f"{node.digest}\n")
        entry = node.children[1].entry
        assert entry["platform"] == {
            "os": "windows", "architecture": "arm", "variant": "v6", "os.version": "10.0.1", "os.features": ["win32k"],
        }  # fmt: skip
        assert entry["annotations"] == {"k": "v"}
        assert node.children[0] == both().node().children[0]

    @pytest.mark.parametrize("by", ["digest", "digits", "platform", "name"])
    def test_the_image_is_meant_by_what_it_has(
        self, stagemill: Call, registry: FakeRegistry, index: str, by: str
    ) -> None:
        digest = both().node().children[1].digest
        other = f"docker://{registry.host}/team/both@{digest}"
        texts = {"digest": digest, "digits": digest.hex[:12], "platform": "linux/arm64", "name": other}

        stagemill("index", "annotate", "--annotation", "k=v", index, texts[by])

        assert there(registry, "team/both:1").children[1].entry["annotations"] == {"k": "v"}

    def test_the_index_itself_is_annotated(self, stagemill: Call, registry: FakeRegistry, index: str) -> None:
        said = stagemill("index", "annotate", "-q", "--annotation", "index:title=App", index)

        assert said.err == ""
        assert json.loads(there(registry, "team/both:1").data)["annotations"] == {"title": "App"}

    def test_in_the_store_nothing_nameless_is_left(self, stagemill: Call, index: str) -> None:
        stagemill("copy", "-q", index, "app")

        digest = stagemill("index", "annotate", "--variant", "v8.2", "app", "linux/arm64").out.strip()

        assert [row["digest"] for row in json.loads(stagemill("images", "--json").out)] == [digest]

    @pytest.mark.parametrize(
        ("arguments", "status", "message"),
        [
            (("INDEX",), 2, "there is nothing to be changed"),
            (("--arch", "arm", "INDEX"), 2, "it is not said which image of the index is meant"),
            (("--annotation", "a=b", "INDEX"), 2, "it is not said which image of the index is meant"),
            (("--arch", "arm", "INDEX", "linux/s390x"), 1, ""),
            (("--arch", "arm", "INDEX", "abcd1234"), 1, "abcd1234 is not in the index"),
            (("--annotation", "a=b", "IMAGE", "linux/amd64"), 1, "is no index, but one image"),
            (("--annotation", "index:a=b", f"docker://a.example/b@{Digest.of(b'')}"), 2, "it is named by its digest"),
        ],
    )
    def test_what_cannot_be_is_told(
        self, stagemill: Call, images: list[str], index: str, arguments: tuple[str, ...], status: int, message: str
    ) -> None:
        names = {"INDEX": index, "IMAGE": images[0]}

        said = stagemill("index", "annotate", *(names.get(word, word) for word in arguments))

        assert (said.status, said.out) == (status, "")
        assert message in said.err
        assert "hint: " in said.err


class TestInspect:
    def test_it_is_what_inspect_shows(self, stagemill: Call, index: str) -> None:
        assert stagemill("index", "inspect", index).out == stagemill("inspect", index).out
        for flag in ("--raw", "--json"):
            assert stagemill("index", "inspect", flag, index).stdout == stagemill("inspect", flag, index).stdout

    def test_of_the_store_too(self, stagemill: Call, index: str) -> None:
        stagemill("copy", "-q", index, "app")

        assert "Platform:    linux/arm64" in stagemill("index", "inspect", "app").out
        shown = stagemill(
            "index", "inspect", "--platform", "linux/arm64", "--format", "{{.Manifest.Digest}}", "app"
        ).out
        assert shown.strip() == both().node().children[1].digest
