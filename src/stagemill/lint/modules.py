"""Where the node_modules of a stage come from: the installs in its text, followed through bases and copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from stagemill.dockerfile.tree import Copy, Run
from stagemill.lint import packages
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.packages import Call
from stagemill.lint.stages import Stage, Step
from stagemill.values import dataclass

NAME = "node_modules"


@dataclass(frozen=True, slots=True)
class Installed:
    """An install with the packages for development. `copied` says that its outcome came from another stage by COPY."""

    stage: Stage
    step: Step
    call: Call
    copied: bool = False


# What is installed by directory; the directory None is one that is not known.
Found: TypeAlias = Mapping[str | None, Installed]


def development(file: LintFile) -> Mapping[int, Found]:
    """For each stage, by its index, the directories whose node_modules have packages for development when it ends."""
    done: dict[int, Found] = {}
    for stage in file.stages:
        done[stage.index] = _Tracer(file, done).trace(stage)
    return done


def directory(path: str | None) -> str | None:
    """The directory whose node_modules a path is, all of them; None for any other path."""
    if path is None:
        return None
    parent, _, name = path.removesuffix("/*").rpartition("/")
    return (parent or "/") if name == NAME else None


@dataclass(frozen=True, slots=True)
class _Tracer:
    """Goes through a stage; those above it are `done`."""

    file: LintFile
    done: Mapping[int, Found]

    def trace(self, stage: Stage) -> Found:
        state: dict[str | None, Installed] = {}
        if stage.parent is not None:
            state.update(self.done[stage.parent])
        quiet = False
        for step in stage.steps:
            if isinstance(step.node, Run):
                calls = packages.of_step(step, step.node, escape=self.file.escape)
                quiet = quiet or any(_silences(call) for call in calls)
                _run(stage, step, calls, state=state, quiet=quiet)
            elif isinstance(step.node, Copy) and step.node.from_:
                self._copy(stage, step, step.node, state=state)
        return state

    def _copy(self, stage: Stage, step: Step, node: Copy, *, state: dict[str | None, Installed]) -> None:
        source = source_stage(node.from_.text if node.from_ else "", stage, self.file.stages)
        destination = step.before.path(self.file.known(node.destination.text, step))
        if source is None or destination is None:
            return
        for word in node.sources:
            text = self.file.known(word.text, step)
            path = "/" + text.strip("/") if text is not None else ""
            for place, installed in self.done[source.index].items():
                full = NAME if place is None else f"{place.rstrip('/')}/{NAME}"
                if path and (full == path or full.startswith(path.rstrip("/") + "/")):
                    landed = destination.rstrip("/") + full[len(path.rstrip("/")) :]
                    target = directory(landed)
                    state[target] = replace(installed, copied=True)


def _silences(call: Call | packages.Removal) -> bool:
    """Whether it sets npm to leave packages for development out."""
    return isinstance(call, Call) and call.verb == "other" and call.production


def _run(
    stage: Stage,
    step: Step,
    calls: list[Call | packages.Removal],
    *,
    state: dict[str | None, Installed],
    quiet: bool,
) -> None:
    """Changes what is installed by what a RUN calls; `quiet` says that npm is set to leave development packages out."""
    either = any(isinstance(call, Call) and call.command.conditional and call.production for call in calls)
    for call in calls:
        if isinstance(call, packages.Removal):
            state.pop(call.directory, None)
        elif call.manager not in packages.NODE or call.verb not in {"install", "prune"}:
            continue
        elif call.manager == "bun" and call.verb == "install" and call.production:
            continue  # it leaves what is there already
        elif call.production or quiet or either:
            state.pop(call.directory, None)
        elif call.verb == "install":
            state[call.directory] = Installed(stage, step, call)
