"""Linting in a test: findings of one rule in a text, and the text after its fixes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fakes.images import FakeImages
from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.cli.linting.shellcheck import ShellCheck
from stagemill.context.ignore import IgnoreRules
from stagemill.dockerfile.parser import parse
from stagemill.files.view import FileView
from stagemill.lint import Finding, LintFile, check, mend
from stagemill.lint.choice import select
from stagemill.lint.file import Known
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.subrequests.check import known

AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64")
PACKAGE = {
    "name": "app",
    "scripts": {"build": "tsc", "start": "node dist/index.js"},
    "dependencies": {"express": "^5.1.0"},
    "devDependencies": {"typescript": "~5.9.0"},
}
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "app"},
        "node_modules/express": {"version": "5.1.0", "resolved": "https://registry.example/express.tgz"},
        "node_modules/typescript": {"version": "5.9.0", "dev": True},
    },
}


def project(files: Mapping[str, str] | None = None, *, package: object = PACKAGE, lock: object = LOCK) -> MemoryTree:
    """A context with a package.json, its lock and a source file."""
    facts = {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock), "src/index.ts": "text"}
    return MemoryTree({**facts, **(files or {})})


def base(
    *,
    env: tuple[tuple[str, str], ...] = (),
    shell: tuple[str, ...] | None = None,
    platform: Platform = AMD,
) -> Known:
    """What is known where the first stage begins from an image, in a build for linux/amd64."""
    return Known(bases={0: ImageConfig(platform, RunConfig(env=env, shell=shell))})


def pulled(text: str, platform: Platform) -> Known:
    """What the plan for linux/amd64 knows of a file whose images, `x` and `example/app-arm64`, are all of a platform."""
    images = FakeImages(**dict.fromkeys(("x", "example/app-arm64"), ImageConfig(platform)))
    return known([planned(text, images=images, platform=AMD, context=MemoryTree({"conf": ""}))], ignore=None)


def ignoring(*rules: str) -> Known:
    """What is known where the context has an ignore file."""
    return Known(ignore=IgnoreRules.parse("\n".join(rules), ".dockerignore"))


def lint_file(
    text: str,
    *,
    context: FileView | None = None,
    build_args: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> LintFile:
    return LintFile.of(parse(text), context=context, build_args=build_args, known=known)


def findings(
    rule: str,
    text: str,
    *,
    context: FileView | None = None,
    build_args: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> list[Finding]:
    """What one rule finds in a text."""
    return check(lint_file(text, context=context, build_args=build_args, known=known), select(only=[rule]))


def lines_found(rule: str, text: str, *, context: FileView | None = None, known: Known | None = None) -> list[int]:
    """The lines in which a rule finds something."""
    return [finding.span.line for finding in findings(rule, text, context=context, known=known)]


def mended(rule: str, text: str, *, context: FileView | None = None) -> str:
    """The text after the fixes of one rule, which finds nothing in it any more."""
    result = mend(lint_file(text, context=context), select(only=[rule]))
    assert result.left == ()
    assert result.done != ()
    return result.text


def meaning(text: str) -> list[str]:
    """The instructions of a file, each in one line, without comments."""
    return [node.original for node in parse(text).instructions]


def unsafely_mended(rule: str, text: str, *, context: FileView | None = None) -> str:
    """The text after all fixes of one rule, those as well that change the image; it finds nothing in it any more."""
    result = mend(lint_file(text, context=context), select(only=[rule]), unsafe=True)
    assert result.left == ()
    assert result.done != ()
    return result.text


def shell_checked() -> Known:
    """What is known where ShellCheck is installed."""
    program = ShellCheck.find()
    assert program, "ShellCheck is missing: pip install stagemill[dev]"
    return Known(shell_checker=program)
