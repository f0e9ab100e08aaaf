"""`stagemill push`, and builds that push."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.program import Call
from fakes.registry import FakeRegistry

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def tags(registry: FakeRegistry) -> list[str]:
    return sorted(f"{name}:{tag}" for name, tag in registry.manifests if not tag.startswith("sha256:"))


class TestPush:
    def test_an_image_goes_to_where_its_name_says(self, app: Call, registry: FakeRegistry) -> None:
        name = f"{registry.host}/team/app:1"
        app("tag", "app", name)

        said = app("push", name)

        assert said.status == 0
        assert tags(registry) == ["team/app:1"]
        assert said.out.strip() in {row["digest"] for row in json.loads(app("images", "--json").out)}

    def test_or_under_another_name(self, app: Call, registry: FakeRegistry) -> None:
        said = app("push", "-q", "app", f"{registry.host}/other:2")

        assert (said.status, said.err) == (0, "")
        assert tags(registry) == ["other:2"]

    def test_what_was_pushed_is_pulled_again(self, app: Call, registry: FakeRegistry) -> None:
        name = f"{registry.host}/team/app:1"
        pushed = app("push", "app", name).out.strip()

        app("pull", name)

        assert json.loads(app("images", "--json").out)[0]["digest"] == pushed

    @pytest.mark.parametrize(("arguments", "status"), [(("none",), 1), (("app", "Bad Name"), 2)])
    def test_what_cannot_be_is_told(self, app: Call, arguments: tuple[str, ...], status: int) -> None:
        said = app("push", *arguments)

        assert (said.status, said.out) == (status, "")
        assert "error: " in said.err


class TestBuild:
    @pytest.mark.parametrize(
        "flags",
        [
            ("--push", "-t", "@/team/app:1"),
            ("-o", "type=registry", "-t", "@/team/app:1"),
            ("-o", "type=registry,name=@/team/app:1"),
            ("-o", "type=image,push=true,name=@/team/app:1"),
        ],
    )
    def test_the_result_is_pushed_under_its_name(
        self, app: Call, registry: FakeRegistry, flags: tuple[str, ...]
    ) -> None:
        said = app("build", *(flag.replace("@", registry.host) for flag in flags), ".")

        assert said.status == 0, said.err
        assert f"pushing {registry.host}/team/app:1" in said.err
        assert tags(registry) == ["team/app:1"]

    def test_every_name_is_pushed_and_the_digests_tell_them(
        self, app: Call, registry: FakeRegistry, folder: Path
    ) -> None:
        names = [f"{registry.host}/team/{name}" for name in ("one:1", "other:2")]

        app("build", "--push", "-t", names[0], "-t", names[1], "--metadata-file", "facts", ".")

        facts = json.loads((folder / "facts").read_text())
        assert tags(registry) == ["team/one:1", "team/other:2"]
        assert facts["image.name"] == ",".join(names)
        assert ("team/one", facts["containerimage.digest"]) in registry.manifests

    def test_by_digest_it_gets_no_tag(self, app: Call, registry: FakeRegistry, folder: Path) -> None:
        said = app(
            "build", "-o", f"type=image,name={registry.host}/team/app,push-by-digest=true,push=true",
            "--metadata-file", "facts", ".",
        )  # fmt: skip

        digest = json.loads((folder / "facts").read_text())["containerimage.digest"]
        assert said.status == 0
        assert list(registry.manifests) == [("team/app", digest)]

    def test_an_output_of_a_registry_alone_leaves_no_name_here(self, app: Call, registry: FakeRegistry) -> None:
        app("build", "-o", f"type=registry,name={registry.host}/team/app:1", ".")

        assert [row["name"] for row in json.loads(app("images", "--json").out)] == ["docker.io/library/app:latest"]

    def test_several_targets_are_pushed_each_under_its_own_name(
        self, app: Call, registry: FakeRegistry, folder: Path
    ) -> None:
        (folder / "Dockerfile").write_text("FROM scratch AS a\nCOPY one /\nFROM scratch AS b\nCOPY one /b\n")

        app("build", "--push", *(f"--target={name}={registry.host}/{name}:1" for name in "ab"), ".")

        assert tags(registry) == ["a:1", "b:1"]

    def test_the_cache_takes_over_what_was_pushed(self, app: Call, registry: FakeRegistry) -> None:
        said = app(
            "build", "--push", "-t", f"{registry.host}/team/app:1", "--cache-to", f"{registry.host}/team/cache", "."
        )

        assert said.status == 0
        assert tags(registry) == ["team/app:1", "team/cache:latest"]

    @pytest.mark.parametrize(
        ("flags", "message", "hint"),
        [
            (("--push",), "what is pushed needs a name, which says where to", "give it one with -t REGISTRY/NAME:TAG"),
            (("-o", "type=oci,dest=x,push=true"), "type=oci cannot be pushed", "add -o type=registry, or --push"),
            (("-o", "type=image,push=maybe"), "push=maybe is neither true nor false", ""),
        ],
    )
    def test_what_is_wrong_is_told_before_anything_is_built(
        self, app: Call, flags: tuple[str, ...], message: str, hint: str
    ) -> None:
        said = app("build", *flags, ".")

        assert said.status == 2
        assert message in said.err
        assert f"hint: {hint}" in said.err or not hint
        assert "#1" not in said.err

    def test_a_registry_that_refuses_fails_the_build(self, app: Call) -> None:
        with FakeRegistry(auth="bearer") as registry:
            registry.readers.add("token-1")

            said = app("build", "--push", "-t", f"{registry.host}/team/app:1", ".")

        assert said.status == 1
        assert "does not take blob" in said.err
        assert "it needs a login that may push to team/app" in said.err
