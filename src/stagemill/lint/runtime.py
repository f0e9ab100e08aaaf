"""What an image runs with the packages it was given: a program, or tools that may well be for development."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.tree import Cmd, Entrypoint, Healthcheck, Run
from stagemill.lint import shell
from stagemill.lint.file import LintFile, Read
from stagemill.lint.manifest import Manifest
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Stage, Step

_TOOLS = frozenset({"npm", "npx", "pnpm", "pnpx", "yarn", "corepack", "bunx"})


def runs_only_programs(file: LintFile, read: Read, manifest: Manifest | None) -> bool:
    """Whether nothing after a COPY of packages calls a script or tool of theirs, except `npm start` of a plain program."""
    return not any(_is_tool(command, manifest) for command in _commands(file, read))


def _commands(file: LintFile, read: Read) -> Iterator[ShellCommand]:
    for stage in file.stages:
        if read.reader in file.chain(stage):
            for step in _after(stage, read):
                yield from _of_step(file, step)


def _after(stage: Stage, read: Read) -> tuple[Step, ...]:
    if stage is not read.reader:
        return stage.steps
    return stage.steps[stage.steps.index(read.step) + 1 :]


def _of_step(file: LintFile, step: Step) -> Iterator[ShellCommand]:
    match step.node:
        case Run():
            yield from shell.of_run(step, step.node, escape=file.escape)
        case Cmd() | Entrypoint():
            yield from shell.of_command(step.node.command)
        case Healthcheck(command=command) if command is not None:
            yield from shell.of_command(command)
        case _:
            return


def _is_tool(command: ShellCommand, manifest: Manifest | None) -> bool:
    texts = command.texts
    program = texts[0].rpartition("/")[2] if texts else ""
    if any("node_modules/" in text for text in texts):
        return True
    if program not in _TOOLS:
        return False
    if texts[1:] in {("start",), ("run", "start")} and manifest:
        script = manifest.scripts.get("start")
        return not (isinstance(script, str) and script.startswith("node ") and not set("&|;$`") & set(script))
    return True
