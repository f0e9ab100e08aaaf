"""The instructions that change only the config, one function each. Source: BuildKit's Dockerfile reference, and its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
from stagemill.plan import history, ports, signals
from stagemill.plan.site import Site
from stagemill.plan.state import State


def arg(node: Arg, state: State, site: Site) -> State:
    """--build-arg wins over the default, the default over the global ARG of that name."""
    given = site.request.build_args
    shown: list[str] = []
    scope = state.scope
    for pair in node.items:
        value = given.get(pair.key)
        if value is None and pair.value is not None:
            value = site.expand_value(pair, scope.get)
        if value is None:
            value = state.outer.get(pair.key)
        scope = scope.with_arg(pair.key, value)
        shown.append(pair.key if value is None else f"{pair.key}={value}")
    return replace(state, scope=scope).configured(state.config, f"ARG {' '.join(shown)}")


def env(node: Env, state: State, site: Site) -> State:
    """All values of one ENV are expanded with what was known before it."""
    pairs = _expanded("ENV", node.items, state, site=site)
    values = dict(state.config.env)
    scope = state.scope
    for name, value in pairs:
        values[name] = value
        scope = scope.with_env(name, value)
    state = replace(state, scope=scope)
    return state.configured(replace(state.config, env=tuple(values.items())), _words("ENV", pairs))


def label(node: Label, state: State, site: Site) -> State:
    """The same for labels; a name given twice has its last value."""
    pairs = _expanded("LABEL", node.items, state, site=site)
    labels = {**state.config.labels, **dict(pairs)}
    return state.configured(replace(state.config, labels=labels), _words("LABEL", pairs))


def _expanded(keyword: str, items: Sequence[Pair], state: State, *, site: Site) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for pair in items:
        name = site.expand_name(pair, state.scope.get)
        if not name:
            hint = "give its variables a value, or write the name itself"
            raise site.error(f"{keyword} names must not be blank: {pair.key} has no value", pair.span, hint=hint)
        pairs.append((name, site.expand_value(pair, state.scope.get)))
    return pairs


def _words(keyword: str, pairs: Sequence[tuple[str, str]]) -> str:
    return " ".join([keyword, *(f"{name}={value}" for name, value in pairs)])


def user(node: User, state: State, site: Site) -> State:
    """A blank name is root, which nobody means: it is noticed."""
    name = site.expand(node.user, state.scope.get)
    if not name:
        hint = "give the variable a value, with ARG or --build-arg, or write USER root"
        site.notice(f"USER {node.user.text} is blank, so what follows runs as root", node.user.span, hint=hint)
    return state.configured(replace(state.config, user=name), f"USER {name}")


def command(value: Command, state: State) -> tuple[str, ...]:
    """The arguments of a command: as listed, or the text given to the stage's shell."""
    return value.exec if value.exec is not None else (*state.shell, value.text)


def cmd(node: Cmd, state: State, _site: Site) -> State:
    args = command(node.command, state)
    config = replace(state.config, cmd=args)
    return replace(state, cmd_set=True).configured(config, history.listed("CMD", args))


def entrypoint(node: Entrypoint, state: State, _site: Site) -> State:
    """Clears a CMD that was inherited, not one of the same stage (traps 13); an empty list resets it."""
    args = command(node.command, state)
    config = replace(state.config, entrypoint=args or None)
    if not state.cmd_set:
        config = replace(config, cmd=None)
    return state.configured(config, history.listed("ENTRYPOINT", args))


def expose(node: Expose, state: State, site: Site) -> State:
    """The one instruction whose variables may hold several words (traps 11); its words are sorted as written."""
    shown: list[str] = []
    for word in sorted(node.ports, key=lambda port: port.text):
        for text in site.expand_words(word, state.scope.get):
            try:
                shown += ports.parse(text)
            except ValueError as error:
                hint = "write EXPOSE 8080, 8080/udp or 8000-8010"
                raise site.error(str(error), word.span, hint=hint) from error
    exposed = tuple(sorted({*state.config.exposed_ports, *shown}))
    return state.configured(replace(state.config, exposed_ports=exposed), f"EXPOSE [{' '.join(shown)}]")


def volume(node: Volume, state: State, site: Site) -> State:
    paths: list[str] = []
    for word in node.paths:
        path = site.expand(word, state.scope.get)
        if not path:
            hint = "give the variable a value, with ARG or --build-arg"
            raise site.error(f"VOLUME {word.text} is blank", word.span, hint=hint)
        paths.append(path)
    volumes = tuple(sorted({*state.config.volumes, *paths}))
    return state.configured(replace(state.config, volumes=volumes), f"VOLUME [{' '.join(paths)}]")


def stop_signal(node: StopSignal, state: State, site: Site) -> State:
    signal = site.expand(node.signal, state.scope.get)
    if not signals.is_signal(signal):
        near = signals.near(signal)
        hint = f"did you mean {near}?" if near else "use a name such as SIGTERM, or a number from 1 to 64"
        raise site.error(f"invalid signal {signal!r}", node.signal.span, hint=hint)
    return state.configured(replace(state.config, stop_signal=signal), f"STOPSIGNAL {signal}")


def shell(node: Shell, state: State, _site: Site) -> State:
    return state.configured(replace(state.config, shell=node.args), f"SHELL [{' '.join(node.args)}]")


def healthcheck(node: Healthcheck, state: State, _site: Site) -> State:
    """Takes the place of the whole check before it; what is not given is left to whoever runs the container."""
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
    return state.configured(replace(state.config, healthcheck=check), history.healthcheck(check))


def maintainer(node: Maintainer, state: State, _site: Site) -> State:
    return replace(state, author=node.name.text).configured(state.config, f"MAINTAINER {node.name.text}")


def on_build(node: OnBuild, state: State, _site: Site) -> State:
    """The trigger is kept for the stages and images that begin FROM this one; it adds nothing to the history."""
    return replace(state, config=replace(state.config, on_build=(*state.config.on_build, node.trigger_text)))
