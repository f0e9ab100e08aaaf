"""Sources of URLs that a test names itself."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.errors import SourceError
from stagemill.graph.operations import Git, Http
from stagemill.location import GitLocation, HttpLocation, Location


class FakeSources:
    """Has files by URL, and of every repository the commit that is named. `asked` lists what was looked up.

    `dates` are those of URLs, of what has one; the files of contexts in `denied` may not be read.
    """

    def __init__(self, **files: str) -> None:
        self.files = {f"https://h/{name}": text for name, text in files.items()}
        self.asked: list[str] = []
        self.checksums: list[Digest | None] = []
        self.dates: dict[str, int] = {}
        self.denied: set[str] = set()

    def http(self, location: HttpLocation, *, checksum: Digest | None = None) -> Http:
        self.asked.append(location.url)
        self.checksums.append(checksum)
        if location.url not in self.files:
            raise SourceError(f"there is nothing at {location} (status 404)", hint="correct the URL")
        content = Digest.of(self.files[location.url].encode())
        if checksum not in {None, content}:
            raise SourceError(
                f"digest mismatch for {location}: it is {content}, expected {checksum}", hint="correct it"
            )
        return Http(content, location.name, location.url, location.login)

    def git(self, location: GitLocation) -> Git:
        self.asked.append(str(location))
        if location.ref == "nosuch":
            raise SourceError(f"repository {location.remote} does not contain ref nosuch", hint="correct the name")
        return Git(
            f"{location.ref:a<40}",
            location.subdir,
            keep_git_dir=bool(location.keep_git_dir),
            submodules=location.submodules is not False,
            remote=location.remote,
            login=location.login,
        )

    def dated(self, location: Location, *, checksum: Digest | None = None) -> int | None:
        if isinstance(location, GitLocation):
            self.git(location)
        else:
            self.http(location, checksum=checksum)
        return self.dates.get(str(location))

    def admit_files(self, name: str) -> None:
        if name in self.denied:
            raise SourceError(f"source 'local://{name}' is denied by the source policy", hint="use another source")
