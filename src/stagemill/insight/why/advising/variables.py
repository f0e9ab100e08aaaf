"""Variables that are declared long before they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.dockerfile.tree import Arg, Dockerfile, Env, InstructionNode, OnBuild, Run, Transfer
from stagemill.insight.why.advising.saving import Advice, only_by, saving
from stagemill.insight.why.causes import Cause, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Past
from stagemill.values import dataclass

_KINDS = frozenset({Kind.ARG, Kind.ENV})
# Names that programs know, so that they are used though they stand nowhere in the file.
_UNSEEN = re.compile(
    r"PATH|HOME|TZ|LANG|LANGUAGE|CC|CXX|.*FLAGS|CI|SOURCE_DATE_EPOCH|(?:LC|LD|NPM|NPM_CONFIG|YARN|PNPM|NODE|PIP|UV|POETRY|PYTHON"
    r"|CGO|CARGO|RUST|RUSTUP|JAVA|MAVEN|GRADLE|DEBIAN|APT|GIT|SSL|BUNDLE|GEM|COMPOSER|DOTNET|NUGET|MAKE)_.*"
    r"|GO[A-Z]+|PYTHON[A-Z]*|RUST[A-Z]*|(?:HTTPS?|FTP|NO|ALL)_PROXY|(?:https?|ftp|no|all)_proxy|npm_config_.*",
)


def variables(dockerfile: Dockerfile, build: Past, explained: Sequence[Explained]) -> Iterator[Advice]:
    for start, body in dockerfile.stages():
        title = next((stage.title for stage in build.graph.stages if stage.line == start.span.line), "")
        for names in _together([one for one in explained if one.step.stage == title]):
            if not any(map(_UNSEEN.fullmatch, names)):
                later = [
                    node for other, more in dockerfile.stages() if other.span.line > start.span.line for node in more
                ]
                yield from _Moving(names, title, body, later).advice(build, explained)


def _together(steps: Sequence[Explained]) -> list[frozenset[str]]:
    """Variables that make steps run, those that one step has as causes in one group: moving one of them alone saves nothing."""
    groups: list[frozenset[str]] = []
    for one in steps:
        names = frozenset(cause.name for cause in (one.cause, *one.also) if cause.kind in _KINDS)
        if names:
            touching = [group for group in groups if group & names]
            groups = [group for group in groups if group not in touching] + [names.union(*touching)]
    return groups


@dataclass(frozen=True, slots=True)
class _Moving:
    """Variables of a stage that could be declared further down. `later` are the instructions of the stages after it."""

    names: frozenset[str]
    stage: str
    body: Sequence[InstructionNode]
    later: Sequence[InstructionNode]

    def advice(self, build: Past, explained: Sequence[Explained]) -> Iterator[Advice]:
        """Where all that they make run would do without them, up to the first line that has one."""
        declared = self._declared()
        if len(declared) < len(self.names):
            return
        used = min((line for name, node in declared if (line := self._used(name, node))), default=None)
        if used is not None and used <= declared[-1][1].span.line:
            return
        needless = [one for one in only_by(self._is_theirs, explained, build.graph) if self._is_spared(one, used)]
        if needless:
            yield saving(self._told(declared, used), declared[0][1].span.line, needless)

    def _declared(self) -> list[tuple[str, InstructionNode]]:
        """Where each is declared first, in the order of the file."""
        first = {name: next((node for node in self.body if _declares(node, name)), None) for name in self.names}
        found = [(name, node) for name, node in first.items() if node]
        return sorted(found, key=lambda pair: (pair[1].span.line, pair[0]))

    def _used(self, name: str, declared: InstructionNode) -> int | None:
        after = (node for node in self.body if node.span.line > declared.span.line)
        return next((node.span.line for node in after if _mentions(node, name)), None)

    def _told(self, declared: Sequence[tuple[str, InstructionNode]], used: int | None) -> str:
        texts = [f"{node.keyword} {name} at line {node.span.line}" for name, node in declared]
        what = " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
        verb, them = ("is", "it") if len(texts) == 1 else ("are", "that")
        if used is not None:
            return f"{what} {verb} first used at line {used}: moved down"
        nobody = not any(_mentions(node, name) for name in self.names for node in self.later)
        end = " or left out" if nobody and all(isinstance(node, Arg) for _, node in declared) else " of the stage"
        return f"{what} {verb} not used in the stage after {them}: moved to the end{end}"

    def _is_theirs(self, one: Explained, cause: Cause) -> bool:
        return one.step.stage == self.stage and cause.kind in _KINDS and cause.name in self.names

    def _is_spared(self, one: Explained, used: int | None) -> bool:
        """What a later stage has of one that goes on to use them may differ."""
        return used is None or (one.step.stage == self.stage and one.step.line < used)


def _declares(node: InstructionNode, name: str) -> bool:
    return isinstance(node, Arg | Env) and any(pair.key == name for pair in node.items)


def _mentions(node: InstructionNode, name: str) -> bool:
    """Whether the name stands in an instruction or its heredocs, in whatever way."""
    if isinstance(node, Arg) and _declares(node, name):
        return False
    texts = [node.raw, *(doc.raw for doc in node.heredocs)] if isinstance(node, Run | Transfer) else [node.raw]
    if isinstance(node, OnBuild):
        texts.append(node.trigger_text)
    return any(re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) for text in texts)
