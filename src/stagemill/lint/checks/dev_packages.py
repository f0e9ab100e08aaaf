"""`dev-packages`: the image takes the node_modules of a stage that installed the packages for development too."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Copy
from stagemill.lint import manifest, modules, production
from stagemill.lint.file import LintFile, Read
from stagemill.lint.finding import Finding
from stagemill.lint.modules import Found
from stagemill.lint.production import Case

NAME = "dev-packages"
SUMMARY = "node_modules with packages for development are copied into the image"


def check(file: LintFile) -> Iterator[Finding]:
    found = modules.development(file)
    shipped = {stage.index for stage in file.shipped()}
    for read in file.reads:
        if read.reader.index in shipped and isinstance(read.step.node, Copy):
            yield from _read(file, read, read.step.node, found=found[read.source.index])


def _read(file: LintFile, read: Read, node: Copy, *, found: Found) -> Iterator[Finding]:
    for word, path in zip(node.sources, read.paths, strict=False):
        directory = modules.directory(path)
        installed = found.get(directory, found.get(None)) if directory else None
        if directory is None or installed is None:
            continue
        known = manifest.of_stage(file, installed.stage)
        if known and not known.has_development:
            continue
        case = Case(file, read, node, directory=directory, installed=installed, manifest=known)
        remedy = production.remedy(case)
        line = installed.step.node.span.line
        message = (
            f"COPY takes node_modules with the packages for development, which "
            f"`{' '.join(installed.call.command.texts[:2])}` installs in line {line}"
        )
        yield file.finding(NAME, message, span=word.span, hint=remedy.hint, fix=remedy.fix)
