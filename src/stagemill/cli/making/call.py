"""`build --call`: what is asked of a Dockerfile instead of building it, in buildx's spelling and forms."""

from __future__ import annotations

import sys
import time

from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.making.building import BuildFlags, reading
from stagemill.cli.making.source import Inputs
from stagemill.cli.making.warnings import ignored
from stagemill.cli.progress import open_progress
from stagemill.dockerfile import syntax
from stagemill.dockerfile.parser import parse_prefix
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import DockerfileError, StagemillError, UsageError
from stagemill.events import Listener
from stagemill.execute.resolving import ImageResolver
from stagemill.lint.file import LintFile
from stagemill.plan.planner import Plan
from stagemill.subrequests import check, describe, outline, targets
from stagemill.subrequests.evaluate import evaluate
from stagemill.values import dataclass

_NAMES = ("check", "lint", "outline", "targets", "subrequests.describe")
_TRUE = {"1", "t", "true"}
_FALSE = {"0", "f", "false"}


@dataclass(frozen=True, slots=True)
class Call:
    """`ignore_status` makes warnings no failure."""

    name: str
    json: bool = False
    ignore_status: bool = False

    @classmethod
    def parse(cls, text: str) -> Call | None:
        """`NAME[,format=json|text][,ignorestatus=true]`; None for `build`, which is what happens anyway."""
        name, form, status = "", "text", "false"
        for field in text.split(","):
            key, equals, value = field.partition("=")
            if not equals and not name:
                name = field
            elif equals and key == "format" and value in {"json", "text", ""}:
                form = value
            elif equals and key == "ignorestatus" and value.lower() in _TRUE | _FALSE:
                status = value.lower()
            else:
                hint = "write --call=NAME, --call=NAME,format=json or --call=NAME,ignorestatus=true"
                raise UsageError(f"invalid --call {text!r}: cannot read {field!r}", hint=hint)
        if name == "build":
            return None
        if name not in _NAMES:
            near = nearest(name, _NAMES)
            known = f"there are {', '.join(_NAMES)}"
            raise UsageError(f"unknown --call {name!r}", hint=f"did you mean {near}? {known}" if near else known)
        return cls("lint" if name == "check" else name, form == "json", status in _TRUE)


def asked(values: Values) -> Call | None:
    """What `--call`, `--check` or the old `--print` ask for. Raises UsageError where two of them differ."""
    given = {text for text in (values.text("call"), values.text("print"), values.text("check")) if text}
    if len(given) > 1:
        raise UsageError(f"cannot do both of {' and '.join(sorted(given))}", hint="give only one of --call and --check")
    return Call.parse(given.pop()) if given else None


def answer(call: Call, build: BuildFlags) -> int:
    """Prints the answer. The exit status: 1 where the checks find something. Raises StagemillError."""
    reader = _Reader(build)
    with (
        workplace() as place,
        open_progress(build.progress, sys.stderr) as listener,
        reading(build, place=place, listener=listener, read=reader.read) as inputs,
    ):
        if call.name == "lint":
            return _check(call, build, inputs, error=reader.error, place=place)
        if reader.error:
            raise reader.error
        match call.name:
            case "targets":
                found = targets.targets(inputs.dockerfile)
                _print(targets.json(found, inputs.dockerfile) if call.json else targets.text(found))
            case "outline":
                planned = _evaluated(build, inputs, place=place)
                shown = outline.outline(inputs.dockerfile, build.request(None), planned)
                _print(outline.json(shown, inputs.dockerfile) if call.json else outline.text(shown))
            case _:
                _print(describe.json() if call.json else describe.text())
    return 0


class _Reader:
    """Reads a Dockerfile up to its first mistake, and keeps that: what is above it can be checked."""

    def __init__(self, build: BuildFlags) -> None:
        self.error: DockerfileError | None = None
        self._build_args = build.build_args

    def read(self, data: bytes, name: str) -> Dockerfile:
        syntax.check(data, name, given=self._build_args.get(syntax.ARGUMENT))
        dockerfile, self.error = parse_prefix(data, name)
        return dockerfile


def _check(call: Call, build: BuildFlags, inputs: Inputs, *, error: StagemillError | None, place: Workplace) -> int:
    """Without a target every stage counts. What a build would fail with is shown as an error, below the warnings."""
    whole = error is None
    planned: Plan | None = None
    if whole:
        try:
            planned = _evaluated(build, inputs, place=place, every_stage=not build.targets[0].stage)
        except StagemillError as problem:
            error = problem
    known = check.known([planned], ignore=ignored(inputs.context)) if planned else None
    view = inputs.context.view if inputs.context else None
    file = LintFile.of(inputs.dockerfile, build_args=build.build_args, context=view, known=known)
    checked = check.check(file, error, whole=whole)
    _print(check.json(checked) if call.json else check.text(checked))
    if checked.error:
        raise checked.error
    return 0 if call.ignore_status else checked.status


def _evaluated(build: BuildFlags, inputs: Inputs, *, place: Workplace, every_stage: bool = False) -> Plan:
    with open_progress(build.progress, sys.stderr) as listener:
        resolver = _resolver(build, place, listener)
        request = build.request(None, devices=place.host(None, build.surroundings).devices)
        pins = None if place.policy else place.pins  # a policy may have another URL, and is not asked here
        return evaluate(inputs.dockerfile, request, resolver, whole=every_stage, pins=pins)


def _resolver(build: BuildFlags, place: Workplace, listener: Listener) -> ImageResolver:
    return ImageResolver(
        place.store,
        remote=lambda: place.registry,
        listener=listener,
        clock=time.time,
        pull=build.pull,
        lenient=True,
        policy=place.policy,
        pins=place.pins,
    )


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
