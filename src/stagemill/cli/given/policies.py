"""`Policies`: what `--policy` says, and the file in Rego that lies beside a Dockerfile. Source: buildx, build/opt.go, build/build.go."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.errors import UsageError
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.frame.values import Values
    from stagemill.sources.rego import Level, Rego
    from stagemill.sources.rego_text import RegoText

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_KEYS = ("filename", "reset", "disabled", "strict", "log-level")
_ALONE = "disabled=true cannot be combined with anything else"
_SYNONYMS = {"panic": "none", "fatal": "none", "warning": "warn", "trace": "debug"}
_WORKING_DIRECTORY = "cwd://"


@dataclass(frozen=True, slots=True)
class Spec:
    """One `--policy`; None is as before it."""

    files: tuple[str, ...] = ()
    reset: bool = False
    disabled: bool = False
    strict: bool | None = None
    level: Level | None = None

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Raises UsageError."""
        import csv
        import io

        try:
            fields = next(csv.reader(io.StringIO(text), strict=True), [])
        except csv.Error as error:
            raise UsageError(f"invalid --policy {text!r}: {error}", hint="write filename=FILE") from error
        found, files = cls(), []
        for item in fields:
            key, _, value = item.partition("=")
            match key.strip().lower():
                case "filename" if value:
                    files.append(value)
                case "reset":
                    found = replace(found, reset=_truth(text, item, value))
                case "disabled":
                    found = replace(found, disabled=_truth(text, item, value))
                case "strict":
                    found = replace(found, strict=_truth(text, item, value))
                case "log-level":
                    found = replace(found, level=_level(text, value))
                case _:
                    raise UsageError(f"invalid --policy {text!r}: {item!r}", hint=f"known are {'=, '.join(_KEYS)}=")
        if not fields:
            raise UsageError("--policy is empty", hint="write filename=FILE")
        return replace(found, files=tuple(files))


def _truth(text: str, item: str, value: str) -> bool:
    if value not in _TRUE | _FALSE:
        raise UsageError(f"invalid --policy {text!r}: {item!r}", hint="write true or false")
    return value in _TRUE


def _level(text: str, value: str) -> Level:
    from stagemill.sources.rego import LEVELS

    meant = _SYNONYMS.get(value.lower(), value.lower())
    for level in LEVELS:
        if level == meant:
            return level
    raise UsageError(f"invalid --policy {text!r}: log-level={value}", hint=f"known are {', '.join(LEVELS)}")


@dataclass(frozen=True, slots=True)
class Policies:
    """All `--policy` of a command line, in their order."""

    specs: tuple[Spec, ...] = ()

    @classmethod
    def of(cls, values: Values) -> Policies:
        """Raises UsageError."""
        specs = tuple(map(Spec.parse, values.texts("policy"))) if "policy" in values.given else ()
        if any(spec.disabled and (len(specs) > 1 or spec != Spec(disabled=True)) for spec in specs):
            raise UsageError(
                f"invalid --policy: {_ALONE}", hint="give it alone, or reset=true to forget Dockerfile.rego"
            )
        return cls(specs)

    def judges(
        self,
        context: str,
        file: str | None,
        *,
        build_args: Mapping[str, str],
        labels: Mapping[str, str],
        target: str,
        say: Callable[[str], None],
    ) -> tuple[Rego, ...]:
        """The policies, which all must allow a source. Raises UsageError where one cannot be read or is wrong."""
        beside = None if any(spec.disabled for spec in self.specs) else _beside(context, file)
        if beside is None and not any(spec.files for spec in self.specs):
            return ()
        from stagemill.sources.rego import Rego
        from stagemill.sources.rego_input import Environment

        environment = Environment(build_args, labels, os.path.basename(file or "") or "Dockerfile", target)

        def of(names: tuple[str, ...]) -> Rego:
            return Rego(tuple(_text(name, context) for name in names), environment, say=say)

        found = [of((f"{_WORKING_DIRECTORY}{beside}",))] if beside else []
        before = Spec()
        for spec in self.specs:
            found = [] if spec.reset else found
            if spec.files:
                found.append(_said(_said(of(spec.files), before), spec))
            elif found:
                found[-1] = _said(found[-1], spec)
            else:
                before = spec
        for policy in found:
            policy.load()
        return tuple(found)


def _said(policy: Rego, spec: Spec) -> Rego:
    strict = policy.strict if spec.strict is None else spec.strict
    return replace(policy, strict=strict, level=spec.level or policy.level)


def _beside(context: str, file: str | None) -> Path | None:
    """NAME.rego beside the Dockerfile NAME, where that is one of this machine's."""
    from stagemill.cli.making.source import located
    from stagemill.context import load

    folder = Path(context)
    if file == "-" or not (folder.is_dir() or (file and os.path.isabs(file))) or context == "-":
        return None
    path = load.place(folder, given=located(file, folder))
    beside = path.with_name(f"{path.name}.rego") if path else None
    return beside if beside and os.path.lexists(beside) else None


def _text(name: str, context: str) -> RegoText:
    """A file of the context, or behind `cwd://` of the working directory. Raises UsageError."""
    from stagemill.sources.rego_text import RegoText

    path = Path(name.removeprefix(_WORKING_DIRECTORY))
    if not name.startswith(_WORKING_DIRECTORY):
        path = Path(context) / path
    try:
        return RegoText(os.fspath(path), path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        hint = f"name a file in the context, or one of the working directory as {_WORKING_DIRECTORY}FILE"
        raise UsageError(f"cannot read the policy {path}: {(why or str(error)).lower()}", hint=hint) from error
