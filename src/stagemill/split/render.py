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
    Shell,
    StopSignal,
    User,
    Volume,
)
from stagemill.files.glob import escaped
from stagemill.files.paths import clean
from stagemill.split import system
from stagemill.split.draft import Draft, Kept, Line
from stagemill.split.facts import BUILDER, RUNTIME, Facts
from stagemill.split.families import Base

_MOVED = (Cmd, Entrypoint, Expose, Healthcheck, Label, Maintainer, StopSignal, Volume)
_WIDTH = 110


def render(facts: Facts, draft: Draft) -> str:
    """The file in two stages, with the line ends that it has; it ends with one."""
    parts = [*_builder(facts, draft), "", *_runtime(facts, draft), *_trailing(facts)]
    text = "\n".join(parts) + "\n"
    return text.replace("\r", "").replace("\n", "\r\n") if "\r\n" in facts.file.dockerfile.source.text else text


def _trailing(facts: Facts) -> Iterator[str]:
    """The comments at the end of the file."""
    return (line for line in _lines(facts.file.dockerfile.trailing) if line.strip())


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


def _from(facts: Facts, draft: Draft) -> Line:
    """The same base is named as it was: with its argument, its digest."""
    start = facts.stage.start
    base = start.image.text if draft.base == str(Base.of(facts.base)) else draft.base
    pin = (
        " The builder is pinned to a digest: pin this one too."
        if "@" in facts.base and base != start.image.text
        else ""
    )
    platform = f"--platform={start.platform.text} " if start.platform and draft.base != "scratch" else ""
    name = RUNTIME if builder_name(facts).lower() != RUNTIME else f"{RUNTIME}-2"
    return Line(f"FROM {platform}{base} AS {name}", f"{draft.why}{pin}")


def _runtime(facts: Facts, draft: Draft) -> Iterator[str]:
    yield from _written([_from(facts, draft)])
    yield from _settings(facts, draft)
    yield from _written(draft.env)
    if draft.users:
        yield from _written([Line("RUN " + " && ".join(draft.users), "The users that files belong to.")])
    upgrade = system.upgrades(facts) and draft.kind != "site" and draft.base != "scratch"
    if draft.packages or upgrade:
        written = {package.name: package.written for package in system.asked(facts)}
        names = [written.get(name, name) for name in draft.packages]
        install = system.install(names, draft.manager, upgrade=upgrade).replace("\\\n", f"{facts.file.escape}\n")
        why = (
            "Packages that it runs with, and none to build."
            if names
            else "The system is brought up to date, as it was."
        )
        yield from _written([Line(install, why)])
    yield f"WORKDIR {facts.workdir}"
    yield from _copies(facts, draft.kept)
    yield from _finish(facts, draft)
    yield from _moved(facts, draft)


def _finish(facts: Facts, draft: Draft) -> Iterator[str]:
    """One RUN for all that a copy does not do, with each reason once."""
    if draft.finish:
        joined = f" {facts.file.escape}\n && ".join(line.text for line in draft.finish)
        yield from _written([Line(f"RUN {joined}", " ".join(dict.fromkeys(line.why for line in draft.finish)))])


def _settings(facts: Facts, draft: Draft) -> Iterator[str]:
    """ENV as it was, the ARGs that it, or what follows, reads, and the shell that is to run what has the shell form."""
    nodes = [step.node for step in facts.stage.steps]
    texts = [node.raw for node in nodes if isinstance(node, (Env, User, *_MOVED))] + list(draft.users)
    read = {name for text in texts for name, _ in variables(text, escape=facts.file.escape)}
    health = any(isinstance(node, Healthcheck) and node.command and node.command.exec is None for node in nodes)
    for node in nodes:
        wanted = isinstance(node, Env) or (isinstance(node, Shell) and (facts.entry.shell or health))
        if wanted or (isinstance(node, Arg) and any(pair.key in read for pair in node.items)):
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
    replaced = {id(node) for node in facts.entry.inner_nodes} if draft.command else set()
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
