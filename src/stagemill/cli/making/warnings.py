"""What the linter finds in a file that is being built. A build from the cache does not ask it, unless the file wants that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock, Thread
from typing import TYPE_CHECKING

from stagemill import events
from stagemill.cli.making.directories import IgnoreFile
from stagemill.cli.making.source import Inputs
from stagemill.plan.request import FileContext

if TYPE_CHECKING:
    from stagemill.lint.file import Ignore, LintFile
    from stagemill.lint.finding import Finding
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


def _nothing() -> None:
    """There is nothing else to do."""


class Checks:
    """The rules on one Dockerfile, with what its build finds out of the images that it begins from."""

    def __init__(self, inputs: Inputs, build_args: Mapping[str, str]) -> None:
        self.inputs = inputs
        self._build_args = build_args
        self.plans: Sequence[Plan] = ()
        self._early: _Early | None = None
        self._lock = Lock()

    def approve(self, plans: Sequence[Plan]) -> None:
        """Raises DockerfileError where the file makes warnings errors and there are some, or its options are wrong."""
        self.see(plans)
        if CHECK in self._build_args or self.inputs.dockerfile.directive("check"):
            from stagemill.lint.rules import CHECKS, check
            from stagemill.subrequests.check import violation

            file = self._file()
            error = violation(file, check(file, CHECKS)) if file.options.error else None
            if error:
                raise error

    def see(self, plans: Sequence[Plan]) -> None:
        """Takes the plans as they are."""
        self.plans = plans

    def begin(self, *, first: Callable[[], None] = _nothing) -> None:
        """Looks at the file in a thread of its own, once: while a step's process runs there is time for it, and for what comes
        `first`. Thread-safe.
        """

        def find() -> Sequence[Finding]:
            first()
            return self._find()

        with self._lock:
            if self._early is None:
                self._early = _Early(find)
                self._early.start()

    def _find(self) -> Sequence[Finding]:
        from stagemill import lint

        return lint.check(self._file(), lint.CORE)

    def tell(self, listener: events.Listener, *, now: float) -> None:
        """What the rules about stages and BuildKit's checks find, a line each."""
        from stagemill import lint

        found = self._early.result() if self._early else self._find()
        if found:
            count = "1 warning found" if len(found) == 1 else f"{len(found)} warnings found"
            lines = [f"{count} (stagemill lint explains, and mends what it can prove with --fix):", *lint.short(found)]
            listener(events.Notice("\n".join(lines), now))

    def _file(self) -> LintFile:
        from stagemill.lint.file import LintFile
        from stagemill.subrequests.check import known

        context = self.inputs.context
        facts = known(self.plans, ignore=ignored(context)) if self.plans else None
        view = context.view if context else None
        return LintFile.of(self.inputs.dockerfile, build_args=self._build_args, context=view, known=facts)


class _Early(Thread):
    """Finds what there is to find before anybody asks for it."""

    def __init__(self, find: Callable[[], Sequence[Finding]]) -> None:
        super().__init__(name="checks", daemon=True)
        self._find = find
        self._found: Sequence[Finding] = ()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._found = self._find()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is wanted
            self._error = error

    def result(self) -> Sequence[Finding]:
        """Waits for it. Raises what finding raised."""
        self.join()
        if self._error:
            raise self._error
        return self._found


def ignored(context: FileContext | None) -> Ignore | None:
    """The rules of a context's ignore file."""
    explained = context.ignored if context else None
    return explained.rules if isinstance(explained, IgnoreFile) else None
