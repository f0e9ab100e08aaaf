"""What the linter finds in a file that is being built. A build from the cache does not ask it, unless the file wants that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cli.making.directories import IgnoreFile
from stagemill.cli.making.source import Inputs
from stagemill.plan.request import FileContext

if TYPE_CHECKING:
    from stagemill.lint.file import Ignore, LintFile
    from stagemill.plan.planner import Plan

CHECK = "BUILDKIT_DOCKERFILE_CHECK"


class Watch:
    """A listener that passes everything on, and remembers whether any step really ran."""

    def __init__(self, listener: events.Listener) -> None:
        self._listener = listener
        self.worked = False

    def __call__(self, event: events.Event) -> None:
        self.worked = self.worked or isinstance(event, events.Output | events.Finished)
        self._listener(event)


class Checks:
    """The rules on one Dockerfile, with what its build finds out of the images that it begins from."""

    def __init__(self, inputs: Inputs, build_args: Mapping[str, str]) -> None:
        self._inputs = inputs
        self._build_args = build_args
        self.plans: Sequence[Plan] = ()

    def approve(self, plans: Sequence[Plan]) -> None:
        """Raises DockerfileError where the file makes warnings errors and there are some, or its options are wrong."""
        self.plans = plans
        if CHECK in self._build_args or self._inputs.dockerfile.directive("check"):
            from stagemill.lint.rules import CHECKS, check
            from stagemill.subrequests.check import violation

            file = self._file()
            error = violation(file, check(file, CHECKS)) if file.options.error else None
            if error:
                raise error

    def tell(self, listener: events.Listener, *, now: float) -> None:
        """What all rules find, a line each."""
        from stagemill import lint

        found = lint.check(self._file())
        if found:
            count = "1 warning found" if len(found) == 1 else f"{len(found)} warnings found"
            lines = [f"{count} (stagemill lint explains, and mends what it can prove with --fix):", *lint.short(found)]
            listener(events.Notice("\n".join(lines), now))

    def _file(self) -> LintFile:
        from stagemill.lint.file import LintFile
        from stagemill.subrequests.check import known

        context = self._inputs.context
        facts = known(self.plans, ignore=ignored(context)) if self.plans else None
        view = context.view if context else None
        return LintFile.of(self._inputs.dockerfile, build_args=self._build_args, context=view, known=facts)


def ignored(context: FileContext | None) -> Ignore | None:
    """The rules of a context's ignore file."""
    explained = context.ignored if context else None
    return explained.rules if isinstance(explained, IgnoreFile) else None
