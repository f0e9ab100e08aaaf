"""What is said of a build: of which stages, with which layers, once, and only where it belongs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.images import FakeImages
from fakes.planning import planned
from fakes.workshop import Workshop
from stagemill.attest.provenance import Asked, Invocation
from stagemill.attest.statement import Attestation
from stagemill.attest.steps import Text
from stagemill.attest.wanted import Provenance, Sbom, Wanted
from stagemill.build import Built, Options
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.given.output_flags import Output, Statements
from stagemill.cli.results.assembly import Assembly
from stagemill.cli.results.witness import Account, Witness, layers, more, scanned_stages, scans_context
from stagemill.errors import UsageError
from stagemill.execute.assemble import Finish
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, ImageIndex
from stagemill.store.store import Store

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")
OURS = Sbom()
BOTH = Wanted(Provenance(), OURS)
TEXT = "FROM scratch AS deps\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nCOPY a /a\nFROM scratch\nCOPY --from=deps /a /\n"
APK = "P:musl\nV:1\n"


def account(wanted: Wanted) -> Account:
    return Account(
        wanted,
        Asked({"build-arg:A": "1"}, "Dockerfile"),
        Text("Dockerfile", "Dockerfile", TEXT, {}),
        Invocation("id", 1.0, 0.0, "1.2"),
        FakeImages,
    )


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def steps() -> list[str]:
    return []


def witness(wanted: Wanted, steps: list[str]) -> Witness:
    def step(text: str) -> AbstractContextManager[None]:
        steps.append(text)
        return nullcontext()

    return Witness(account(wanted).finished("web", 2.0), step)


def scanned(text: str, wanted: Sbom = OURS, **build_args: str) -> list[str]:
    return [stage.title for stage in scanned_stages(planned(text, build_args=build_args), wanted)]


class TestWhatIsScanned:
    STAGES = (
        "ARG BUILDKIT_SBOM_SCAN_STAGE{}\nFROM busybox AS a\n{}RUN a\nFROM busybox AS b\nRUN b\nFROM busybox AS unused\n"
        "FROM busybox AS last\nCOPY --from=a /a /\nCOPY --from=b /b /\n"
    )

    def test_a_stage_says_so_itself_or_a_global_argument_for_all_that_are_built(self) -> None:
        own = self.STAGES.format("", "ARG BUILDKIT_SBOM_SCAN_STAGE=true\n")

        assert scanned(own) == ["a"]
        assert scanned(self.STAGES.format("=true", "")) == ["a", "b"]
        assert scanned(self.STAGES.format("=true", "ARG BUILDKIT_SBOM_SCAN_STAGE=false\n")) == ["b"]
        assert scanned(self.STAGES.format("=true", "ARG BUILDKIT_SBOM_SCAN_STAGE\n")) == ["a", "b"]
        assert scanned(self.STAGES.format("=b,unused", "")) == ["b"]

    def test_a_build_argument_counts_where_an_argument_is_declared(self) -> None:
        declared, silent = (
            self.STAGES.format("", ""),
            self.STAGES.replace("ARG BUILDKIT_SBOM_SCAN_STAGE{}\n", "").format(""),
        )

        assert scanned(declared, BUILDKIT_SBOM_SCAN_STAGE="true") == ["a", "b"]
        assert scanned(silent, BUILDKIT_SBOM_SCAN_STAGE="true") == []

    def test_the_context_is_scanned_where_the_target_says_so(self) -> None:
        assert scans_context(planned("ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nFROM busybox\n"), OURS)
        other = planned("FROM busybox AS a\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nFROM busybox\n")
        assert not scans_context(other, OURS)
        assert scans_context(other, Sbom(context=True))
        assert not scans_context(planned("ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nFROM busybox\n"), Sbom(context=False))

    def test_the_command_line_counts_before_the_dockerfile(self) -> None:
        text = self.STAGES.format("=true", "")

        assert scanned(text, Sbom(stages="false")) == []
        assert scanned(text, Sbom(stages="B, a")) == ["a", "b"]
        assert scanned(self.STAGES.format("", ""), Sbom(stages="true")) == ["a", "b"]

    @pytest.mark.parametrize(
        ("name", "message", "hint"),
        [
            ("unused", "nothing that is built needs this stage", "build it too, with --also unused"),
            ("lats", "there is no stage of this name", "did you mean last?"),
            ("x", "there is no stage of this name", "there is a, b, last"),
        ],
    )
    def test_a_stage_that_it_names_in_vain_is_an_error(self, name: str, message: str, hint: str) -> None:
        plan = planned(self.STAGES.format("", ""))

        with pytest.raises(UsageError) as caught:
            more(Wanted(None, Sbom(stages=f"a,{name}")))(plan)

        assert (caught.value.message, caught.value.hint) == (f"--sbom scan-stage={name}: {message}", hint)

    def test_only_for_a_list_more_is_made_than_was_asked_for(self) -> None:
        plan = planned(self.STAGES.format("=a", ""))

        assert more(Wanted(Provenance()))(plan) == ()
        assert more(BOTH)(plan) == [plan.stages[0].vertex]


@needs_root
class TestLayers:
    def test_each_step_has_those_up_to_its_own(self, workshop: Workshop) -> None:
        built = workshop.build("FROM scratch AS base\nCOPY a /a\nFROM base\nCOPY a /b\nENV X=1\n", files={"a": ""})
        image = built.image()

        base, last = built.plan.stages
        assert layers(built.plan, image) == {
            base.vertex.digest: image.manifest.layers[:1],
            last.vertex.digest: image.manifest.layers,
        }

    def test_an_image_of_other_layers_has_none(self, workshop: Workshop) -> None:
        built = workshop.build("FROM scratch\nCOPY a /a\nCOPY a /b\n", files={"a": ""})

        assert layers(built.plan, built.image(Finish(squash=True))) == {}


@needs_root
class TestAttestations:
    def build(self, workshop: Workshop, wanted: Wanted = BOTH) -> Built:
        return workshop.build(TEXT, files={"a": "x"}, options=Options(more=more(wanted)))

    def test_lists_come_first_then_provenance(self, workshop: Workshop, steps: list[str]) -> None:
        built = self.build(workshop)

        said = witness(BOTH, steps).attestations(0, built, built.image())

        assert [each.file for each in said] == ["sbom.spdx.json", "sbom-deps.spdx.json", "provenance.json"]
        predicate = json.loads(json.dumps(said[-1].predicate))
        assert predicate["runDetails"]["metadata"]["finishedOn"] == "1970-01-01T00:00:02.000000Z"
        request = predicate["buildDefinition"]["externalParameters"]["request"]
        assert request["args"] == {"build-arg:A": "1", "target": "web"}
        assert predicate["runDetails"]["metadata"]["buildkit_metadata"]["layers"]

    def test_a_tree_is_scanned_once(self, workshop: Workshop, steps: list[str]) -> None:
        built, seen = self.build(workshop), witness(BOTH, steps)

        first, second = seen.attestations(0, built), seen.attestations(0, built)

        assert (first[:2], len(steps)) == (second[:2], 1)
        assert steps[0].startswith("listing what is in stage-1 for ")

    def test_a_list_says_which_layer_of_the_image_a_package_came_with(
        self, workshop: Workshop, steps: list[str]
    ) -> None:
        text = "FROM scratch AS deps\nCOPY apk /lib/apk/db/installed\nFROM deps\nCOPY apk /x\n"
        wanted = Wanted(None, Sbom(stages="true"))
        built = workshop.build(text, files={"apk": APK}, options=Options(more=more(wanted)))
        image = built.image()

        target, deps = witness(wanted, steps).attestations(0, built, image)
        (squashed, _) = witness(wanted, steps).attestations(0, built, built.image(Finish(squash=True)))

        def said(attestation: Attestation) -> Any:
            return json.loads(json.dumps(attestation.predicate))["packages"][1].get("comment")

        assert said(target) == f"layerID: {image.manifest.layers[0].digest}"
        assert (said(deps), said(squashed)) == (None, None)

    def test_the_context_is_listed_by_what_it_has(self, workshop: Workshop, steps: list[str]) -> None:
        text = "FROM scratch\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nCOPY a /a\n"
        built = workshop.build(text, files={"a": "", "lib/apk/db/installed": APK})

        core, context = witness(Wanted(None, Sbom()), steps).attestations(0, built)

        def names(of: Attestation) -> list[str]:
            packages: Any = of.predicate["packages"]
            return [package["name"] for package in packages[1:]]

        assert (context.file, names(core), names(context)) == ("sbom-context.spdx.json", [], ["musl"])

    def test_the_record_is_of_provenance_alone(self, workshop: Workshop, steps: list[str]) -> None:
        built = self.build(workshop)

        record = witness(BOTH, steps).record(built, built.image())
        assert record
        assert record["buildType"] == "https://mobyproject.org/buildkit@v1"
        assert witness(Wanted(None, Sbom()), steps).record(built, built.image()) is None


@needs_root
class TestAssembly:
    def of(
        self,
        workshop: Workshop,
        wanted: Wanted,
        output: Output,
        *names: str,
        stored: bool = False,
        annotations: Annotations | None = None,
    ) -> AnyImage:
        built = workshop.build("FROM scratch\nCOPY a /a\n", files={"a": "x"})
        given = annotations or Annotations()
        assembly = Assembly([built], given, lambda _text: nullcontext(), witness=witness(wanted, []))
        return assembly.of(output, names, stored=stored)

    def test_what_is_said_makes_an_index_of_an_image(self, workshop: Workshop) -> None:
        found = self.of(workshop, BOTH, Output("oci"), "docker.io/library/app:1")

        assert isinstance(found, ImageIndex)
        image, said = found.images
        statements = [json.loads(workshop.store.blobs.read(layer.digest)) for layer in said.manifest.layers]
        assert [statement["subject"] for statement in statements] == [
            [
                {
                    "name": f"pkg:docker/app@1?platform={str(image.config.platform).replace('/', '%2F')}",
                    "digest": {"sha256": image.digest.hex},
                }
            ]
        ] * 2
        assert b"artifactType" in said.manifest_bytes
        other = self.of(workshop, BOTH, Output("oci", statements=Statements(artifact=False)))
        assert isinstance(other, ImageIndex)
        assert b"artifactType" not in other.images[1].manifest_bytes

    def test_what_is_for_a_store_is_in_no_archive_unless_it_is_asked_for(self, workshop: Workshop) -> None:
        inline = Wanted(Provenance(inline_only=True))

        assert isinstance(self.of(workshop, inline, Output("oci")), Image)
        assert isinstance(self.of(workshop, inline, Output("oci"), stored=True), ImageIndex)
        assert isinstance(self.of(workshop, inline, Output("oci", statements=Statements(inline=True))), ImageIndex)
        with_list = self.of(workshop, replace(inline, sbom=Sbom()), Output("oci"))
        assert isinstance(with_list, ImageIndex)
        assert len(with_list.images[1].manifest.layers) == 1

    def test_an_index_that_is_none_has_no_annotations(self, workshop: Workshop) -> None:
        annotations = Annotations.parse(["index:a=1"], index=True)

        found = self.of(workshop, BOTH, Output("oci"), annotations=annotations)
        assert isinstance(found, ImageIndex)
        assert found.index.annotations == {"a": "1"}
        with pytest.raises(UsageError, match="index annotations not supported for single platform export"):
            self.of(workshop, Wanted(Provenance(inline_only=True)), Output("oci"), annotations=annotations)
