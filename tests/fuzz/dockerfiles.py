"""Dockerfiles: parsed, printed, planned, linted, mended and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random

from fakes.tree import MemoryTree, Node, link
from fuzz import grammar, seeds
from fuzz.inputs import Input
from fuzz.mutate import Mutations
from fuzz.outcomes import outcome
from stagemill.context.ignore import IgnoreRules
from stagemill.context.named import NamedContexts
from stagemill.digest import Digest
from stagemill.dockerfile import syntax
from stagemill.dockerfile.parser import parse, parse_prefix
from stagemill.dockerfile.printer import render
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import NotFoundError, SourceError, StagemillError
from stagemill.files.paths import clean
from stagemill.graph import operations
from stagemill.graph.vertex import walk
from stagemill.lint import mend
from stagemill.lint.choice import RULES
from stagemill.lint.file import Known, LintFile
from stagemill.lint.formats import json as lint_json
from stagemill.lint.formats import text as lint_text
from stagemill.lint.mend import diff
from stagemill.lint.rules import check as lint
from stagemill.location import GitLocation, HttpLocation
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import FileContext, Request
from stagemill.plan.resolver import Base
from stagemill.plan.selecting import alternatives, choices
from stagemill.subrequests import check, outline, targets
from stagemill.subrequests.evaluate import evaluate

_FILES: dict[str, Node | str] = {
    "package.json": '{"scripts": {"build": "x"}}', "package-lock.json": "{}", "a": "1", "b/c": "2", "l": link("a"), "loop": link("loop"),
    "out": link("/../.."), ".dockerignore": "*.log\n",
}  # fmt: skip
_COPIED = re.compile(rb"^(?:COPY|ADD)(?: +--\S+)* +([^<\n]+) ", re.MULTILINE)
_TRIGGERS = (
    ("RUN t",), ("COPY a b", "ENV A=$B"), ("ARG A=x", "ENV C=$A"), ("COPY --from=0 a b",), ("RUN --mount=type=bind,from=s0 x",), ("FROM x",), ("",),
    ("COPY <<E /f\n$A\nE",),
)  # fmt: skip


class Images:
    """Most references are images, each with a config of its own; some are not there."""

    def __init__(self, rng: Random) -> None:
        self._triggers = rng.choice(_TRIGGERS) if rng.random() < 0.3 else ()
        self._user = rng.choice(("", "0", "app:app"))

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        name = Reference.parse(reference)
        if "nosuch" in name.repository:
            raise NotFoundError(f"there is no image {name}", hint="check the name")
        config = RunConfig(env=(("A", "of the base"),), user=self._user, working_dir="w", on_build=self._triggers)
        return Base(reference, Digest.of(reference.encode()), ImageConfig(platform or Platform.local(), config))


class Sources:
    """Every URL has something, but for those of one host."""

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> operations.Http:
        if location.host == "nosuch":
            raise SourceError(f"there is nothing at {location}", hint="check the URL")
        return operations.Http(checksum or Digest.of(location.url.encode()), location.name, location.url)

    def git(self, location: GitLocation) -> operations.Git:
        if location.host == "nosuch":
            raise SourceError(f"there is no repository {location}", hint="check the URL")
        return operations.Git("0" * 40, location.subdir, remote=location.remote)

    def dated(self, location: HttpLocation | GitLocation, *, checksum: Digest | None = None) -> int | None:
        """Some say it."""
        if isinstance(location, GitLocation):
            self.git(location)
            return 1_700_000_000
        self.http(location, checksum=checksum)
        return None

    def admit_files(self, name: str) -> None:
        """All of them."""


class Dockerfiles:
    """Texts of the repository, mutated, and texts made by the grammar."""

    def __init__(self) -> None:
        self._seeds = seeds.dockerfiles()
        self._context = _context(self._seeds)
        self._mutations = Mutations(grammar.WORDS, self._seeds)

    def make(self, rng: Random) -> Input:
        if rng.random() < 0.5:
            data = self._mutations.of(rng.choice(self._seeds), rng)
        else:
            data = grammar.dockerfile(rng).encode("utf-8", "surrogateescape")
            data = self._mutations.of(data, rng) if rng.random() < 0.3 else data
        return Input(data, rng.getrandbits(32))

    def check(self, given: Input) -> None:
        rng = Random(given.salt)
        outcome(lambda: syntax.check(given.data, "Dockerfile"))
        part = outcome(lambda: parse_prefix(given.data), placed=True)
        if isinstance(part, StagemillError):
            return
        tree, error = part
        assert render(tree).encode("utf-8", "surrogateescape") == given.data
        if error:
            outcome(lambda: parse(given.data), placed=True)
        else:
            assert parse(given.data) == tree
        request = _request(tree, self._context, rng)
        planned = None if error else _planned(tree, request, rng)
        _linted(tree, planned, error, context=self._context if rng.random() < 0.7 else None)


def _context(texts: Iterable[bytes]) -> MemoryTree:
    """Everything that a text copies is there, so that much can be planned."""
    words = {word.decode() for text in texts for line in _COPIED.findall(text) for word in line.split()}
    names = {clean(word) for word in words if re.fullmatch("[\\w./-]+", word)} - {""}
    files = dict.fromkeys(
        sorted(name for name in names if not any(other.startswith(f"{name}/") for other in names)), "x"
    )
    return MemoryTree({**files, **_FILES})


def _planned(tree: Dockerfile, request: Request, rng: Random) -> Plan | None:
    """The plan, where there is one; twice the same."""
    images = Images(rng)
    found = outcome(lambda: plan(tree, request, images, Sources()))
    evaluated = outcome(lambda: evaluate(tree, request, images, whole=rng.random() < 0.5))
    if not isinstance(evaluated, StagemillError):
        described = outline.outline(tree, request, evaluated)
        outline.text(described)
        outline.json(described, tree)
    if isinstance(found, StagemillError):
        return None
    assert list(walk([found.target.vertex]))[-1] == found.target.vertex
    assert Image.build(found.target.image, ()).config.diff_ids == ()
    again = plan(tree, request, images, Sources())
    assert again.target.vertex == found.target.vertex
    assert again.target.image.serialize() == found.target.image.serialize()
    needed = [stage.index for stage in found.stages]
    outcome(lambda: choices(tree, request, needed))
    outcome(lambda: alternatives(tree, request, needed))
    return found


def _request(tree: Dockerfile, context: MemoryTree, rng: Random) -> Request:
    args = {name: rng.choice(("", "1", "busybox", "s0", "a b", "\udcff")) for name in "AB" if rng.random() < 0.4}
    names = [start.name.text for start, _ in tree.stages() if start.name]
    contexts = (
        ()
        if rng.random() < 0.8
        else rng.choice((("s0=docker-image://x",), ("busybox=target:s0",), ("c=git://h/r", "d=https://h/f")))
    )
    return Request(
        platform=Platform.local(),
        build_args=args,
        target=rng.choice((*names, "", "", "", "0")) if rng.random() < 0.97 else "nosuch",
        context=FileContext(context) if rng.random() < 0.95 else None,
        labels={"a": "b"},
        allow=frozenset({"security.insecure"} if rng.random() < 0.5 else ()),
        contexts=NamedContexts.parse(contexts),
        all_stages=rng.random() < 0.5,
    )


def _linted(
    tree: Dockerfile, planned: Plan | None, error: StagemillError | None, *, context: MemoryTree | None
) -> None:
    ignore = IgnoreRules.parse("*.log\n!a.log\n", ".dockerignore")
    known = check.known([planned], ignore=ignore) if planned else Known(ignore)
    file = outcome(lambda: LintFile.of(tree, build_args={"A": "1"}, context=context, known=known), placed=True)
    if isinstance(file, StagemillError):
        return
    checked = check.check(file, error, whole=error is None)
    check.text(checked)
    check.json(checked)
    if error:
        return
    targets.text(targets.targets(tree))
    targets.json(targets.targets(tree), tree)
    found = lint(file, RULES)
    lint_text.render(found, dockerfile=tree, colour=False)
    lint_json.render(found, dockerfile=tree)
    mended = mend(file, RULES)
    assert parse(mended.text) == mended.file.dockerfile
    assert len(mended.left) <= len(found)
    assert (mended.text == tree.source.text) == (not mended.done)
    assert mend(mended.file, RULES).done == ()
    diff(tree.source.text, mended.text, name="Dockerfile")


def fuzzer() -> Dockerfiles:
    return Dockerfiles()
