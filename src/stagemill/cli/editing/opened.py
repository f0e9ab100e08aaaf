"""`Opened`, a Dockerfile as an editor has it now, which may not be what lies on the disk, nor be one at all."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from stagemill.cli.editing.positions import Positions
from stagemill.cli.linting import hadolint
from stagemill.cli.linting.given import Stats
from stagemill.cli.linting.settings import Settings
from stagemill.context import load
from stagemill.context.directory import DirectoryContext
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import Source
from stagemill.errors import StagemillError
from stagemill.lint.choice import select
from stagemill.lint.file import Known, LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.rules import check
from stagemill.lint.scripts import ShellChecker
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """`file` is None where the text cannot be read; `error` then says why. `encoding` is how the editor counts columns."""

    text: str
    settings: Settings
    file: LintFile | None
    error: StagemillError | None = None
    encoding: str = "utf-16"

    @classmethod
    def of(cls, text: str, path: Path | None, *, shell_checker: ShellChecker | None = None) -> Opened:
        """Its directory is the context, and has the settings."""
        settings = Settings()
        try:
            if path is not None and path.parent.is_dir():
                settings = hadolint.wanted(str(path.parent)).settings
            known = Known(policy=settings.policy, shell_checker=shell_checker)
            return cls(text, settings, _read(text, path, known, settings=settings))
        except StagemillError as error:
            return cls(text, settings, None, error)

    @property
    def source(self) -> Source:
        return Source("Dockerfile", self.text)

    @property
    def positions(self) -> Positions:
        return Positions(self.source, self.encoding)

    def findings(self) -> list[Finding]:
        if self.file is None:
            return []
        return check(self.file, select(ignore=self.settings.ignore), levels=self.settings.levels)


def _read(text: str, path: Path | None, known: Known, *, settings: Settings) -> LintFile:
    dockerfile = parse(text, path.name if path else "Dockerfile")
    if path is None or not path.parent.is_dir():
        file = LintFile.of(dockerfile, known=known)
    else:
        rules = load.ignore_rules(path.parent, dockerfile=path)
        ignore = rules.rules if rules else None
        view = DirectoryContext(path.parent, ignore=ignore, stats=Stats(), started_ns=time.time_ns())
        file = LintFile.of(dockerfile, context=view, known=replace(known, ignore=ignore))
    options = file.options.with_experimental(settings.experimental, skip=settings.ignore)
    return replace(file, options=options)
