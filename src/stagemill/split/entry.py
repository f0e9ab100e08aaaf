"""`Entry`: what a container of the image runs, and why that may be something that no runtime image has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Cmd, Command, Entrypoint
from stagemill.errors import DockerfileError
from stagemill.lint import shell
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage
from stagemill.values import dataclass

# What compiles or watches when a container starts, by the words it begins with, and what to do instead.
_BUILDS = {
    ("go", "run"): 'RUN go build -o /app/server . and CMD ["/app/server"]',
    ("cargo", "run"): 'RUN cargo build --release and CMD ["./target/release/NAME"]',
    ("cargo", "watch"): 'RUN cargo build --release and CMD ["./target/release/NAME"]',
    ("dotnet", "run"): 'RUN dotnet publish -o /out and CMD ["dotnet", "/out/NAME.dll"]',
    ("ts-node",): 'RUN npx tsc and CMD ["node", "dist/index.js"]',
    ("tsx",): 'RUN npx tsc and CMD ["node", "dist/index.js"]',
    ("nodemon",): 'CMD ["node", "server.js"]',
    ("vite",): "RUN npx vite build, and serve dist",
    ("webpack",): "RUN npx webpack, and serve dist",
    ("next", "dev"): 'RUN npx next build and CMD ["npx", "next", "start"]',
    ("air",): 'RUN go build -o /app/server . and CMD ["/app/server"]',
    ("make",): 'run what it makes: CMD ["./NAME"]',
}  # fmt: skip
_JAVA = frozenset({"mvn", "mvnw", "gradle", "gradlew"})
_RUNNERS = frozenset({"npx", "bunx", "pnpx"})
_CHANGES = frozenset({"gosu", "su-exec"})
_INITS = frozenset({"tini", "tini-static", "dumb-init", "catatonit"}) | _CHANGES
_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_SHELL_SIGNS = frozenset("|&;<>$`*?\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """`words` are ENTRYPOINT and CMD as they are joined. `shell` says that a shell runs them, `plain` that they are one command.

    `nodes` are the instructions, `span` is the place of the last of them. The first `wrapper` words are a script of the project.
    """

    words: tuple[str, ...]
    nodes: tuple[Cmd | Entrypoint, ...]
    span: Span
    shell: bool = False
    plain: bool = True
    wrapper: int = 0

    @property
    def called(self) -> tuple[str, ...]:
        """The programs that a shell calls, as they are written; none where the words are run as they are."""
        found: list[str] = []
        for node in self.nodes:
            commands = shell.of_command(node.command)
            words = node.command.exec or ()
            if node.command.exec is None or (words and words[0].rpartition("/")[2] in _SHELLS and "-c" in words):
                found += [command.texts[0] for command in commands if command.texts]
        return tuple(dict.fromkeys(found))

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]

    @property
    def inner(self) -> tuple[str, ...]:
        """The words behind a script that prepares and then runs what follows it; all of them where there is none."""
        return self.words[self.wrapper :]

    @property
    def inner_nodes(self) -> tuple[Cmd | Entrypoint, ...]:
        """The instructions that say it: CMD alone where ENTRYPOINT is the script or the init and nothing else."""
        apart = len(self.nodes) > 1 and self.wrapper == len(self.nodes[0].command.exec or ())
        return self.nodes[1:] if apart else self.nodes

    def instead(self, words: Sequence[str]) -> str:
        """A CMD that runs these words in place of those of `inner_nodes`."""
        before = self.words[: self.wrapper] if self.inner_nodes == self.nodes else ()
        return f"CMD {json.dumps([*before, *words], ensure_ascii=False)}"

    @property
    def inner_program(self) -> str:
        return self.inner[0].rpartition("/")[2]

    @classmethod
    def of(cls, file: LintFile, stage: Stage, base: str) -> Entry:
        """Raises DockerfileError where nothing says what runs, or where what runs needs what builds."""
        nodes = [step.node for step in stage.steps]
        entrypoint = next((node for node in reversed(nodes) if isinstance(node, Entrypoint)), None)
        cmd = next((node for node in reversed(nodes) if isinstance(node, Cmd)), None)
        if cmd and entrypoint and nodes.index(cmd) < nodes.index(entrypoint) and entrypoint.command.exec is None:
            cmd = None
        found = [node for node in (entrypoint, cmd) if node]
        if not found:
            at = file.dockerfile.source.excerpt(stage.start.span)
            hint = f"end the file with CMD; what {base} runs by itself is for people who build"
            raise DockerfileError(
                "cannot split it: neither CMD nor ENTRYPOINT says what the image runs", at=at, hint=hint
            )
        entry = _joined([node.command for node in found], tuple(found))
        before = _inits(entry.words)
        script = len(entrypoint.command.exec) if cmd and entrypoint and entrypoint.command.exec else 0
        if script and _is_wrapper(entry.words[:script]):
            before = max(before, script)
        if before < len(entry.words):
            entry = replace(entry, wrapper=before)
        entry.check(file)
        return entry

    def check(self, file: LintFile) -> None:
        """Raises DockerfileError for what builds when it starts."""
        words = [self.program, *self.words[1:]]
        advice = _advice(words[1:] if words[0] in _RUNNERS else words)
        if advice:
            at = file.dockerfile.source.excerpt(self.span)
            what = " ".join(words[:2]) if len(words) > 1 else words[0]
            raise DockerfileError(
                f"cannot split it: `{what}` builds or watches when the container starts",
                at=at,
                hint=f"build in a RUN: {advice}",
            )


def _inits(words: Sequence[str]) -> int:
    """How many words stand for a program that only looks after the one behind it, or changes to another user for it."""
    at = 0
    while at < len(words) and words[at].rpartition("/")[2] in _INITS:
        name = words[at].rpartition("/")[2]
        at += 1
        while at < len(words) and words[at].startswith("-"):
            at += 1
        at += name in _CHANGES
    return at


def _is_wrapper(words: Sequence[str]) -> bool:
    """Whether an ENTRYPOINT is a script that runs CMD in the end, by its name."""
    return words[-1].endswith(".sh") or "entrypoint" in words[-1]


def _joined(commands: Sequence[Command], nodes: tuple[Cmd | Entrypoint, ...]) -> Entry:
    words: list[str] = []
    shell_form, plain = False, True
    for command in commands:
        if command.exec is not None:
            words += command.exec
            continue
        found = shell.of_command(command)
        shell_form = True
        plain = plain and len(found) == 1 and not _SHELL_SIGNS & set(command.text)
        words += found[0].texts if found else ()
    if words[:1] and words[0].rpartition("/")[2] in {"sh", "bash"} and "-c" in words[1:2]:
        shell_form, plain = True, False
        words = words[2].split() if len(words) > 2 else words
    return Entry(tuple(words) or ("sh",), nodes, nodes[-1].span, shell_form, plain)


def _advice(words: Sequence[str]) -> str:
    """What to do instead, empty where the words only run something."""
    if words[0] in _JAVA and any(word.endswith((":run", "bootRun", "exec:java")) or word == "run" for word in words):
        return 'RUN mvn package (or gradle build), and CMD ["java", "-jar", "target/NAME.jar"]'
    if words[0] == "vite" and words[1:2] == ["preview"]:
        return ""
    return next((text for start, text in _BUILDS.items() if tuple(words[: len(start)]) == start), "")
