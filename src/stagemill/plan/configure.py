"""The instructions that change only the config, one function each. Source: BuildKit's Dockerfile reference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import (
    Arg,
    Cmd,
    Command,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Label,
    Maintainer,
    OnBuild,
    Pair,
    Shell,
    StopSignal,
    User,
    Volume,
)
from stagemill.oci import config as oci
from stagemill.plan.site import Site
from stagemill.plan.state import State

_PORT = re.compile(
    r"(?:(?:\[[0-9a-fA-F:]+\]|[0-9.]*):)?(?:[0-9-]*:)?(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<proto>\w+))?"
)
_SIGNAL = re.compile(r"(?:SIG)?(?:[A-Z][A-Z0-9]*(?:[+-]\d+)?)|\d{1,2}")
_MAX_PORT = 65535


def arg(node: Arg, state: State, site: Site) -> State:
    """--build-arg wins over the default, the default over the global ARG of that name."""
    given = site.request.build_args
    shown: list[str] = []
    scope = state.scope
    for pair in node.items:
        value = given.get(pair.key)
        if value is None and pair.value is not None:
            value = site.expand_text(pair.value, pair.span, scope.get)
        if value is None:
            value = state.outer.get(pair.key)
        scope = scope.with_arg(pair.key, value)
        shown.append(pair.key if value is None else f"{pair.key}={value}")
    return replace(state, scope=scope).configured(state.config, f"ARG {' '.join(shown)}")


def env(node: Env, state: State, site: Site) -> State:
    """All values of one ENV are expanded with what was known before it."""
    pairs = [_expanded(pair, state, site) for pair in node.items]
    values = dict(state.config.env)
    scope = state.scope
    for name, value in pairs:
        if not name:
            raise site.error("ENV names must not be blank", node.span)
        values[name] = value
        scope = scope.with_env(name, value)
    shown = " ".join(f"{name}={value}" for name, value in pairs)
    state = replace(state, scope=scope)
    return state.configured(replace(state.config, env=tuple(values.items())), f"ENV {shown}")


def label(node: Label, state: State, site: Site) -> State:
    pairs = [_expanded(pair, state, site) for pair in node.items]
    shown = " ".join(f"{name}={value}" for name, value in pairs)
    labels = {**state.config.labels, **dict(pairs)}
    return state.configured(replace(state.config, labels=labels), f"LABEL {shown}")


def _expanded(pair: Pair, state: State, site: Site) -> tuple[str, str]:
    name = site.expand_text(pair.key, pair.span, state.scope.get)
    return name, site.expand_text(pair.value or "", pair.span, state.scope.get)


def user(node: User, state: State, site: Site) -> State:
    name = site.expand(node.user, state.scope.get)
    if not name:
        raise site.error(f"USER is blank: {node.user.text} has no value", node.user.span)
    return state.configured(replace(state.config, user=name), f"USER {name}")


def command(value: Command, state: State) -> tuple[str, ...]:
    """The arguments of a command: as listed, or the text given to the stage's shell."""
    return value.exec if value.exec is not None else (*state.shell, value.text)


def cmd(node: Cmd, state: State, _site: Site) -> State:
    args = command(node.command, state)
    config = replace(state.config, cmd=args)
    return replace(state, cmd_set=True).configured(config, f"CMD {_listed(args)}")


def entrypoint(node: Entrypoint, state: State, _site: Site) -> State:
    """Clears a CMD that was inherited, not one of the same stage (traps 13); an empty list resets it."""
    args = command(node.command, state)
    config = replace(state.config, entrypoint=args or None)
    if not state.cmd_set:
        config = replace(config, cmd=None)
    return state.configured(config, f"ENTRYPOINT {_listed(args)}")


def expose(node: Expose, state: State, site: Site) -> State:
    """The one instruction whose variables may hold several words (traps 11)."""
    ports = set(state.config.exposed_ports)
    shown: list[str] = []
    for word in node.ports:
        for text in site.expand_words(word, state.scope.get):
            found = list(_ports(text, word.span, site))
            ports.update(found)
            shown += found
    inner = " ".join(f"{port}:{{}}" for port in sorted(set(shown)))
    return state.configured(replace(state.config, exposed_ports=tuple(sorted(ports))), f"EXPOSE map[{inner}]")


def _ports(text: str, span: Span, site: Site) -> Iterable[str]:
    hint = "write EXPOSE 8080, 8080/udp or 8000-8010"
    match = _PORT.fullmatch(text)
    if not match:
        raise site.error(f"invalid port {text!r}", span, hint=hint)
    protocol = (match["proto"] or "tcp").lower()
    first, last = int(match["first"]), int(match["last"] or match["first"])
    if protocol not in {"tcp", "udp", "sctp"}:
        raise site.error(f"invalid protocol {protocol!r} of port {text!r}", span, hint="use tcp, udp or sctp")
    if not 0 < first <= last <= _MAX_PORT:
        raise site.error(f"invalid port {text!r}: want 1 to {_MAX_PORT}", span, hint=hint)
    return (f"{port}/{protocol}" for port in range(first, last + 1))


def volume(node: Volume, state: State, site: Site) -> State:
    paths = [site.expand(word, state.scope.get) for word in node.paths]
    if "" in paths:
        raise site.error("VOLUME has a blank path", node.span)
    volumes = tuple(sorted({*state.config.volumes, *paths}))
    return state.configured(replace(state.config, volumes=volumes), f"VOLUME [{' '.join(paths)}]")


def stop_signal(node: StopSignal, state: State, site: Site) -> State:
    signal = site.expand(node.signal, state.scope.get)
    if not _SIGNAL.fullmatch(signal.upper()):
        raise site.error(f"invalid signal {signal!r}", node.signal.span, hint="use a name such as SIGTERM, or a number")
    return state.configured(replace(state.config, stop_signal=signal), f"STOPSIGNAL {signal}")


def shell(node: Shell, state: State, _site: Site) -> State:
    return state.configured(replace(state.config, shell=node.args), f"SHELL [{' '.join(node.args)}]")


def healthcheck(node: Healthcheck, state: State, _site: Site) -> State:
    if node.none or node.command is None:
        test: tuple[str, ...] = ("NONE",)
    elif node.command.exec is not None:
        test = ("CMD", *node.command.exec)
    else:
        test = ("CMD-SHELL", node.command.text)
    check = oci.Healthcheck(
        test=test,
        interval=node.interval,
        timeout=node.timeout,
        start_period=node.start_period,
        start_interval=node.start_interval,
        retries=node.retries,
    )
    return state.configured(replace(state.config, healthcheck=check), node.original)


def maintainer(node: Maintainer, state: State, _site: Site) -> State:
    return replace(state, author=node.name.text).configured(state.config, f"MAINTAINER {node.name.text}")


def on_build(node: OnBuild, state: State, _site: Site) -> State:
    """The trigger is kept for the stages and images that begin FROM this one; it adds nothing to the history."""
    return replace(state, config=replace(state.config, on_build=(*state.config.on_build, node.trigger_text)))


def _listed(args: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{item}"' for item in args) + "]"
