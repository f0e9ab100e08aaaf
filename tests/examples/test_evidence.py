"""Lists of what is in real images: each as long as what the tools of the image itself list, and valid to others' tools."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.evidence import cyclonedx_flaws, provenance_flaws, spdx_flaws
from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "06-static-go"
BASES = ("golang:1.23-alpine", "node:22-slim")

# A package by its own name, also where another one depends on it by an alias: `alias@npm:name@1.2.3`.
NPM = re.compile(r":((?:@[^@:/]+/)?[^@:/]+)@(\d[^@:]*)(?::|$)")
NODE = """\
FROM node:22-slim
WORKDIR /app
RUN npm init -y && npm install --no-audit --no-fund fastify@5
RUN dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\\n' > /dpkg \\
 && (npm ls --all --parseable --long; npm ls -g --all --parseable --long) > /npm
"""
PYTHON = """\
FROM scratch
COPY site-packages /venv/lib/python3/site-packages
"""
GO = """\
FROM builder AS told
RUN go version -m server > /told
"""


def built(example: Example, *arguments: str) -> tuple[Any, Any]:
    """The lists of an image in both forms, which others' tools have nothing against; nor against how it was built."""
    written = ("--sbom-output=l.spdx.json", "--sbom-output=l.cdx.json", "--provenance-output=p.json")
    example.build(*written, *arguments)
    spdx, cyclonedx, statement = (
        json.loads((example.folder / name).read_bytes()) for name in ("l.spdx.json", "l.cdx.json", "p.json")
    )
    assert spdx_flaws(spdx) == []
    assert cyclonedx_flaws(cyclonedx) == []
    assert provenance_flaws(statement) == []
    return spdx, cyclonedx


def listed(lists: tuple[Any, Any], kind: str) -> list[str]:
    """Name and version of the packages of a kind, which both forms have."""
    spdx, cyclonedx = lists
    start = f"pkg:{kind}/"
    found = sorted(
        f"{package['name']} {package.get('versionInfo', '')}"
        for package in spdx["packages"]
        if any(ref["referenceLocator"].startswith(start) for ref in package.get("externalRefs", ()))
    )
    assert found == sorted(
        f"{component['name']} {component.get('version', '')}"
        for component in cyclonedx["components"]
        if component.get("purl", "").startswith(start)
    )
    return found


def test_debians_packages_and_nodes_are_those_that_dpkg_and_npm_list(example: Example) -> None:
    (example.folder / "Dockerfile").write_text(NODE)

    lists = built(example)

    dpkg = [line.split() for line in example.run("cat", "/dpkg").splitlines()]
    assert listed(lists, "deb") == sorted(f"{name.partition(':')[0]} {version}" for _, name, version in dpkg)
    lines = [line for line in example.run("cat", "/npm").splitlines() if "/node_modules/" in line]
    installed = {f"{found[1]} {found[2]}" for line in lines if (found := NPM.search(line))}
    assert listed(lists, "npm") == sorted(installed)
    assert len(dpkg) > 50
    assert len(installed) > 100


def test_pythons_packages_are_those_that_pip_lists(example: Example) -> None:
    """Those of the interpreter that runs the tests: of each only what says which it is."""
    (example.folder / "Dockerfile").write_text(PYTHON)
    packages = example.folder / "site-packages"
    for distribution in importlib.metadata.distributions():
        place = Path(str(distribution.locate_file(".")), f"{distribution.metadata['Name']}")
        found = next(place.parent.glob(f"{re.sub('[-_.]+', '?', place.name)}-*.dist-info"), None)
        if found:
            shutil.copytree(found, packages / found.name, dirs_exist_ok=True)

    lists = built(example)

    told = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=json", "--path", str(packages)],
        capture_output=True, check=True,
    )  # fmt: skip
    known = [f"{package['name']} {package['version']}" for package in json.loads(told.stdout)]
    assert listed(lists, "pypi") == sorted(known)
    assert len(known) > 20


def test_gos_modules_are_those_that_go_itself_reads_in_the_program(example: Example) -> None:
    dockerfile = example.folder / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + GO)
    example.build("--target=told", tag="told")

    lists = built(example, "--target=runtime")

    lines = [line.split() for line in example.run("cat", "/told", tag="told").splitlines()]
    modules = [f"{line[1]} {line[2]}" for line in lines if line[0] == "dep"]
    (own,) = [line[1] for line in lines if line[0] == "mod"]
    version = lines[0][1]
    assert listed(lists, "golang") == sorted([*modules, f"{own} ", f"stdlib {version}"])
    assert modules
