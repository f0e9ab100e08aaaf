"""`of_operation`: what differs between what a step does and what the one before it did, whatever they read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from stagemill.dockerfile.expansion import variables
from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.past import Graph, PastStep
from stagemill.insight.why.words import changed_words
from stagemill.lint.buildkit.secrets_used_in_arg_or_env import is_secret
from stagemill.oci.document import Json

_SHOWN = 60  # characters of a value
_PLATFORM = re.compile(r"(?:BUILD|TARGET)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)")
# By what of an operation an instruction says itself: it was written anew where one of them differs and the text too.
_WRITTEN = frozenset({
    "args", "script", "mounts", "network", "security", "devices", "sources", "destination", "files", "owner", "mode",
    "excludes", "parents", "unpack", "named_owner", "origins", "keep_owner", "path",
})  # fmt: skip
_FLAGS = {
    "hosts": "--add-host",
    "ulimits": "--ulimit",
    "shm_size": "--shm-size",
    "capabilities": "--cap-add and --cap-drop",
    "devices": "--device",
    "network": "--network",
    "still": "--reproducible",
}
_ABOVE = {"user": "USER", "cwd": "WORKDIR"}


def of_operation(now: PastStep, then: PastStep, graphs: tuple[Graph, Graph]) -> Iterator[Cause]:
    """`graphs` are those of now and then. What the instruction itself says comes first, then variables, then flags."""
    keys = now.op.keys() | then.op.keys()
    changed = {name for name in keys if name != "env" and now.op.get(name) != then.op.get(name)}
    written = changed & _WRITTEN
    if written and now.text != then.text:
        yield _instruction(now, then, changed_words(then.text, now.text))
    elif written:
        yield from _same_text(now, then, written, graphs)
    if "platform" in changed:
        old, new = str(then.op.get("platform")), str(now.op.get("platform"))
        yield Cause(Kind.PLATFORM, f"the platform was {old}, is {new}", "platform", old, new, now.line)
    yield from _environment(now, then, graphs)
    for name in sorted(changed & _ABOVE.keys()):
        old, new = (str(step.op.get(name) or "root") for step in (then, now))
        yield Cause(Kind.INSTRUCTION, f"{_ABOVE[name]} was {old}, is {new}", _ABOVE[name], old, new)
    for name in sorted(changed & (_FLAGS.keys() - _WRITTEN)):
        yield _flag(_FLAGS[name], then.op.get(name), now.op.get(name))
    if "hostname" in changed:
        yield value(
            Kind.ARG, "BUILDKIT_SANDBOX_HOSTNAME", then.op.get("hostname") or None, now.op.get("hostname") or None
        )


def _instruction(now: PastStep, then: PastStep, text: str) -> Cause:
    return Cause(Kind.INSTRUCTION, text, now.text.partition(" ")[0], then.text, now.text, now.line)


def _same_text(now: PastStep, then: PastStep, written: set[str], graphs: tuple[Graph, Graph]) -> Iterator[Cause]:
    """The instruction stands as it stood: a variable in it, the shell, a flag of the command line, or a heredoc differs."""
    found = list(_expanded(now, graphs))
    if found:
        yield from found
        return
    args = _args(now), _args(then)
    if "args" in written and args[0][-1:] == args[1][-1:]:
        yield _instruction(now, then, f"SHELL was {' '.join(args[1][:-1])}, is {' '.join(args[0][:-1])}")
    elif "args" in written:
        yield _instruction(now, then, changed_words(" ".join(args[1][-1:]), " ".join(args[0][-1:])))
    elif "script" in written or "files" in written:
        yield _instruction(now, then, "its heredoc was written anew")
    elif "mounts" in written:
        yield _flag("--volume", None, None)
    else:
        for name in sorted(written & _FLAGS.keys()):
            yield _flag(_FLAGS[name], then.op.get(name), now.op.get(name))
        if not written & _FLAGS.keys():
            name = min(written)
            yield _instruction(now, then, f"its {name} was {_shown(then.op.get(name))}, is {_shown(now.op.get(name))}")


def _expanded(now: PastStep, graphs: tuple[Graph, Graph]) -> Iterator[Cause]:
    """Variables that its text has, with other values."""
    new, old = (_values(graph, now.stage) for graph in graphs)
    for name in dict.fromkeys(name for name, _ in variables(now.text, escape="\\")):
        if new.get(name) != old.get(name):
            yield _variable(name, old.get(name), new.get(name), graphs=graphs, stage=now.stage)


def _values(graph: Graph, title: str) -> Mapping[str, Json]:
    stage = graph.stage(title)
    return stage.values if stage else {}


def _args(step: PastStep) -> list[str]:
    found = step.op.get("args")
    return [str(item) for item in found] if isinstance(found, list) else []


def _environment(now: PastStep, then: PastStep, graphs: tuple[Graph, Graph]) -> Iterator[Cause]:
    """What the Dockerfile declares comes first: what else differs is a base's."""
    new, old = _pairs(now.op.get("env")), _pairs(then.op.get("env"))
    names = [name for name in dict.fromkeys((*new, *old)) if new.get(name) != old.get(name)]
    make = partial(_variable, graphs=graphs, stage=now.stage)
    declared = [name for name in names if re.search(rf"\b{re.escape(name)}\b", graphs[0].source + graphs[1].source)]
    yield from (make(name, old.get(name), new.get(name)) for name in declared)
    for name in names:
        if name not in declared:
            cause = make(name, old.get(name), new.get(name))
            base = Cause(Kind.BASE, f"{cause.text}, which the base sets", name, cause.old, cause.new)
            yield cause if cause.kind is Kind.PLATFORM else base


