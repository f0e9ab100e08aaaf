"""`stagemill lint`: mistakes in a Dockerfile, explained and mended. It opens no store and needs no rights."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TextIO

import click

from stagemill.cli.frame.failure import coloured
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.cli.linting import hadolint
from stagemill.cli.linting.given import STDIN, Given
from stagemill.cli.linting.pages import page
from stagemill.cli.linting.settings import THRESHOLDS, Settings
from stagemill.cli.linting.shellcheck import ShellCheck
from stagemill.cli.progress.out import writable
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import StagemillError, UsageError
from stagemill.lint.baseline import Baseline
from stagemill.lint.choice import RULES, select
from stagemill.lint.file import Known
from stagemill.lint.finding import Finding
from stagemill.lint.formats import checkstyle, github, gitlab, json, junit, sarif, text
from stagemill.lint.mend import Mended, diff, mend
from stagemill.lint.rule import Rule
from stagemill.lint.rules import check
from stagemill.values import dataclass

_MOST_BYTES = 16 << 20


class Render(Protocol):
    """A format for programs."""

    def __call__(self, findings: Sequence[Finding], /, *, dockerfile: Dockerfile) -> str: ...


RENDER: Mapping[str, Render] = {
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
    "gitlab": gitlab.render,
    "checkstyle": checkstyle.render,
    "junit": junit.render,
}


@click.command("lint", short_help="Find mistakes in a Dockerfile, explain and mend them.",
               epilog="Rules: " + ", ".join(rule.name for rule in RULES) + ". Exit status: 0 nothing found that weighs enough, 1 findings.")  # fmt: skip
@click.argument("path", default=".", metavar="[PATH]")
@click.option("-f", "--file", metavar="FILE", help="The Dockerfile: a path, or - for standard input. [PATH/Dockerfile]")
@click.option("--build-arg", "build_args", multiple=True, metavar="NAME[=VALUE]", help="Give an ARG a value.")
@click.option("--target", metavar="STAGE", help="Look only at what this stage needs, as a build of it would.")
@click.option("--fix", is_flag=True, help="Mend what can be mended for certain; with -f - the text goes to stdout.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: also what changes what the image holds.")
@click.option("--diff", "--dry-run", "dry", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--format", "form", type=click.Choice(["text", *RENDER]), help="How to show it. [text]")
@click.option("--rule", "only", multiple=True, metavar="RULE", help="Ask this rule only; several are possible.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave this rule out; several are possible.")
@click.option("--severity", multiple=True, metavar="RULE=LEVEL", help="Give what a rule finds another level.")
@click.option(
    "--fail-on",
    "--failure-threshold",
    "-t",
    "fail_on",
    type=click.Choice(THRESHOLDS),
    help="The lightest level that fails. [style]",
)
@click.option("--baseline", metavar="FILE", help="Leave out the findings that are known in this file.")
@click.option("--write-baseline", metavar="FILE", help="Write what is found to a file of known findings.")
@click.option(
    "--trusted-registry",
    "registries",
    multiple=True,
    metavar="HOST",
    help="Images may come from here only; several are possible.",
)
@click.option(
    "--require-label",
    "labels",
    multiple=True,
    metavar="NAME[:FORM]",
    help="Images must have this label; several are possible.",
)
@click.option(
    "--disable-ignore-pragma", is_flag=True, help="Comments that tell hadolint what to leave out count for nothing."
)
@click.option("--strict-labels", is_flag=True, help="Images may have no other labels than the required ones.")
@click.option(
    "--shellcheck/--no-shellcheck", default=None, help="Demand ShellCheck, or leave it out. [used where it is]"
)
@click.option(
    "--evidence/--no-evidence",
    default=None,
    help="Demand what earlier builds have shown, or leave it out. [used where there is any]",
)
@click.option("--explain", metavar="RULE", help="Show the page of a rule: why, before, after, its fix.")
def command(**given: object) -> int:
    """Find mistakes in the Dockerfile of PATH. What a fix would change is shown as a diff.

    The table [lint] of PATH/stagemill.toml says what a project wants, or else .hadolint.yaml; docs/lint.md has all of its keys.

    \b
    Examples:
      stagemill lint                            look at ./Dockerfile
      stagemill lint --fix .                    mend what can be mended for certain
      stagemill lint --diff --unsafe .          see what could be mended
      stagemill lint -f - --fix < in > out      the same for a pipe
      stagemill lint --format sarif .           for code scanning
      stagemill lint --explain DL3008           why, and what to write instead
    """
    values = Values(given)
    rule = values.text("explain")
    if rule is not None:
        click.echo(page(rule), nl=False)
        return 0
    call = _Call.of(values)
    return call.mend() if values.flag("fix") or values.flag("dry") else call.check()


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the command: what is looked at, by which rules, and how it is shown."""

    given: Given
    settings: Settings
    rules: tuple[Rule, ...]
    values: Values

    @classmethod
    def of(cls, values: Values) -> _Call:
        """Raises StagemillError."""
        if values.flag("unsafe") and not (values.flag("fix") or values.flag("dry")):
            raise UsageError("--unsafe says which fixes to make", hint="add --fix, or --diff to see them first")
        path, only = values.text("path") or ".", values.texts("only")
        settings = _settings(values, path)
        rules = select(only=only, ignore=settings.ignore)
        known = Known(policy=settings.policy, shell_checker=_shell_checker(values.given["shellcheck"]))
        build_args = flags.build_args(values.texts("build_args"), os.environ)
        given = Given.read(path, values.text("file"), build_args=build_args, known=known)
        target = values.text("target")
        given = given.aiming(target) if target else given
        if settings.evidence is not False and any(rule.by_evidence for rule in rules):
            given = given.knowing(demanded=settings.evidence is True)
        wanted = [*settings.experimental, *(rule.name for rule in rules if only)]
        return cls(given.asking(wanted, without=settings.ignore), settings, rules, values)

    @property
    def form(self) -> str:
        return self.values.text("form") or self.settings.form

    def coloured(self, out: TextIO) -> bool:
        return coloured(out) and not self.settings.plain

    def check(self) -> int:
        """Shows what is found; returns the exit status."""
        found = self._new(check(self.given.file, self.rules, levels=self.settings.levels))
        self._record(found)
        out, dockerfile = sys.stdout, self.given.file.dockerfile
        if self.form == "text":
            shown = text.render(found, dockerfile=dockerfile, colour=self.coloured(out))
            _show(shown + "\n" * bool(shown) + text.summary(found), out)
        else:
            _show(RENDER[self.form](found, dockerfile=dockerfile), out)
        return int(self.settings.fails(found) and self.values.text("write_baseline") is None)

    def mend(self) -> int:
        """Mends the file, or shows what would be mended; returns the exit status."""
        dry, unsafe = self.values.flag("dry"), self.values.flag("unsafe")
        result = mend(self.given.file, self.rules, unsafe=unsafe, levels=self.settings.levels)
        result = replace(result, left=tuple(self._new(result.left)))
        out = sys.stderr if self.given.is_piped and not dry else sys.stdout
        _show(self._mended(result, dry=dry, colour=self.coloured(out)), out)
        if not dry:
            self.given.write(result.text)
            self._record(result.left)
        return int(self.settings.fails(result.left) or (dry and bool(result.done)))

    def _mended(self, result: Mended, *, dry: bool, colour: bool) -> str:
        """What --fix did, and what it left; in a dry run what it would change and nothing else."""
        old, new = self.given.file.dockerfile, result.file.dockerfile
        changes = diff(old.source.text, result.text, name=old.source.name)
        if self.form == "json":
            return json.render(result.left, dockerfile=new, done=result.done, diff=changes)
        if dry:
            return text.coloured_diff(changes, colour=colour)
        if self.form != "text":
            return RENDER[self.form](result.left, dockerfile=new)
        parts = [
            text.coloured_diff(changes, colour=colour) + text.mended(result.done),
            text.render(result.left, dockerfile=new, colour=colour),
            text.summary(result.left, done=len(result.done), fixing=True),
        ]
        return "\n".join(part for part in parts if part)

    def _new(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings that are not in the baseline."""
        name = self.settings.baseline
        if name is None:
            return list(findings)
        return Baseline.parse(_read(name), name=name).new(findings)

    def _record(self, findings: Sequence[Finding]) -> None:
        """Writes the findings as those that are known from now on, where that is wanted."""
        name = self.values.text("write_baseline")
        if name is not None:
            try:
                Path(name).write_text(Baseline.of(findings).render(), "utf-8", "surrogateescape")
            except OSError as error:
                raise StagemillError(
                    f"cannot write {name}: {error.strerror}", hint="name a file that can be written"
                ) from error


def _settings(values: Values, path: str) -> Settings:
    """Those of the project, and what the command line says over them."""
    directory = os.path.dirname(path) or "." if path != STDIN and Path(path).is_file() else path
    threshold = values.text("fail_on")
    wanted = hadolint.wanted(directory)
    for notice in wanted.notices:
        sys.stderr.write(f"note: {notice}\n")
    return wanted.settings.over(
        ignore=values.texts("ignore"),
        severity=values.texts("severity"),
        fail_on=next((level for level in THRESHOLDS if level == threshold), None),
        registries=values.texts("registries"),
        labels=values.texts("labels"),
        only_labels=values.flag("strict_labels"),
        pragmas=not values.flag("disable_ignore_pragma"),
        baseline=values.text("baseline"),
        evidence=values.choice("evidence"),
    )


def _shell_checker(wanted: object) -> ShellCheck | None:
    """ShellCheck where it is installed. StagemillError where it is wanted and is not."""
    found = None if wanted is False else ShellCheck.find()
    if wanted is True and found is None:
        raise StagemillError("ShellCheck is not installed", hint="pip install 'stagemill[shellcheck]'")
    return found


def _read(name: str) -> str:
    try:
        with open(name, "rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8", "surrogateescape")
    except OSError as error:
        hint = "write it with --write-baseline"
        raise StagemillError(f"cannot read {name}: {error.strerror}", hint=hint) from error


def _show(shown: str, out: TextIO) -> None:
    out.write(writable(shown, out))
    out.flush()
