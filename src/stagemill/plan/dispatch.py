"""Which function plans which instruction."""

from __future__ import annotations

from typing import assert_never

from stagemill.dockerfile import tree
from stagemill.plan import configure, copying, layered
from stagemill.plan.copying import SourceOf
from stagemill.plan.site import Site
from stagemill.plan.state import State


def apply(node: tree.InstructionNode, state: State, site: Site, *, source_of: SourceOf) -> State:  # noqa: C901, PLR0911, PLR0912
    """The stage after an instruction. A table that mypy checks for completeness, hence its length."""
    match node:
        case tree.Run():
            return layered.run(node, state, site, source_of=source_of)
        case tree.Copy():
            return copying.copy(node, state, site, source_of=source_of)
        case tree.Add():
            return copying.add(node, state, site)
        case tree.Workdir():
            return layered.workdir(node, state, site)
        case tree.Arg():
            return configure.arg(node, state, site)
        case tree.Env():
            return configure.env(node, state, site)
        case tree.Label():
            return configure.label(node, state, site)
        case tree.User():
            return configure.user(node, state, site)
        case tree.Cmd():
            return configure.cmd(node, state, site)
        case tree.Entrypoint():
            return configure.entrypoint(node, state, site)
        case tree.Expose():
            return configure.expose(node, state, site)
        case tree.Volume():
            return configure.volume(node, state, site)
        case tree.StopSignal():
            return configure.stop_signal(node, state, site)
        case tree.Shell():
            return configure.shell(node, state, site)
        case tree.Healthcheck():
            return configure.healthcheck(node, state, site)
        case tree.Maintainer():
            return configure.maintainer(node, state, site)
        case tree.OnBuild():
            return configure.on_build(node, state, site)
        case tree.From():
            raise site.error("FROM begins a stage and cannot stand inside one", node.span)
        case _:
            assert_never(node)