def _pairs(value: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for pair in value if isinstance(value, list) else ():
        match pair:
            case [str(name), text]:
                found[name] = text
    return found


def _variable(name: str, old: Json, new: Json, *, graphs: tuple[Graph, Graph], stage: str) -> Cause:
    if _PLATFORM.fullmatch(name):
        return value(Kind.PLATFORM, name, old, new)
    is_argument = any((found := graph.stage(stage)) and name in found.args for graph in graphs)
    kind = Kind.ARG if is_argument else Kind.ENV
    return value(kind, name, old, new, prefix=f"{kind.upper()} ")


def value(kind: Kind, name: str, old: Json, new: Json, *, prefix: str = "") -> Cause:
    """A value that is kept as a tag alone is shown as `***`."""
    before, after = (None if value is None else value if isinstance(value, str) else "***" for value in (old, new))
    what = f"{prefix}{name}"
    if "***" in (before, after):
        secret = " (secret)" if is_secret(name) else ""  # what other caches have is without any values
        text = f"{what} has another value{secret}" if before and after else f"{what} is {_come_or_gone(new)}{secret}"
    elif old is None:
        text = f"{what} is new, {_shown(new)}"
    elif new is None:
        text = f"{what} is gone, was {_shown(old)}"
    else:
        text = f"{what} was {_shown(old)}, is {_shown(new)}"
    return Cause(kind, text, name, before, after)


def _come_or_gone(new: Json) -> str:
    return "gone" if new is None else "new"


def _flag(name: str, old: Json, new: Json) -> Cause:
    if old in (None, [], 0, "", False) and new in (None, [], 0, "", False):
        return Cause(Kind.FLAG, f"{name} says something else", name)
    before, after = (None if value in (None, [], 0, "", False) else _shown(value) for value in (old, new))
    return Cause(Kind.FLAG, f"{name} was {before or 'not given'}, is {after or 'not given'}", name, before, after)


def _shown(value: Json) -> str:
    if value is True:
        return "given"
    if isinstance(value, list):
        text = ", ".join(":".join(map(str, item)) if isinstance(item, list) else str(item) for item in value)
    else:
        text = str(value)
    text = " ".join(text.split()) or '""'
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
