"""Scanners that are images: what they are run as, and what is taken of what they wrote."""

from __future__ import annotations

import json

import pytest

from fakes.tree import MemoryTree, file, link
from stagemill.attest.scanning import found, of_context, scanner
from stagemill.attest.statement import SPDX
from stagemill.digest import Digest
from stagemill.errors import StagemillError
from stagemill.graph.mounts import BindMount, TmpfsMount
from stagemill.graph.operations import BaseImage, Copy, MakeDirectory, Run, Scratch
from stagemill.graph.vertex import Label, Vertex
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform

IMAGE = BaseImage(Digest.of(b"scanner"), "linux/amd64", "docker.io/library/scanner:latest")
CONFIG = RunConfig(env=(("PATH", "/bin"),), entrypoint=("scan",), cmd=("-v",), working_dir="/w")
TARGET = Vertex(Scratch(), (), Label(""))
STATEMENT = json.dumps({"_type": "x", "predicateType": SPDX, "predicate": {"name": "mine"}})


def config(run: RunConfig) -> ImageConfig:
    return ImageConfig(Platform("linux", "amd64"), run)


def test_one_is_run_with_the_target_and_what_else_is_scanned() -> None:
    vertex = scanner(IMAGE, config(CONFIG), target=TARGET, extras={"deps": TARGET}, parameters={"EXTRA": "1"})

    run = vertex.op
    assert isinstance(run, Run)
    assert (run.args, run.cwd, run.user) == (("scan", "-v"), "/w", "0")
    assert dict(run.env) == {
        "PATH": "/bin",
        "BUILDKIT_SCAN_DESTINATION": "/run/out/",
        "BUILDKIT_SCAN_SOURCE": "/run/src/core/sbom",
        "BUILDKIT_SCAN_SOURCE_EXTRAS": "/run/src/extras/",
        "BUILDKIT_SCAN_EXTRA": "1",
    }
    assert run.mounts == (
        TmpfsMount("/tmp"),
        BindMount("/run/src/core/sbom"),
        BindMount("/run/src/extras/sbom-deps"),
    )
    assert vertex.inputs[0].vertex.op == MakeDirectory("/run/out")
    assert [edge.vertex for edge in vertex.inputs[1:]] == [TARGET, TARGET]


def test_without_more_to_scan_nothing_says_where_it_is() -> None:
    run = scanner(IMAGE, config(CONFIG), target=TARGET, extras={}, parameters={}).op

    assert isinstance(run, Run)
    assert "BUILDKIT_SCAN_SOURCE_EXTRAS" not in dict(run.env)


def test_an_image_without_a_command_is_no_scanner() -> None:
    with pytest.raises(StagemillError, match=r"scanner docker\.io/library/scanner:latest does not have cmd"):
        scanner(IMAGE, config(RunConfig()), target=TARGET, extras={}, parameters={})


def test_a_context_is_scanned_as_a_tree_of_its_files() -> None:
    vertex = of_context(MemoryTree({"a": "1"}))

    assert isinstance(vertex.op, Copy)
    assert vertex.digest != of_context(MemoryTree({"a": "2"})).digest


def test_what_it_wrote_are_attestations_that_of_the_target_first() -> None:
    tree = MemoryTree({f"run/out/{name}": STATEMENT for name in ("a.spdx.json", "sbom.spdx.json", "sbom-x.spdx.json")})

    taken = list(found(tree, "scanner"))

    assert [each.file for each in taken] == ["sbom.spdx.json", "a.spdx.json", "sbom-x.spdx.json"]
    assert {(each.type, each.predicate["name"]) for each in taken} == {(SPDX, "mine")}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (MemoryTree({}), "the scanner scanner found nothing, not even an empty list"),
        (MemoryTree({"run/out/a": "{"}), "the scanner scanner wrote no statement: a is no JSON: "),
        (MemoryTree({"run/out/a": "{}"}), "the scanner scanner wrote no statement: 'predicateType' is None"),
        (
            MemoryTree({"run/out/a": link("/etc/passwd")}),
            "the scanner scanner wrote a, which is no file of at most 40 MiB",
        ),
        (
            MemoryTree({"run/out/a": file("", size=41 << 20)}),
            "the scanner scanner wrote a, which is no file of at most 40",
        ),
        (
            MemoryTree({"run/out/a": '{"predicateType": "https://slsa.dev/provenance/v1"}'}),
            "the scanner scanner wrote a, a statement of https://slsa.dev/provenance/v1",
        ),
    ],
)
def test_what_is_no_list_is_an_error(tree: MemoryTree, message: str) -> None:
    with pytest.raises(StagemillError) as caught:
        list(found(tree, "scanner"))

    assert caught.value.message.startswith(message)
    assert caught.value.hint == "it has to write in-toto statements with SPDX documents; see its own documentation"
