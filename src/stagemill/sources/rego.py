"""`Rego`: a policy that is a program, as `docker buildx build --policy` takes it, which is asked about each source.

Source: buildx, policy/validate.go. The package `docker` has a `decision`, `{"allow": true, "deny_msg": […]}`; what it does not
allow is denied. The language itself is evaluated by a library, regopy, which is loaded when there is a policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import cached_property
from threading import Lock
from typing import Literal, Protocol, TypeAlias, get_args

from stagemill.errors import SourceError, UsageError
from stagemill.sources.policy import Verdict, Wanted
from stagemill.sources.rego_input import Environment, Facts, facts
from stagemill.sources.rego_text import Absent, RegoText
from stagemill.values import dataclass

Level: TypeAlias = Literal["none", "error", "warn", "info", "debug"]
LEVELS: tuple[Level, ...] = get_args(Level)
_QUERY = "data.docker.decision"


class _Result(Protocol):
    expressions: list[object]


class _Output(Protocol):
    results: list[_Result]

    def ok(self) -> bool: ...


class _Interpreter(Protocol):
    """What is used of regopy, which has no types."""

    log_level: object

    def add_module(self, name: str, source: str) -> None: ...
    def set_input(self, value: object) -> None: ...
    def query(self, query: str) -> _Output: ...
    def is_builtin(self, name: str) -> bool: ...


@dataclass(frozen=True)
class Rego:
    """One policy of one or more files. Where it is `strict`, a field that it reads and nobody knows yet is an error; else it is
    undefined, as in the language. `say` is told of decisions, up to the `level`. Thread-safe.
    """

    files: tuple[RegoText, ...]
    environment: Environment = field(default_factory=Environment)
    strict: bool = False
    level: Level = "warn"
    say: Callable[[str], None] = lambda _text: None
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def name(self) -> str:
        return ", ".join(file.name for file in self.files)

    def load(self) -> None:
        """Raises UsageError where the policy cannot be evaluated."""
        _ = self._interpreter

    def verdict(self, wanted: Wanted) -> Verdict:
        """Raises SourceError for what the policy denies, and for what it cannot decide."""
        found = facts(wanted)
        if not (wanted.later and self._waits(found)):
            self._decide(found, wanted)
        return Verdict(wanted)

    def confirm(self, wanted: Wanted) -> None:
        """What was put off is decided with what was found out. Raises SourceError as above."""
        known_before = {name: text for name, text in wanted.attributes.items() if not name.startswith("git.found.")}
        if self._waits(facts(replace(wanted, attributes=known_before))):
            self._decide(facts(wanted), wanted)

    def _waits(self, found: Facts) -> bool:
        """The policy may read what is not known before the source is looked up."""
        return any(file.reads(found.kind, name) for name in found.unknown for file in self.files)

    def _decide(self, found: Facts, wanted: Wanted) -> None:
        what = f"{wanted.identifier}{f' ({wanted.platform})' if wanted.platform else ''}"
        self._say("info", f"checking {what}")
        self._look(found, wanted)
        given = {"env": self.environment.known(), found.kind: found.known}
        self._say("debug", f"input: {json.dumps(given, indent=2)}")
        allowed, messages = self._decision(self._evaluated(given), wanted)
        self._say("info", f"{what} is {'allowed' if allowed else 'denied'}")
        if allowed:
            return
        why = "".join(f"{': ' if not place else '; '}{text}" for place, text in enumerate(messages))
        hint = "use another source, or let the policy allow this one"
        raise SourceError(f"source {wanted.identifier!r} is denied by the policy {self.name}{why}", hint=hint)

    def _look(self, found: Facts, wanted: Wanted) -> None:
        """At what the policy may read and nobody knows."""
        for name in found.unknown:
            if any(file.reads(found.kind, name) for file in self.files):
                message = f"reads input.{found.kind}.{name}, which is not known of {wanted.identifier!r}"
                if self.strict:
                    raise SourceError(
                        f"the policy {self.name} {message}",
                        hint="name a digest, a checksum or a commit where it is one, or let the policy be without strict",
                    )
                self._say("warn", f"{message}: it is undefined")

    def _say(self, level: Level, text: str) -> None:
        if LEVELS.index(level) <= LEVELS.index(self.level):
            self.say(f"policy {self.name}: {text}")

    def _evaluated(self, given: object) -> object:
        """The decision as JSON; None where the policy has none."""
        with self._lock:
            interpreter = self._interpreter
            try:
                interpreter.set_input(given)
                output = interpreter.query(_QUERY)
            except (RuntimeError, ValueError, _errors()) as error:
                raise self._fails() from error
        if not output.ok():
            raise self._fails()
        expressions = [one for result in output.results for one in result.expressions]
        return expressions[0] if expressions else None

    def _fails(self) -> SourceError:
        hint = "a rule gives two values, or calls something in a way that it cannot be called"
        return SourceError(f"the policy {self.name} cannot be evaluated", hint=hint)

    def _decision(self, found: object, wanted: Wanted) -> tuple[bool, Sequence[str]]:
        hint = 'write: decision := {"allow": allow, "deny_msg": […]}'
        if not isinstance(found, dict):
            raise SourceError(f"the policy {self.name} has no decision for {wanted.identifier!r}", hint=hint)
        if self.level == "debug":
            self._say("debug", f"decision: {json.dumps(found)}")
        allowed, messages = found.get("allow", False), found.get("deny_msg", [])
        if not isinstance(allowed, bool) or not isinstance(messages, list | str):
            raise SourceError(f"the policy {self.name} has a decision of another form: {json.dumps(found)}", hint=hint)
        return allowed, [str(text) for text in ([messages] if isinstance(messages, str) else messages)]

    @cached_property
    def _interpreter(self) -> _Interpreter:
        try:
            from regopy import Interpreter, LogLevel  # type: ignore[import-untyped]  # noqa: PLC0415  loaded when needed
        except ImportError as error:
            hint = "pip install 'stagemill[policy]'; --policy disabled=true builds without the policy"
            raise UsageError(f"the policy {self.name} is in Rego, and regopy is not installed", hint=hint) from error
        found: _Interpreter = Interpreter()
        found.log_level = LogLevel.NONE  # it would write into standard output
        for file in self.files:
            try:
                file.check(self.files, found.is_builtin)
                found.add_module(file.name, file.plain)
            except Absent as error:
                hint = "let the policy do without it; --policy disabled=true builds without the policy"
                raise UsageError(f"the policy {file.name} cannot be kept to: {error.what}", hint=hint) from error
            except _errors() as error:
                raise UsageError(
                    f"the policy {file.name} is no Rego: {_first(str(error))}", hint="correct it"
                ) from error
        return found


def _errors() -> type[Exception]:
    from regopy import RegoError  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415  as above

    found: type[Exception] = RegoError
    return found


def _first(text: str) -> str:
    """The first message of an error, which the library shows as a tree: `(errormsg 16:this is unclosed)`."""
    _, found, rest = text.partition("(errormsg ")
    return rest.partition(":")[2].partition(")")[0] if found else " ".join(text.split())[:200]
