"""`--locked`: what a build has that is held to a lock, and how it refuses the rest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.blobs import make_image
from fakes.locked import LOCK, TEXT, Project
from fakes.program import Call
from fakes.web import Page
from stagemill.digest import Digest
from stagemill.oci.image import Image

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

APP = ("--target", "app")


@pytest.fixture
def project(folder: Path, stagemill: Call) -> Iterator[Project]:
    with Project.open(folder, stagemill) as opened:
        yield opened


def out(project: Project, *arguments: str) -> dict[str, str]:
    """What a locked build leaves in a directory."""
    place = project.folder / "out"
    shutil.rmtree(place, ignore_errors=True)
    project.ok("build", "--locked", "--progress=quiet", "-o", "out", *arguments, ".")
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


class TestAsking:
    def test_a_store_that_has_everything_needs_nobody(self, project: Project) -> None:
        project.ok("lock", ".")
        project.build(*APP)
        project.asked()

        project.build(*APP)
        project.build("--target", "base")
        project.ok("build", "--locked", "--no-cache", "-q", "--target", "base", ".")

        assert project.asked() == []

    def test_a_build_that_is_not_held_to_it_asks(self, project: Project) -> None:
        project.ok("lock", ".")
        project.build(*APP)
        project.asked()

        project.ok("build", "-q", *APP, ".")

        assert "HEAD /v2/team/base/manifests/1" in project.asked()

    def test_an_empty_store_asks_for_digests_alone(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.ok("lock", ".")
        project.asked()
        monkeypatch.setenv("STAGEMILL_ROOT", str(tmp_path / "elsewhere"))

        project.build(*APP)

        from_registry = [line for line in project.asked() if "/v2/" in line]
        assert from_registry
        assert all("sha256:" in line for line in from_registry)

    def test_nobody_has_to_be_there(self, project: Project) -> None:
        project.ok("lock", ".")
        first = project.build(*APP)
        text = (project.folder / "Dockerfile").read_text()

        for server in (project.registry, project.web):
            server.__exit__()

        assert (project.folder / "Dockerfile").read_text() == text
        assert project.build(*APP) == first
        assert project.ok("build", "--locked", "--check", *APP, ".").status == 0

    def test_names_that_moved_are_what_they_were(self, project: Project) -> None:
        project.ok("lock", ".")
        project.push("tool", "2", "moved")
        project.commit("two")

        assert out(project, *APP) == {"tool": "tool amd64", "file": "one"}
        assert out(project, "--target", "fetched")["code/a"] == "one"

    def test_to_pull_has_no_effect_and_says_so(self, project: Project) -> None:
        project.ok("lock", ".")
        project.build(*APP)
        project.push("base", "1", "moved")
        project.asked()

        said = project.ok("build", "--locked", "--pull", "--progress=plain", *APP, ".")

        assert project.asked() == []
        assert "--pull has no effect: stagemill.lock says what each image is" in said.err


class TestSameness:
    def test_a_lock_changes_no_key_and_no_image(self, project: Project) -> None:
        epoch = ("--build-arg", "SOURCE_DATE_EPOCH=1")
        free = project.ok("build", "-q", *epoch, *APP, ".").out.strip()
        project.ok("lock", ".")

        said = project.ok("build", "--locked", "--progress=rawjson", *epoch, *APP, ".")
        ran = [
            vertex["name"]
            for line in said.err.splitlines()
            for vertex in json.loads(line).get("vertexes", ())
            if not vertex.get("cached") and vertex["name"].startswith("[") and "internal" not in vertex["name"]
        ]

        assert ran == []
        assert project.build(*APP) == free

    def test_a_lock_that_a_step_copies_is_a_file_as_any_other(self, project: Project) -> None:
        project.write("FROM {registry}/team/base:1\nCOPY . /all\n")
        project.ok("lock", ".")

        locked = project.build()

        assert project.ok("build", "-q", "--build-arg", "SOURCE_DATE_EPOCH=1", ".").out.strip() == locked

    def test_statements_name_the_digests_of_the_lock(self, project: Project) -> None:
        project.ok("lock", ".")
        project.ok("build", "--locked", "-q", "--provenance=mode=max", "--metadata-file", "m.json", *APP, ".")

        provenance: dict[str, Any] = json.loads((project.folder / "m.json").read_text())["buildx.build.provenance"]
        materials = {each["uri"]: each["digest"] for each in _materials(provenance)}
        lock = project.lock()
        variants = {each["name"].rpartition("/")[2]: each["platforms"][0]["digest"] for each in lock["image"]}
        for name in ("base:1", "tool:2"):
            hexes = variants[name].removeprefix("sha256:")
            (uri,) = [uri for uri in materials if f"/{name.replace(':', '@')}?digest=sha256:{hexes}" in uri]
            assert materials[uri] == {"sha256": hexes}
        assert materials[f"{project.web.url}/file"] == {"sha256": Digest.of(b"one").hex}
        assert materials[f"{project.web.url}/code.git#main"] == {"sha1": lock["git"][0]["commit"]}


def _materials(provenance: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = provenance.get("materials") or provenance["buildDefinition"]["resolvedDependencies"]
    return found


class TestRefusals:
    def test_an_image_that_is_missing_has_its_place_and_a_command(self, project: Project) -> None:
        project.ok("lock", ".")
        project.push("base", "2", "two")
        project.write(TEXT.replace("base:1", "base:2"))

        said = project.fail("build", "--locked", "--progress=quiet", *APP, ".")

        host = project.registry.host
        assert said == (
            f"error: {host}/team/base:2 is not in stagemill.lock, which has {host}/team/base:1\n"
            " --> Dockerfile:1\n"
            f"1 | FROM {host}/team/base:2 AS base\n"
            f"  |      {'^' * len(f'{host}/team/base:2')}\n"
            "hint: add it: stagemill lock --add --target app .\n"
        )
        project.follow(said)
        project.build(*APP)

    def test_an_argument_that_changes_a_from_has_to_be_locked_too(self, project: Project) -> None:
        project.push("base", "2", "two")
        project.write("ARG TAG=1\nFROM {registry}/team/base:$TAG\n")
        project.ok("lock", ".")
        given = ("--build-arg", "TAG=2")

        said = project.fail("build", "--locked", "--progress=quiet", *given, ".")

        assert "2 | FROM " in said
        assert "hint: add it: stagemill lock --add --build-arg TAG=2 .\n" in said
        project.follow(said)
        assert out(project, *given) == {"base": "two amd64"}
        assert out(project) == {"base": "base amd64"}

    def test_a_file_that_changed_is_told_with_both_digests(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.ok("lock", ".")
        project.web.pages["/file"] = Page(b"two")
        assert out(project, *APP)["file"] == "one"  # the store has it
        monkeypatch.setenv("STAGEMILL_ROOT", str(tmp_path / "elsewhere"))

        said = project.fail("build", "--locked", "--progress=quiet", *APP, ".")

        assert f"it is {Digest.of(b'two')}, expected {Digest.of(b'one')}\n --> Dockerfile:4\n" in said
        assert "  |     ^^^^" in said
        project.follow(said)
        assert out(project, *APP)["file"] == "two"
        assert project.images() == ["team/base:1", "team/other:3", "team/tool:2"]  # nothing was dropped

    def test_an_image_that_the_registry_has_no_more_is_told(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.ok("lock", ".")
        monkeypatch.setenv("STAGEMILL_ROOT", str(tmp_path / "elsewhere"))
        project.registry.manifests.clear()
        for name, tag in (("base", "1"), ("tool", "2")):
            project.push(name, tag, "newer")

        said = project.fail("build", "--locked", "--progress=quiet", *APP, ".")

        assert "base:1@sha256:" in said
        assert "which stagemill.lock names\n --> Dockerfile:1\n" in said
        assert (
            f"hint: it was removed since it was locked: stagemill lock --add --update --target app {project.registry.host}"
            in said
        )

    @pytest.mark.parametrize("source", ["{web}/other", "{web}/code.git#v9"])
    def test_a_url_that_is_missing_is_not_asked_for(self, project: Project, source: str) -> None:
        project.ok("lock", ".")
        project.asked()
        project.write(f"FROM {{registry}}/team/base:1\nADD {source} /x\n")

        said = project.fail("build", "--locked", "--progress=quiet", ".")

        assert f"error: {source.format(web=project.web.url)} is not in stagemill.lock\n --> Dockerfile:2\n" in said
        assert [line for line in project.asked() if "/v2/" not in line] == []

    def test_a_lock_file_of_packages_that_changed_stops_a_build_before_it_begins(self, project: Project) -> None:
        project.ok("lock", ".")
        project.write(TEXT, **{"go.sum": "two"})

        said = project.fail("build", "--locked", "--progress=quiet", *APP, ".")

        assert (
            f"error: go.sum has changed since it was locked: it is {Digest.of(b'two')}, expected {Digest.of(b'one')}\n"
            in said
        )
        assert " --> Dockerfile:2\n2 | COPY go.sum /\n" in said
        project.follow(said)
        project.build(*APP)

    def test_what_a_step_would_not_read_may_change(self, project: Project) -> None:
        project.ok("lock", ".")
        project.write(TEXT, **{"go.sum": "two"})

        project.build("--target", "other")

    def test_a_policy_still_decides(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        host = project.registry.host
        rules: list[dict[str, Any]] = [
            {
                "action": "CONVERT",
                "selector": {"identifier": f"docker-image://{host}/team/base:1"},
                "updates": {"identifier": f"docker-image://{host}/team/tool:2"},
            }
        ]
        policy = project.folder.parent / "policy.json"
        policy.write_text(json.dumps({"rules": rules}))
        project.write("FROM {registry}/team/base:1\n")
        monkeypatch.setenv("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", str(policy))

        project.ok("lock", ".")
        assert project.images() == ["team/tool:2"]
        assert out(project) == {"tool": "tool amd64"}

        rules.append({"action": "DENY", "selector": {"identifier": f"docker-image://{host}/team/tool:2"}})
        policy.write_text(json.dumps({"rules": rules}))
        assert "denied" in project.fail("build", "--locked", "--progress=quiet", ".")


class TestKinds:
    def test_a_named_context_is_locked_as_what_it_stands_for(self, project: Project) -> None:
        given = ("--build-context", f"base=docker-image://{project.registry.host}/team/tool:2")
        project.write("FROM base\n")
        project.ok("lock", *given, ".")
        project.push("tool", "2", "moved")

        assert project.images() == ["team/tool:2"]
        assert out(project, *given) == {"tool": "tool amd64"}

        other = ("--build-context", f"base=docker-image://{project.registry.host}/team/other:3")
        said = project.fail("build", "--locked", "--progress=quiet", *other, ".")
        assert f"error: the context base: {project.registry.host}/team/other:3 is not in stagemill.lock" in said
        project.follow(said)
        assert out(project, *other) == {"other": "other amd64"}

    def test_a_mount_from_an_image_is_locked(self, project: Project) -> None:
        project.write("FROM {registry}/team/base:1\nRUN --mount=type=bind,from={registry}/team/tool:2,target=/t true\n")

        project.ok("lock", ".")

        assert project.images() == ["team/base:1", "team/tool:2"]

    def test_what_triggers_name_is_locked(self, project: Project) -> None:
        host = project.registry.host
        plain = make_image(project.registry.blobs, {"f": b"f"})
        trigger = f"COPY --from={host}/team/tool:2 /tool /"
        image = Image.build(
            replace(plain.config, config=replace(plain.config.config, on_build=(trigger,))), plain.manifest.layers
        )
        for data in (image.config_bytes, image.manifest_bytes):
            project.registry.blobs.put(data)
        project.registry.push("team/trigger", "1", image)
        project.write("FROM {registry}/team/trigger:1\n")
        project.ok("lock", ".")

        assert project.images() == ["team/tool:2", "team/trigger:1"]
        assert out(project) == {"f": "f", "tool": "tool amd64"}

        lock = (project.folder / LOCK).read_text().replace("team/tool:2", "team/tool:3")
        (project.folder / LOCK).write_text(lock)
        said = project.fail("build", "--locked", "--progress=quiet", ".")
        assert (
            f"tool:2 is not in stagemill.lock, which has {host}/team/tool:3\n --> ONBUILD of {host}/team/trig" in said
        )

    def test_an_image_that_the_dockerfile_pins_is_locked_as_well(self, project: Project) -> None:
        image = project.push("base", "1", "base")[0]
        project.write(f"FROM {{registry}}/team/base@{image.digest}\n")

        said = project.fail("build", "--locked", "--progress=quiet", ".", status=2)
        assert "there is no lock stagemill.lock\nhint: write it: stagemill lock .\n" in said
        project.follow(said)

        assert project.images() == [f"team/base@{image.digest}"]
        assert out(project) == {"base": "base amd64"}

    def test_a_context_from_a_url_is_locked_in_a_file_that_is_named(self, project: Project) -> None:
        place = project.folder.parent / "remote"
        commits: list[Mapping[str, Any]] = [
            {"files": {"Dockerfile": "FROM scratch\nCOPY a /\n", "a": "one"}, "branch": "main"}
        ]
        project.web.has_repository(place, "app.git", commits)
        context = f"{project.web.url}/app.git#main"

        assert "name a file: --locked=FILE" in project.fail("build", "--locked", "--progress=quiet", context, status=2)
        assert "name a file: --lock-file=FILE" in project.fail("lock", context, status=2)
        project.ok("lock", "--lock-file", "app.lock", context)
        commits.append({"files": {"a": "two"}, "branch": "main"})
        project.web.has_repository(place / "two", "app.git", commits)
        project.ok("build", "--locked=app.lock", "--progress=quiet", "-o", "out", context)

        assert project.lock("app.lock")["git"][0]["ref"] == "main"
        assert (project.folder / "out" / "a").read_text() == "one"
        said = project.fail("build", "--locked=app.lock", "--progress=quiet", f"{project.web.url}/app.git")
        assert f"error: {project.web.url}/app.git is not in app.lock" in said
        assert f"stagemill lock --add --lock-file=app.lock {project.web.url}/app.git" in said

    def test_the_image_of_a_scanner_is_locked_where_it_is_asked_for(self, project: Project) -> None:
        project.write("FROM {registry}/team/base:1\n")

        project.ok("lock", f"--sbom=generator={project.registry.host}/team/tool:2", ".")

        assert project.images() == ["team/base:1", "team/tool:2"]


class TestPlatforms:
    def test_a_platform_that_is_not_listed_is_that_of_the_locked_index(self, project: Project) -> None:
        project.ok("lock", "--platform", "linux/amd64", ".")
        project.push("base", "1", "moved")

        assert out(project, "--platform", "linux/arm64", "--target", "base") == {"base": "base arm64", "go.sum": "one"}

    def test_several_need_nobody_once_they_are_here(self, project: Project) -> None:
        given = ("--platform", "linux/amd64,linux/arm64", "--target", "base")
        project.ok("lock", *given, ".")
        project.build(*given)
        project.asked()

        project.build(*given)
        project.build("--all-platforms", "--target", "base")

        assert project.asked() == []

    def test_one_that_an_image_is_not_for_is_told_as_ever(self, project: Project) -> None:
        project.ok("lock", ".")

        said = project.fail("build", "--locked", "--progress=quiet", "--platform", "linux/s390x", *APP, ".")

        assert "has no image for linux/s390x" in said
        assert "hint: it has linux/amd64, linux/arm64: choose one with --platform" in said

    def test_every_platform_is_every_one_of_the_locked_index(self, project: Project) -> None:
        project.ok("lock", ".")
        image = make_image(project.registry.blobs, {"base": b"alone"})
        project.registry.push("team/base", "1", image)

        project.ok("build", "--locked", "-q", "--all-platforms", "--target", "base", "-o", "out", ".")

        assert sorted(path.name for path in (project.folder / "out").iterdir()) == ["linux_amd64", "linux_arm64"]


class TestCalls:
    @pytest.mark.parametrize("source", ["{registry}/team/base:9", "{web}/other", "{web}/code.git#v9"])
    def test_a_check_finds_what_is_missing(self, project: Project, source: str) -> None:
        project.ok("lock", ".")
        line = f"FROM {source}" if "base" in source else f"FROM scratch\nADD {source} /x"
        project.write(f"{line}\n")
        project.asked()

        said = project.call("build", "--locked", "--check", ".")

        assert said.status == 1
        assert "is not in stagemill.lock" in said.err
        assert "add it: stagemill lock --add ." in said.err
        assert project.asked() == []

    def test_what_is_locked_is_looked_at_without_asking(self, project: Project) -> None:
        project.ok("lock", ".")
        project.asked()

        assert project.call("build", "--locked", "--check", ".").err == ""
        assert "TARGET" in project.ok("build", "--locked", "--call=targets", ".").out
        assert project.ok("build", "--locked", "--call=outline", *APP, ".").out
        assert project.ok("plan", "--locked", *APP, ".").out
        assert [line for line in project.asked() if "/v2/" in line] == []

    @pytest.mark.parametrize("command", ["plan", "size"])
    def test_who_builds_to_look_at_something_is_held_to_it_too(self, project: Project, command: str) -> None:
        project.ok("lock", "--target", "base", ".")

        assert project.ok(command, "--locked", "--target", "base", ".").out
        said = project.fail(command, "--locked", *APP, ".")
        assert "tool:2 is not in stagemill.lock" in said
        assert "add it: stagemill lock --add --target app ." in said

    def test_a_plan_is_refused_as_its_build_would_be(self, project: Project) -> None:
        project.ok("lock", ".")
        project.write(TEXT, **{"go.sum": "two"})

        assert "error: go.sum has changed since it was locked" in project.fail("plan", "--locked", *APP, ".")


@pytest.mark.parametrize("value", ["--locked=true", "--locked"])
def test_the_flag_has_docker_s_spellings(project: Project, value: str) -> None:
    assert "there is no lock stagemill.lock" in project.fail("build", value, "--progress=quiet", ".", status=2)


def test_one_that_is_empty_is_told_rather_than_taken_for_none(project: Project) -> None:
    assert "error: --locked= names no file\n" in project.fail("build", "--locked=", ".", status=2)


def test_one_that_is_false_holds_nobody(project: Project) -> None:
    project.ok("build", "-q", "--locked=false", *APP, ".")
