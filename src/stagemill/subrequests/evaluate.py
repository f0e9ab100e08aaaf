"""`evaluate`: a Dockerfile planned as a build would, but that no file of the context is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.files.view import Entry
from stagemill.plan.planner import Plan, plan
from stagemill.plan.request import MainContext, Request
from stagemill.plan.resolver import Resolver

_FOLDER = Entry("dir", 0o755, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Anything:
    """A context in which every path exists, as an empty directory: what COPY names may not have been made yet."""

    def lstat(self, _path: str) -> Entry | None:
        return _FOLDER

    def listdir(self, _path: str) -> list[str]:
        return []

    def digest(self, _path: str) -> Digest:
        raise AssertionError("it has no files")

    def real_path(self, _path: str) -> Path:
        raise AssertionError("it lies nowhere")


def evaluate(dockerfile: Dockerfile, request: Request, resolver: Resolver, *, whole: bool = False) -> Plan:
    """The plan of the target, or of every stage; its bases are looked up. Raises StagemillError as a build would."""
    return plan(dockerfile, replace(request, context=MainContext(Anything())), resolver, whole=whole)
