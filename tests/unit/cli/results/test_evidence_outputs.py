"""What is said of a result where no image has it in its index: in files, and as referrers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.program import Call
from fakes.registry import FakeRegistry
from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.registry.referrers import tag

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]
STAGES = """\
FROM scratch AS deps
COPY apk /lib/apk/db/installed
FROM scratch
COPY --from=deps /lib/apk/db/installed /lib/apk/db/installed
"""


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def listed(folder: Path, stagemill: Call) -> Call:
    """The program, in a folder with something to list."""
    (folder / "apk").write_text("P:musl\nV:1.2\nL:MIT\n")
    (folder / "Dockerfile").write_text(STAGES)
    return stagemill


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


class TestReferrers:
    def statements(self, registry: FakeRegistry) -> list[Any]:
        """What the registry has beside the image of the tag, which is one plain manifest."""
        kind, data = registry.manifests["team/app", "1"]
        assert kind == media_types.MANIFEST
        found = []
        for (_, name), (_, manifest) in sorted(registry.manifests.items()):
            document = json.loads(manifest)
            if name.startswith("sha256:") and "subject" in document:
                assert document["subject"]["size"] == len(data)
                assert document["artifactType"] == "application/vnd.in-toto+json"
                (layer,) = document["layers"]
                found.append(json.loads(registry.blobs.data[layer["digest"]]))
        return sorted(found, key=lambda statement: str(statement["predicateType"]))

    @pytest.mark.parametrize("page", [0, 10])
    def test_the_image_stays_one_plain_manifest(self, listed: Call, page: int) -> None:
        with FakeRegistry(referrers=page) as registry:
            name = f"{registry.host}/team/app:1"

            done = listed("build", "--push", "--attest-as=referrers", "--sbom=both", "--provenance", "-t", name, ".")

            assert done.status == 0, done.err
            assert f"pushing what is said of {name}" in done.err
            cyclonedx, provenance, spdx = self.statements(registry)
            assert [package["name"] for package in spdx["predicate"]["packages"]] == ["stage-1", "musl"]
            assert [component["name"] for component in cyclonedx["predicate"]["components"]] == ["musl"]
            (subject,) = provenance["subject"]
            assert subject["name"].startswith(f"pkg:docker/{registry.host}/team/app@1?platform=")
            assert (("team/app", tag(Digest.from_hex(subject["digest"]["sha256"]))) in registry.manifests) is (
                page == 0
            )
            assert "Manifests" not in json.loads(listed("inspect", name).out)[0]

    def test_each_platform_has_its_own(self, listed: Call) -> None:
        with FakeRegistry(referrers=10) as registry:
            name = f"{registry.host}/team/app:1"

            listed(
                "build",
                "--push",
                "--attest-as=referrers",
                "--sbom",
                "--platform=linux/amd64,linux/arm64",
                "-t",
                name,
                ".",
            )

            index = json.loads(registry.manifests["team/app", "1"][1])
            assert [entry["platform"]["architecture"] for entry in index["manifests"]] == ["amd64", "arm64"]
            documents = [json.loads(data) for _, data in dict(registry.manifests).values()]
            subjects = {document["subject"]["digest"] for document in documents if "subject" in document}
            assert subjects == {entry["digest"] for entry in index["manifests"]}

    def test_without_a_push_there_is_nothing_to_refer_to(self, listed: Call) -> None:
        done = listed("build", "--attest-as=referrers", "--sbom", "-t", "app", ".")

        assert done.status == 2
        assert "error: --attest-as=referrers: referrers lie in a registry, and nothing is pushed" in done.err
        assert "hint: add --push, or leave --attest-as out to have what is said in the image's index" in done.err


class TestFiles:
    def test_lists_and_provenance_are_written_and_the_image_stays_plain(self, listed: Call, folder: Path) -> None:
        done = listed(
            "build", "-q", "-t", "app", "--sbom-output", "list.json", "--sbom-output", "list.cdx.json",
            "--provenance-output", "how.json", ".",
        )  # fmt: skip

        assert done.status == 0, done.err
        (image,) = json.loads(listed("inspect", "app").out)
        assert "Manifests" not in image
        assert read(folder / "list.json")["spdxVersion"] == "SPDX-2.3"
        assert [each["name"] for each in read(folder / "list.cdx.json")["components"]] == ["musl"]
        (component,) = read(folder / "list.cdx.json")["components"]
        assert component["properties"][0]["name"] == "stagemill:layer"
        (subject,) = read(folder / "how.json")["subject"]
        assert f"sha256:{subject['digest']['sha256']}" == image["Descriptor"]["digest"]

    def test_of_a_result_without_an_image_provenance_is_about_its_files(self, listed: Call, folder: Path) -> None:
        assert listed("build", "--provenance-output", "how.json", ".").status == 0

        (subject,) = read(folder / "how.json")["subject"]
        assert subject["name"] == "lib/apk/db/installed"

    def test_lists_of_other_stages_lie_beside(self, listed: Call, folder: Path) -> None:
        assert listed("build", "-q", "--sbom=cyclonedx,scan-stage=deps", "--sbom-output=x.json", ".").status == 2

        done = listed("build", "-q", "--sbom=format=cyclonedx,scan-stage=deps", "--sbom-output=x.json", ".")

        assert done.status == 0, done.err
        assert read(folder / "x.json")["metadata"]["component"]["name"] == "stage-1"
        assert read(folder / "x-deps.json")["metadata"]["component"]["name"] == "deps"

    def test_each_in_a_file_of_its_own_whatever_a_stage_is_called(self, listed: Call, folder: Path) -> None:
        (folder / "Dockerfile").write_text(
            "FROM scratch AS a.b\nCOPY apk /1\nFROM a.b AS a.c\nCOPY apk /2\nFROM a.c\nCOPY apk /3\n"
        )

        assert listed("build", "--sbom=scan-stage=true", "--sbom-output=x.spdx.json", ".").status == 0

        assert {path.name for path in folder.glob("x*")} == {"x.spdx.json", "x-a.b.spdx.json", "x-a.c.spdx.json"}

    def test_each_platform_and_each_target_has_its_file(self, listed: Call, folder: Path) -> None:
        listed("build", "-q", "--sbom-output=x.spdx.json", "--platform=linux/amd64,linux/arm64", "-t", "app", ".")
        done = listed("build", "--sbom-output={target}.json", "--target=deps=a", "--target=1=b", ".")
        assert done.status == 0, done.err

        names = {path.name for path in folder.glob("*.json")}
        assert names == {"x.spdx.linux_amd64.json", "x.spdx.linux_arm64.json", "deps.json", "1.json"}

    def test_what_is_written_to_a_file_may_be_attached_too(self, listed: Call, folder: Path) -> None:
        listed("build", "-q", "-t", "app", "--sbom", "--sbom-output=x.json", "--provenance-output=p.json", ".")

        (image,) = json.loads(listed("inspect", "app").out)
        assert len(image["Manifests"]) == 2
        assert (folder / "p.json").exists()

    def test_nothing_is_attached_where_that_is_not_wanted(self, listed: Call, folder: Path) -> None:
        listed("build", "-q", "-t", "app", "--sbom=cyclonedx", "--sbom-output=x.json", "--attest-as=none", ".")
        listed("build", "-q", "-o", "out", "--provenance", "--attest-as=none", ".")

        assert "Manifests" not in json.loads(listed("inspect", "app").out)[0]
        assert read(folder / "x.json")["bomFormat"] == "CycloneDX"
        assert os.listdir(folder / "out") == ["lib"]

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (("--sbom-output=none/x.json",), "--sbom-output: there is no directory"),
            (("--provenance-output=.",), "--provenance-output: "),
            (("--sbom-output=x.json", "--target=deps", "--target=stage-1"), "--sbom-output x.json takes one result, and there are 2 targets"),
            (("--sbom=generator=x", "--sbom-output=x.cdx.json"), "--sbom-output x.cdx.json: a scanner's list is SPDX"),
            (("--attest-as=none",), "--attest-as=none: nothing is to be attached"),
            (("--attest-as=referrer",), "invalid --attest-as 'referrer'"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_told_before_anything_is_built(
        self, listed: Call, flags: tuple[str, ...], message: str
    ) -> None:
        done = listed("build", *flags, ".")

        assert (done.status, done.out) == (2, "")
        assert f"error: {message}" in done.err
