"""`stagemill lock`, and builds that are held to what it wrote; registries, files and repositories are on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.locked import LOCK, Project
from fakes.program import Call
from fakes.web import Page
from stagemill.digest import Digest

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def project(folder: Path, stagemill: Call) -> Iterator[Project]:
    with Project.open(folder, stagemill) as opened:
        yield opened


class TestWriting:
    def test_all_stages_count_and_tags_are_asked_by_head(self, project: Project) -> None:
        said = project.ok("lock", ".")

        asked = project.asked()
        assert project.images() == ["team/base:1", "team/other:3", "team/tool:2"]
        assert sorted(line for line in asked if "/manifests/" in line and "sha256:" not in line) == [
            "HEAD /v2/team/base/manifests/1",
            "HEAD /v2/team/other/manifests/3",
            "HEAD /v2/team/tool/manifests/2",
        ]
        assert said.out.splitlines()[-1] == "stagemill.lock has 3 images, 1 file, 1 repository, 1 lock file of packages"

    def test_nothing_is_built_and_no_layer_fetched(self, project: Project) -> None:
        project.ok("lock", ".")

        layers = {layer.digest for image in project.push("base", "1", "base") for layer in image.manifest.layers}
        assert not [line for line in project.asked() if line.rpartition("/")[2] in layers]
        assert "CACHED" not in project.ok("build", "-q", "--progress=plain", ".").err

    def test_everything_has_a_digest(self, project: Project) -> None:
        project.ok("lock", ".")

        lock = project.lock()
        (amd64, _), index = project.push("base", "1", "base"), project.registry.manifests["team/base", "1"][1]
        assert lock["image"][0] == {
            "name": f"{project.registry.host}/team/base:1",
            "digest": Digest.of(index),
            "platforms": [{
                "platform": "linux/amd64",
                "digest": amd64.digest,
                "size": sum(layer.size for layer in amd64.manifest.layers)
                + amd64.manifest.config.size
                + len(amd64.manifest_bytes),
            }],
        }  # fmt: skip
        assert lock["file"] == [{"url": f"{project.web.url}/file", "digest": Digest.of(b"one"), "size": 3}]
        assert lock["git"] == [
            {
                "url": f"{project.web.url}/code.git",
                "ref": "main",
                "commit": project.commit("one"),
                "found": "refs/heads/main",
            }
        ]
        assert lock["packages"] == [{"path": "go.sum", "digest": Digest.of(b"one")}]

    def test_a_second_time_nothing_is_asked_or_changed(self, project: Project) -> None:
        project.ok("lock", ".")
        before = (project.folder / LOCK).read_bytes()
        project.push("base", "1", "moved")
        project.asked()

        said = project.ok("lock", ".")

        assert project.asked() == []
        assert (project.folder / LOCK).read_bytes() == before
        assert said.out.endswith("1 lock file of packages, as before\n")

    def test_what_is_not_needed_any_more_is_told_and_removed(self, project: Project) -> None:
        project.ok("lock", ".")
        project.write("FROM {registry}/team/base:1\n")

        assert project.changes() == {
            "team/other:3": "removed",
            "team/tool:2": "removed",
            "file": "removed",
            "code.git#main": "removed",
            "go.sum": "removed",
        }
        assert project.images() == ["team/base:1"]

    def test_another_builds_needs_can_be_added(self, project: Project) -> None:
        project.write("ARG TAG=1\nFROM {registry}/team/base:$TAG\n")
        project.push("base", "2", "two")
        project.ok("lock", ".")

        project.ok("lock", "--add", "--build-arg", "TAG=2", ".")
        assert project.images() == ["team/base:1", "team/base:2"]

        project.ok("lock", "--build-arg", "TAG=2", ".")
        assert project.images() == ["team/base:2"]

    def test_a_target_needs_less(self, project: Project) -> None:
        project.ok("lock", "--target", "app", ".")

        assert project.images() == ["team/base:1", "team/tool:2"]

        project.ok("lock", "--target", "base", "--target", "other", "--platform", "linux/amd64,linux/arm64", ".")

        assert project.images() == ["team/base:1", "team/other:3"]
        assert [len(image["platforms"]) for image in project.lock()["image"]] == [2, 2]

    def test_each_platform_that_is_asked_for_is_listed_and_stays(self, project: Project) -> None:
        project.ok("lock", "--platform", "linux/amd64,linux/arm64", "--target", "base", ".")
        both = project.lock()["image"][0]["platforms"]
        assert [each["platform"] for each in both] == ["linux/amd64", "linux/arm64"]

        assert "as before" in project.ok("lock", "--platform", "linux/arm64", "--target", "base", ".").out

        images = project.push("base", "1", "moved")
        project.ok("lock", "--update", "--target", "base", ".")
        moved = project.lock()["image"][0]["platforms"]
        assert [each["digest"] for each in moved] == [image.digest for image in images]

    def test_a_stage_that_cannot_be_planned_and_is_not_needed_can_be_left_out(self, project: Project) -> None:
        project.write("FROM {registry}/team/gone:1 AS old\nFROM {registry}/team/base:1\n")

        said = project.fail("lock", ".")

        assert "Dockerfile:1" in said
        assert "lock what a target needs, and not all stages: --target STAGE" in said
        assert not (project.folder / LOCK).exists()

    def test_a_dockerfile_of_another_name_has_a_lock_of_its_own(self, project: Project) -> None:
        (project.folder / "dev.Dockerfile").write_text(f"FROM {project.registry.host}/team/base:1\n")

        project.ok("lock", "-f", "dev.Dockerfile", ".")
        project.ok("lock", "--lock-file", "elsewhere", ".")

        assert sorted(path.name for path in project.folder.glob("*lock*")) == ["dev.Dockerfile.lock"]
        assert len(project.lock("elsewhere")["image"]) == 3
        project.ok("build", "-q", "--locked", "-f", "dev.Dockerfile", ".")

    def test_an_image_that_only_this_machine_has_is_told(self, project: Project) -> None:
        project.write("FROM scratch\nCOPY go.sum /\n")
        project.ok("build", "-q", "-t", "mine", ".")
        project.write("FROM mine\n")

        said = project.ok("lock", ".")

        assert "note: mine:latest is in this machine's store, and no registry is known to have it" in said.out
        project.build()

    def test_what_cannot_be_seen_is_told(self, project: Project) -> None:
        project.write("FROM {registry}/team/base:1\nRUN apk add curl\n")

        said = project.ok("lock", ".")

        assert "not locked: Dockerfile:2: apk add; write NAME=VERSION for each package" in said.out

    def test_a_lock_that_gets_into_the_image_is_told(self, project: Project) -> None:
        project.write("FROM {registry}/team/base:1\nCOPY . /\n")
        project.ok("lock", ".")

        assert "note: Dockerfile:2 copies stagemill.lock as well" in project.ok("lock", ".").out
        (project.folder / ".dockerignore").write_text(LOCK)
        assert "copies" not in project.ok("lock", ".").out

    def test_a_directory_that_cannot_be_written_is_told(self, project: Project) -> None:
        said = project.fail("lock", "--lock-file", "no/where", ".", status=2)

        assert "error: cannot write the lock no/where: no such file or directory" in said


class TestUpdating:
    def test_everything_moves_on_and_both_are_shown(self, project: Project) -> None:
        project.ok("lock", "--target", "app", ".")
        old = project.lock()
        project.push("base", "1", "longer text")
        project.web.pages["/file"] = Page(b"three")
        commit = project.commit("two")

        said = project.ok("lock", "--target", "app", "--update", ".")

        new = project.lock()
        short = {lock["image"][0]["digest"][7:19] for lock in (old, new)}
        table = {line.split()[1]: line for line in said.out.splitlines() if line.startswith("changed")}
        base = table[f"{project.registry.host}/team/base:1"]
        assert all(digest in base for digest in short)
        assert " → " in base
        assert "3 B → 5 B" in table[f"{project.web.url}/file"]
        assert f"{old['git'][0]['commit'][:12]} → {commit[:12]}" in table[f"{project.web.url}/code.git#main"]
        assert f"{project.registry.host}/team/tool:2" not in table

    def test_one_name_moves_on_alone(self, project: Project) -> None:
        project.ok("lock", ".")
        for name, tag in (("base", "1"), ("tool", "2")):
            project.push(name, tag, "moved")

        assert project.changes("--update", f"{project.registry.host}/team/tool") == {"team/tool:2": "changed"}

    @pytest.mark.parametrize(
        ("arguments", "message", "hint"),
        [
            (("--update", "{web}/fil"), "stagemill.lock has no {web}/fil", "did you mean {web}/file?"),
            (("--update", "zzz"), "stagemill.lock has no zzz", "stagemill lock without --update adds what is missing"),
            (("zzz",), "stagemill lock builds one context, not also zzz", "move them on with --update"),
            (("--update", "--check"), "--check changes nothing, and --update does", "give one of them"),
            (("--target", "app=x"), "a lock names no image, as --target app=x does", "write --target app"),
        ],
    )
    def test_what_means_nothing_is_told(
        self, project: Project, arguments: tuple[str, ...], message: str, hint: str
    ) -> None:
        project.ok("lock", ".")

        said = project.fail("lock", *(text.format(web=project.web.url) for text in arguments), ".", status=2)

        assert f"error: {message.format(web=project.web.url)}\nhint: {hint.format(web=project.web.url)}" in said

    def test_a_locked_file_that_changed_does_not_pass_unseen(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.ok("lock", ".")
        project.web.pages["/file"] = Page(b"two")
        monkeypatch.setenv("STAGEMILL_ROOT", str(tmp_path / "other"))

        said = project.fail("lock", "--target", "app", ".")

        assert f"it is {Digest.of(b'two')}, expected {Digest.of(b'one')}" in said
        project.follow(said)
        assert project.lock()["file"][0]["digest"] == Digest.of(b"two")


class TestChecking:
    def test_a_lock_that_fits_is_passed(self, project: Project) -> None:
        project.ok("lock", ".")
        project.asked()

        assert project.ok("lock", "--check", ".").out == "stagemill.lock is what is needed\n"
        assert project.asked() == []

    def test_all_that_is_missing_is_found_and_nobody_asked(self, project: Project) -> None:
        assert project.changes("--check", status=1) == {
            "team/base:1": "missing",
            "team/other:3": "missing",
            "team/tool:2": "missing",
            "file": "missing",
            "code.git#main": "missing",
            "go.sum": "missing",
        }
        assert project.asked() == []
        assert not (project.folder / LOCK).exists()

    def test_what_is_not_needed_or_has_changed_is_found_too(self, project: Project) -> None:
        project.ok("lock", ".")
        project.write("FROM {registry}/team/base:1\nCOPY go.sum /\n", **{"go.sum": "two"})
        before = (project.folder / LOCK).read_bytes()

        assert project.changes("--check", "--target", "0", status=1) == {
            "team/other:3": "unused",
            "team/tool:2": "unused",
            "file": "unused",
            "code.git#main": "unused",
            "go.sum": "changed",
        }
        assert project.changes("--check", "--add", status=1) == {"go.sum": "changed"}
        assert (project.folder / LOCK).read_bytes() == before
        said = project.call("lock", "--check", "--target", "0", ".")
        assert (said.status, said.out.splitlines()[-1].split()[:2]) == (1, ["changed", "go.sum"])
        assert said.err == "error: stagemill.lock is not what is needed\nhint: write it: stagemill lock --target 0 .\n"


def test_json_has_both_sides_of_a_change(project: Project) -> None:
    project.write("FROM {registry}/team/base:1\nRUN wget http://h/x\n")
    project.ok("lock", ".")
    project.push("base", "1", "moved")

    document = json.loads(project.ok("lock", "--json", "--update", ".").out)

    (change,) = document["changes"]
    assert (document["file"], document["checked"], document["local"]) == (LOCK, False, [])
    assert [unseen["what"] for unseen in document["unseen"]] == ["wget"]
    assert change["old"]["digest"] != change["new"]["digest"] == project.lock()["image"][0]["digest"]
    assert change["new"]["platforms"][0]["platform"] == "linux/amd64"
