"""`stagemill attestations`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call
from fakes.registry import FakeRegistry

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]


@pytest.fixture
def listed(folder: Path, app: Call) -> Call:
    """The program, whose store has `app`, of which nothing is said, and `said`, of which much is."""
    (folder / "apk").write_text("P:musl\nV:1.2\nL:MIT\n")
    (folder / "Dockerfile").write_text("FROM scratch AS deps\nCOPY apk /lib/apk/db/installed\nFROM deps\nCOPY apk /a\n")
    assert app("build", "-q", "-t", "said", "--sbom=format=both,scan-stage=deps", "--provenance", ".").status == 0
    return app


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def of(call: Call, *arguments: str) -> Any:
    done = call("attestations", *arguments)
    assert done.status == 0, done.err
    return json.loads(done.out)


def test_they_are_listed_for_people_and_as_json(listed: Call) -> None:
    lines = [line.split() for line in listed("attestations", "said").out.splitlines()]

    assert lines[0] == ["PLATFORM", "TYPE", "WHERE", "SIZE", "DIGEST"]
    assert [line[1] for line in lines[1:]] == ["spdx", "cyclonedx", "spdx", "cyclonedx", "provenance"]
    rows = of(listed, "said", "--json")
    assert [row["digest"] for row in rows] == [line[-1] for line in lines[1:]]
    assert {row["of"] for row in rows} == {json.loads(listed("inspect", "said").out)[0]["Manifests"][0]["digest"]}
    assert rows[0]["type"] == "https://spdx.dev/Document"
    assert rows[0]["where"] == "index"


def test_one_is_printed_as_it_is_or_with_what_it_is_about(listed: Call) -> None:
    spdx = of(listed, "said", "--type", "spdx")
    assert (spdx["spdxVersion"], spdx["name"]) == ("SPDX-2.3", "stage-1")
    assert of(listed, "said", "--type=cyclonedx")["bomFormat"] == "CycloneDX"
    assert "buildDefinition" in of(listed, "said", "--type", "provenance")
    statement = of(listed, "said", "--type", "https://slsa.dev/provenance/v1", "--statement")
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [each["name"] for each in of(listed, "said", "--type", "spdx", "--all")] == ["stage-1", "deps"]


def test_of_several_platforms_one_is_meant(listed: Call) -> None:
    listed("build", "-q", "-t", "two", "--sbom", "--platform=linux/amd64,linux/arm64", ".")

    assert [row["platform"] for row in of(listed, "two", "--json")] == ["linux/amd64", "linux/arm64"]
    assert [row["platform"] for row in of(listed, "two", "--json", "--platform", "linux/arm64")] == ["linux/arm64"]
    said = of(listed, "two", "--type", "spdx", "--platform", "linux/arm64")
    assert said["packages"][0]["comment"] == "the files of stage-1 for linux/arm64"


def test_of_what_nothing_is_said_there_is_nothing(listed: Call) -> None:
    done = listed("attestations", "app")

    assert (done.status, done.out, done.err) == (0, "", "nothing is said of app\n")
    assert of(listed, "app", "--json") == []


@pytest.mark.parametrize("page", [0, 10])
def test_in_a_registry_what_refers_to_an_image_is_found(listed: Call, page: int) -> None:
    with FakeRegistry(referrers=page) as registry:
        name = f"{registry.host}/team/app:1"
        listed("build", "-q", "--push", "--attest-as=referrers", "--sbom", "--provenance", "-t", name, ".")

        rows = of(listed, f"docker://{name}", "--json")

        assert sorted((row["type"], row["where"]) for row in rows) == [
            ("https://slsa.dev/provenance/v1", "referrer"),
            ("https://spdx.dev/Document", "referrer"),
        ]
        assert rows[0]["of"] == json.loads(listed("inspect", name).out)[0]["Descriptor"]["digest"]
        spdx = of(listed, f"docker://{name}", "--type", "spdx")
        assert [package["name"] for package in spdx["packages"]] == ["stage-1", "musl"]


def test_so_is_what_stands_in_its_index(listed: Call, registry: FakeRegistry) -> None:
    name = f"{registry.host}/team/said:1"
    listed("push", "said", name)

    assert of(listed, f"docker://{name}", "--json") == of(listed, "said", "--json")
    assert of(listed, f"docker://{name}", "--type", "spdx", "--all") == of(listed, "said", "--type", "spdx", "--all")


def test_in_a_layout_and_in_an_archive_it_is_the_same(listed: Call, folder: Path) -> None:
    listed("save", "--format", "oci", "-o", "said.tar", "said")
    (folder / "layout").mkdir()
    subprocess.run(["tar", "-xf", "said.tar", "-C", "layout"], cwd=folder, check=True)
    digest = json.loads(listed("inspect", "said").out)[0]["Descriptor"]["digest"]

    rows = of(listed, "said", "--json")
    for place in ("oci-archive:said.tar", "oci:layout:latest", f"oci:layout@{digest}"):
        assert of(listed, place, "--json") == rows
    assert of(listed, "oci-archive:said.tar", "--type", "spdx") == of(listed, "said", "--type", "spdx")


@pytest.mark.parametrize(
    ("arguments", "status", "message", "hint"),
    [
        (("said", "--type", "vex"), 1, "of said there is no statement of type vex", "what is said is of type spdx, cyclonedx, provenance"),
        (("said", "--type", "spxd"), 1, "of said there is no statement of type spxd", "did you mean spdx?"),
        (("app", "--type", "spdx"), 1, "of app there is no statement of type spdx", "nothing is said of it; build it with --sbom or --provenance"),
        (("zz",), 1, "there is no image zz in the store", "did you mean app:latest? or docker://zz is one in a registry"),
        (("said", "--all"), 2, "--all is for what --type prints", "add --type spdx, cyclonedx or provenance"),
        (("said", "--json", "--type", "spdx"), 2, "--json lists, and --type prints what is JSON anyway", "leave one out"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(listed: Call, arguments: tuple[str, ...], status: int, message: str, hint: str) -> None:
    done = listed("attestations", *arguments)

    assert (done.status, done.out) == (status, "")
    assert f"error: {message}\nhint: {hint}\n" in done.err
