"""What a build reports while it runs: frozen values, sent to a `Listener` from any thread, in order per step.

Times are seconds since the epoch. `step` is the digest of the vertex; `name` is what a person reads,
such as `[builder 2/4] RUN npm ci`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """Work on a step began; `stage` is the stage's name, or empty for what belongs to none (a context, a base)."""

    step: Digest
    name: str
    at: float
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Cached:
    """The step's result was found; nothing ran. `why` says by what: `definition` or `content`."""

    step: Digest
    name: str
    at: float
    stage: str = ""
    why: Literal["definition", "content"] = "definition"


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that the step's process wrote; a line may come in several pieces."""

    step: Digest
    stream: Literal["stdout", "stderr"]
    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Progress of one part of a step: bytes of a layer, files of a context. `total` is None where nobody knows it."""

    step: Digest
    part: str
    current: int
    total: int | None
    at: float
    done: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The step has its result."""

    step: Digest
    at: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The step has no result; `message` is the error's, or `canceled` where another step failed first."""

    step: Digest
    message: str
    at: float
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth saying that stops nothing; `text` may have several lines."""

    text: str
    at: float


def remark(message: str, at: Excerpt, *, hint: str) -> str:
    """The text of a notice about a place in a Dockerfile."""
    return f"{message}\n{at.render()}\nhint: {hint}"


Event: TypeAlias = Started | Cached | Output | Transfer | Finished | Failed | Notice
Listener: TypeAlias = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The listener of somebody who does not want to know."""
