"""`Unanswered`: a build that no receipt answers, with what was begun for it before anybody knew more."""

from __future__ import annotations

import os
import threading

TYPE_CHECKING = False  # for a type checker it is true; typing itself takes a while to load
if TYPE_CHECKING:
    from collections.abc import Iterable

    from stagemill.cli.again.forms import Asked
    from stagemill.cli.again.glance import Glance
    from stagemill.sandbox.late import LateSandbox


class Unanswered:
    """`question` is what the build is asked, empty for what no receipt can answer. `glances` are at what names mean now; they
    were asked for as any build in these surroundings would ask. Thread-safe, apart from the sandbox.
    """

    def __init__(self, question: str = "", glances: Iterable[tuple[Asked, Glance]] = ()) -> None:
        self.question = question
        self._glances = {one["reference"]: (one, glance) for one, glance in glances}
        self._said: dict[str, Asked] = {}
        self._lock = threading.Lock()
        self._sandbox: LateSandbox | None = None

    def said(self, reference: str) -> Asked | None:
        """What a registry has just said of a name; None where none was asked, or did not answer plainly. Waits for the answer."""
        with self._lock:
            one, glance = self._glances.pop(reference, (None, None))
            if one and glance:
                try:
                    digest = glance.answer()
                except OSError:
                    digest = None
                if digest:
                    self._said[reference] = {**one, "digest": digest}
            return self._said.get(reference)

    def get_ready(self, state: str) -> None:
        """Something will run: a sandbox starts while the rest of the program is loaded. An ordinary user has none before he
        is root of a user namespace.
        """
        if os.geteuid() == 0:
            from pathlib import Path

            from stagemill.sandbox.late import LateSandbox

            self._sandbox = LateSandbox(state=Path(state))
            self._sandbox.get_ready()

    def take_sandbox(self) -> LateSandbox | None:
        """The sandbox that gets ready, if there is one; it is the caller's now."""
        taken, self._sandbox = self._sandbox, None
        return taken

    def close(self) -> None:
        """Ends a sandbox that nobody took."""
        if sandbox := self.take_sandbox():
            with sandbox:
                pass
