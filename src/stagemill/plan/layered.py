"""The instructions that make a layer: RUN and WORKDIR. Source: BuildKit's Dockerfile reference, and its code."""

from __future__ import annotations

from dataclasses import replace

from stagemill.dockerfile.tree import Heredoc, Run, Workdir
from stagemill.graph import operations
from stagemill.plan import history, mounts, permissions
from stagemill.plan.configure import command
from stagemill.plan.copying import SourceOf
from stagemill.plan.scope import proxies
from stagemill.plan.site import Site
from stagemill.plan.state import State

_HOSTNAME = "BUILDKIT_SANDBOX_HOSTNAME"


def run(node: Run, state: State, site: Site, *, source_of: SourceOf) -> State:
    """The process sees every ENV and ARG in scope; predefined proxy arguments too, but they are not in its key."""
    found, trees = mounts.mounts(node, state, site, source_of=source_of)
    args, script = _process(node, state)
    values = state.scope.values
    given = site.request.build_args
    every = site.request.every_run
    op = operations.Run(
        args=args,
        env=tuple(values.items()),
        cwd=state.cwd,
        user=state.config.user,
        network=permissions.network(node, site),
        platform=str(state.platform),
        hostname=given.get(_HOSTNAME, ""),
        script=script,
        extra_hosts=site.request.extra_hosts,
        mounts=(*every.volumes, *found),
        security=permissions.security(node, site),
        ulimits=every.ulimits,
        shm_size=every.shm_size,
        capabilities=every.capabilities,
        devices=tuple(permissions.device(flag, site) for flag in node.devices),
        proxy=tuple((name, value) for name, value in proxies(given).items() if name not in values),
    )
    created_by = history.run(args, state.scope)
    at = site.source.excerpt(node.span)
    return state.layered(op, trees, text=site.title(_title(node)), created_by=created_by, at=at)


def _process(node: Run, state: State) -> tuple[tuple[str, ...], tuple[str, str] | None]:
    """Arguments, and the script to mount if any: a heredoc alone that begins with `#!` is one (traps 12)."""
    script = node.script
    if script and script.content.startswith("#!"):
        return (f"/dev/pipes/{script.name}",), (script.name, script.content)
    return command(replace(node.command, text=node.shell_text), state), None


def _title(node: Run) -> str:
    return node.original if node.script is None else f"{node.original} ({_summary(node.script)})"


def _summary(doc: Heredoc) -> str:
    """The first line of a script, which says more than its name."""
    first, more, _ = doc.raw.strip().partition("\n")
    return first.rstrip("\r") + ("..." if more else "")


def workdir(node: Workdir, state: State, site: Site) -> State:
    """Makes the directory as a layer of its own, but for the root (traps 16). A blank path stays where it is."""
    text = site.expand(node.path, state.scope.get)
    path = state.absolute(text)
    if not text:
        hint = "give the variable a value, with ARG or --build-arg"
        site.notice(f"WORKDIR {node.path.text} is blank, so it stays {path}", node.path.span, hint=hint)
    state = replace(state, config=replace(state.config, working_dir=path))
    if path == "/":
        state = replace(state, number=state.number + 1)
        return state.configured(state.config, f"WORKDIR {path}")
    op = operations.MakeDirectory(path, state.config.user)
    at = site.source.excerpt(node.span)
    return state.layered(op, (), text=site.title(node.original), created_by=f"WORKDIR {path}", at=at)
