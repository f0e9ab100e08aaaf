"""`GitSource`: repositories, from a name that may move to a commit, and from a commit to files.

Source: BuildKit's git source, for which ref is meant, what a checksum is compared with, and what a checkout has; git's own
manual for the rest. Files are 0644 or 0755 and directories 0755, all root's. Unlike there, files have the time of the
commit, so that two checkouts of it are the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from stagemill.errors import SourceError
from stagemill.graph import operations
from stagemill.location import GitLocation, repository
from stagemill.registry.config import HostSettings
from stagemill.sources import checkout, refs
from stagemill.sources.authorization import Authorizations
from stagemill.sources.failure import explain
from stagemill.sources.program import Access, Git, GitFailure
from stagemill.values import dataclass

_GITHUB = ("https://github.com/", "https://www.github.com/")
_DEFAULT_AGENT = "default"


@dataclass(frozen=True, slots=True)
class GitSource:
    """Thread-safe. `agents` are sockets of SSH agents by id; `settings` gives a host's certificates.

    `scratch` makes an empty directory on the store's file system; `stopped` says that the build was.
    """

    scratch: Callable[[], AbstractContextManager[Path]]
    environment: Mapping[str, str]
    authorizations: Authorizations
    agents: Mapping[str, Path]
    known_hosts: Path | None
    settings: Callable[[str], HostSettings]
    stopped: Callable[[], bool]

    def resolve(self, location: GitLocation, *, known: refs.Found | None = None) -> operations.Git:
        """The commit that is meant now; no file is fetched. Raises SourceError and CancelledError.

        The whole name of a commit is believed, and found out about at the checkout; so is what is `known` already.
        """
        found = known or refs.known(location)
        if found is None:
            with self._git(location, str(location)) as git:
                found = refs.look_up(git, location)
        return operations.Git(
            commit=found.commit,
            subdir=location.subdir,
            keep_git_dir=bool(location.keep_git_dir) and not location.subdir,
            submodules=location.submodules is not False,
            checkout_times=location.mtime == "checkout",
            remote=location.remote,
            ref=found.name,
            login=location.login,
            written=location.ref,
        )

    def checkout(self, op: operations.Git, into: Path) -> None:
        """The files of the commit are in the empty directory `into`. Raises SourceError, StoreError, CancelledError."""
        location = repository(op.remote, login=op.login)
        with self._git(location, f"{op.remote}#{op.ref or op.commit}") as git:
            checkout.checkout(git, op, into)

    def date(self, op: operations.Git) -> int:
        """When the commit was made, in seconds since 1970. Raises SourceError, StoreError, CancelledError."""
        location = repository(op.remote, login=op.login)
        with self._git(location, f"{op.remote}#{op.ref or op.commit}") as git:
            return checkout.date(git, op)

    @contextmanager
    def _git(self, location: GitLocation, what: str) -> Iterator[Git]:
        access = self._access(location)
        with self.scratch() as scratch:
            git = Git(scratch, self.environment, access, self.stopped)
            try:
                yield git
            except GitFailure as failure:
                raise explain(failure, what, location, with_login=bool(access.header)) from failure

    def _access(self, location: GitLocation) -> Access:
        if location.scheme == "ssh":
            agent = self.agents.get(_DEFAULT_AGENT)
            if agent is None:
                hint = "add a key to your agent, and build with --ssh default"
                raise SourceError(f"{location} is reached by SSH, and no SSH agent was given", hint=hint)
            return Access(agent=agent, known_hosts=self.known_hosts)
        if location.scheme not in {"http", "https"}:
            return Access()
        netloc = urlsplit(location.remote).netloc
        settings = self.settings(netloc)
        return Access(
            header=self.authorizations.git(tuple(dict.fromkeys((netloc, location.host))), location.login),
            scope=next((prefix for prefix in _GITHUB if location.remote.startswith(prefix)), location.remote),
            ca=settings.ca,
            insecure=settings.insecure,
        )
