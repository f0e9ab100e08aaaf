"""Every project that is split for real, and those whose images are not made here, as the text alone tells."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fakes.splitting import facts_of
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Dockerfile
from stagemill.lint import LintFile, check
from stagemill.split.splitting import Split, foreseen

HERE = Path(__file__).parents[2] / "split"
PROJECTS = tomllib.loads((HERE / "projects.toml").read_text())

# What the text alone does not tell to be needless: other packages of a workspace.
NEEDED = {"node-workspace": {"whole-directory"}}


def foretold(name: str) -> Split:
    folder = HERE / "projects" / name
    files = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    return foreseen(facts_of(files["Dockerfile"], files))


@pytest.mark.parametrize(("name", "base"), PROJECTS["planned"].items())
def test_a_project_whose_images_are_elsewhere_is_planned(name: str, base: str) -> None:
    found = foretold(name)

    assert (found.draft.base, found.proven) == (base, False)
    assert found.draft.left


@pytest.mark.parametrize("name", [*PROJECTS["built"], *PROJECTS["planned"]])
def test_the_text_is_a_file_of_two_stages_without_findings_of_its_own(name: str) -> None:
    found = foretold(name)
    dockerfile = parse(found.text)

    assert len(dockerfile.stages()) == 2
    assert _rules(found.facts.file.dockerfile) | NEEDED.get(name, set()) >= _rules(dockerfile)


def _rules(dockerfile: Dockerfile) -> set[str]:
    return {finding.rule for finding in check(LintFile.of(dockerfile))}


def test_every_project_is_in_the_list() -> None:
    names = {path.name for path in (HERE / "projects").iterdir()}

    assert names == PROJECTS["built"].keys() | PROJECTS["planned"].keys()
    assert set(PROJECTS["always"]) <= PROJECTS["built"].keys()
