"""`Remote`: contexts and Dockerfiles that URLs name, brought to this machine. Source: buildx, build/opt.go; BuildKit, dockerui."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill.build import make_tree
from stagemill.context.load import MOST_BYTES, checked
from stagemill.errors import ContextError
from stagemill.execute.services import Services
from stagemill.graph.vertex import Label
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.plan import contexts
from stagemill.plan.request import FileContext
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.sources.policy import Judge

_LABEL = Label("[internal] load remote build context")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A context from a URL; `text` is its Dockerfile where the URL names one, and there is nothing else."""

    context: FileContext
    text: bytes | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """Nothing is connected before something is asked for. `keep_git_dir` leaves `.git` in the contexts that have one.

    `policy` says what may be asked for, and whether files of this machine may be read.
    """

    services: Callable[[], AbstractContextManager[Services]]
    keep_git_dir: bool = False
    policy: Judge | None = None

    def admit_files(self, name: str) -> None:
        """Files of this machine may be read. Raises SourceError where they may not."""
        if self.policy:
            from stagemill.sources.policed import admit_files

            admit_files(self.policy, name)

    @contextmanager
    def context(self, location: Location) -> Iterator[Fetched]:
        """The files of a repository or an archive, else a Dockerfile. Raises StagemillError with a hint."""
        if isinstance(location, GitLocation) and self.keep_git_dir:
            location = replace(location, keep_git_dir=True)
        with self.services() as services:
            title = f"the build context {location}"
            vertex = contexts.remote(location, services.remotes, label=_LABEL)
            text = self._text(location, services) if isinstance(location, HttpLocation) else None
            yield Fetched(
                FileContext(make_tree(vertex, services=services), title, location=location, made_of=vertex), text
            )

    def _text(self, location: HttpLocation, services: Services) -> bytes | None:
        """The file, unless it is an archive."""
        from stagemill.context.archive import HEAD, is_archive

        place = services.remotes.fetch(services.remotes.http(location))
        with place.open("rb") as file:
            head = file.read(HEAD)
            return None if is_archive(head) else checked(head + file.read(MOST_BYTES + 1 - len(head)), str(location))

    def dockerfile(self, location: HttpLocation) -> bytes:
        """A Dockerfile alone. Raises StagemillError with a hint."""
        with self.services() as services:
            data = self._text(location, services)
        if data is None:
            raise ContextError(
                f"{location} is an archive, not a Dockerfile",
                hint="give the URL as the context, and the Dockerfile in it with -f",
            )
        return data
