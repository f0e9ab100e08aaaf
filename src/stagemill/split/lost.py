"""What a runtime has lost of all that its programs, scripts, health check and sources name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stagemill.dockerfile.tree import Healthcheck
from stagemill.errors import StagemillError
from stagemill.files.view import FileView
from stagemill.lint import shell
from stagemill.oci.config import RunConfig
from stagemill.split import calls, programs, proof
from stagemill.split.closure import Closure, Missing
from stagemill.split.draft import Draft
from stagemill.split.facts import Facts

_BUILTIN = frozenset({"exit", "true", "test", "[", "cd", "export", "echo", "exec", "set", "source", "."})


def lost(facts: Facts, draft: Draft, found: Closure, config: RunConfig) -> tuple[Missing, ...]:
    """All that is missing in the new tree of `found` and was in the old one."""
    missing: list[Missing] = []
    names = [*([] if draft.command else started(facts)), *(words[0] for words in _health(facts))]
    for name in dict.fromkeys(names):
        missing += found.program(name, config)
    for name, by in calls.named(found.old, draft, facts.context):
        missing += (replace(item, by=by) for item in found.program(name, config))
    paths = [item.to or item.path for item in draft.kept]
    for path in dict.fromkeys([*(path for path in paths if path.endswith(".sh")), *_scripts(facts)]):
        missing += found.called_by(path, config)
    start = proof.program(found.new, config)
    missing += found.missing([*paths, *([start] if start else [])])
    return tuple({item.path: item for item in reversed(missing)}.values())[::-1]


def started(facts: Facts) -> tuple[str, ...]:
    """The programs that ENTRYPOINT and CMD call, as they are written: several where a shell runs them."""
    wrapped = [word for word in facts.entry.words[1 : facts.entry.wrapper + 1] if not word.startswith("-")]
    found = dict.fromkeys([facts.entry.words[0], *facts.entry.called, *wrapped])
    return tuple(name for name in found if name not in _BUILTIN and not set("$`*?") & set(name))


def check_supply(missing: Iterable[Missing], old: FileView) -> None:
    """Raises StagemillError for a script that no package brought: what it needs beside itself is not known."""
    for item in missing:
        words = programs.interpreter(old, item.path)
        if words and not item.package and words[-1].rpartition("/")[2] not in programs.SHELLS:
            raise StagemillError(
                f"cannot split it: the runtime lacks /{item.path}, which /{item.by} needs, and what belongs to it is not known",
                hint="install it where the project's packages are, or leave it out of what the image runs",
            )


def _scripts(facts: Facts) -> list[str]:
    """The words of what the image runs that may be scripts of its own."""
    home = facts.workdir.rstrip("/")
    return [
        word if word.startswith("/") else f"{home}/{word}"
        for word in facts.entry.words
        if "/" in word or word.endswith(".sh")
    ]


def _health(facts: Facts) -> list[tuple[str, ...]]:
    """The commands of the HEALTHCHECK."""
    nodes = [step.node for step in facts.stage.steps if isinstance(step.node, Healthcheck)]
    commands = [command for node in nodes[-1:] if node.command for command in shell.of_command(node.command)]
    return [command.texts for command in commands if command.texts and command.texts[0] not in _BUILTIN]
