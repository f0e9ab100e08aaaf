"""The text of a split file: the original's own lines where they stay, and the draft's, each with why it is there."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.tree import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    InstructionNode,
    Label,
    Maintainer,
    StopSignal,
    User,
    Volume,
)
from stagemill.files.glob import escaped
from stagemill.files.paths import clean
from stagemill.split import system
from stagemill.split.draft import Draft, Kept, Line
from stagemill.split.facts import BUILDER, RUNTIME, Facts

_MOVED = (Cmd, Entrypoint, Expose, Healthcheck, Label, Maintainer, StopSignal, Volume)
_WIDTH = 110


def render(facts: Facts, draft: Draft) -> str:
    """The file in two stages; it ends with a line feed."""
    parts = [*_builder(facts, draft), "", *_runtime(facts, draft)]
    return "\n".join(parts) + "\n"


def _builder(facts: Facts, draft: Draft) -> Iterator[str]:
    """The stage as it was, under a name, without what only the image needs."""
    for node in facts.file.dockerfile.instructions:
        if node is facts.stage.start:
            yield from _lines(node.leading)
            name = "" if facts.stage.start.name else f" AS {BUILDER}"
            yield f"{node.raw.rstrip()}{name}"
            continue
        for inserted in draft.inserted:
            if inserted.step.node is node:
                yield ""
                yield from _written(inserted.lines)
        if not isinstance(node, _MOVED) and not _is_last_user(facts, node):
            yield from _lines(node.leading)
            yield from _lines(node.raw)
    yield from _written(draft.end)


def _is_last_user(facts: Facts, node: InstructionNode) -> bool:
    """Whether nothing in the build stage runs after this USER."""
    nodes = [step.node for step in facts.stage.steps]
    if not isinstance(node, User):
        return False
    return not any(other.keyword in {"RUN", "COPY", "ADD", "WORKDIR"} for other in nodes[nodes.index(node) + 1 :])


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _written(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        if line.why:
            yield from textwrap.wrap(line.why, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        yield line.text


def builder_name(facts: Facts) -> str:
    return facts.stage.start.name.text if facts.stage.start.name else BUILDER


def _runtime(facts: Facts, draft: Draft) -> Iterator[str]:
    yield from _written([Line(f"FROM {draft.base} AS {RUNTIME}", draft.why)])
    yield from _settings(facts)
    yield from _written(draft.env)
    if draft.users:
        yield from _written([Line("RUN " + " && ".join(draft.users), "The users that files belong to.")])
    if draft.packages:
        yield from _written(
            [Line(system.install(draft.packages, draft.manager), "Packages that it runs with, and none to build.")]
        )
    yield f"WORKDIR {facts.workdir}"
    if draft.place:
        yield from _written([draft.place])
    yield from _copies(facts, draft.kept)
    yield from _moved(facts, draft)


def _settings(facts: Facts) -> Iterator[str]:
    """ENV as it was, and the ARGs that it, or what follows, reads."""
    nodes = [step.node for step in facts.stage.steps]
    read = {
        name
        for node in nodes
        if isinstance(node, (Env, *_MOVED))
        for name, _ in variables(node.raw, escape=facts.file.escape)
    }
    for node in nodes:
        if isinstance(node, Env) or (isinstance(node, Arg) and any(pair.key in read for pair in node.items)):
            yield from _lines(node.raw)


def _copies(facts: Facts, kept: Sequence[Kept]) -> Iterator[str]:
    """A COPY for each directory, and one for the files that go to one place."""
    together: dict[tuple[str, str, str], list[str]] = {}
    single: list[Line] = []
    for item in kept:
        if item.directory or item.to or item.why:
            single.append(Line(_copy(facts, [item.path], item), item.why))
        else:
            place = item.path.rpartition("/")[0]
            together.setdefault((place, item.owner, item.to), []).append(item.path)
    yield from _written(single)
    for (place, owner, _), paths in together.items():
        item = Kept(paths[0], directory=False, owner=owner, to=f"{place}/")
        yield _copy(facts, paths, item)


def _copy(facts: Facts, paths: Sequence[str], item: Kept) -> str:
    target = _short(facts, item.to or item.path)
    owner = f"--chown={item.owner} " if item.owner else ""
    words = [*(escaped(path) for path in paths), target]
    plain = not any(set(word) & set(" \t\"'\\[$") for word in words)
    listed = " ".join(words) if plain else json.dumps(words, ensure_ascii=False)
    return f"COPY --from={builder_name(facts)} {owner}{listed}"


def _short(facts: Facts, path: str) -> str:
    """A destination, relative where it is in the working directory."""
    home = facts.workdir.rstrip("/")
    slash = "/" if path.endswith("/") else ""
    absolute = "/" + clean(path)
    if not home:
        return absolute + (slash if absolute != "/" else "")
    if absolute == home:
        return "./"
    return f"./{absolute.removeprefix(f'{home}/')}{slash}" if absolute.startswith(f"{home}/") else absolute + slash


def _moved(facts: Facts, draft: Draft) -> Iterator[str]:
    """The rest of the file: what a container is started with, in its order."""
    replaced = {id(node) for node in facts.entry.nodes} if draft.command else set()
    for step in facts.stage.steps:
        node = step.node
        last = isinstance(node, User) and node.user.text == facts.stage.end.user and _is_final_user(facts, node)
        if (isinstance(node, _MOVED) and id(node) not in replaced) or last:
            yield from (line for line in _lines(node.leading) if line.strip())
            yield from _lines(node.raw)
    if draft.command:
        yield from _written([draft.command])


def _is_final_user(facts: Facts, node: User) -> bool:
    return [step.node for step in facts.stage.steps if isinstance(step.node, User)][-1] is node
