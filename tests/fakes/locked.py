"""`Project`: a Dockerfile whose names are on loopback, and the command line that locks it and builds it. Not a fake: all is done for real."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakes.blobs import make_image
from fakes.program import Call, Said
from fakes.registry import FakeRegistry
from fakes.web import FakeWeb, Page
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform

TEXT = """\
FROM {registry}/team/base:1 AS base
COPY go.sum /
FROM base AS fetched
ADD {web}/file /
ADD {web}/code.git#main /code
FROM scratch AS app
COPY --from={registry}/team/tool:2 /tool /
COPY --from=fetched /file /
FROM {registry}/team/other:3 AS other
"""
LOCK = "stagemill.lock"


@dataclass
class Project:
    """`folder` is the working directory; the registry has images of the team for two platforms, the web a file and a repository."""

    folder: Path
    registry: FakeRegistry
    web: FakeWeb
    call: Call
    _texts: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, folder: Path, call: Call) -> Iterator[Project]:
        """While it is open the servers answer."""
        with FakeRegistry() as registry, FakeWeb() as web:
            project = cls(folder, registry, web, call)
            for name, tag in (("base", "1"), ("tool", "2"), ("other", "3")):
                project.push(name, tag, name)
            web.pages["/file"] = Page(b"one")
            project.commit("one")
            project.write(TEXT, **{"go.sum": "one"})
            yield project

    def push(self, name: str, tag: str, text: str) -> tuple[Image, ...]:
        """The tag stands for an index of two images that hold this text afterwards."""
        images = tuple(
            make_image(self.registry.blobs, {name: f"{text} {machine}".encode()}, platform=Platform("linux", machine))
            for machine in ("amd64", "arm64")
        )
        self.registry.push_index(f"team/{name}", tag, *images)
        return images

    def commit(self, text: str) -> str:
        """The branch main is at this commit afterwards, on top of those before it."""
        self._texts.append(text)
        place = self.folder.parent / "repositories" / f"{len(self._texts)}"
        commits: list[Mapping[str, Any]] = [
            {"files": {"a": text}, "branch": "main"} for text in dict.fromkeys(self._texts)
        ]
        return self.web.has_repository(place, "code.git", commits)["main"]

    def write(self, dockerfile: str, **files: str) -> None:
        text = dockerfile.format(registry=self.registry.host, web=self.web.url)
        for name, data in {"Dockerfile": text, **files}.items():
            (self.folder / name).write_text(data)

    def ok(self, *arguments: str) -> Said:
        said = self.call(*arguments)
        assert said.status == 0, said.err
        return said

    def fail(self, *arguments: str, status: int = 1) -> str:
        said = self.call(*arguments)
        assert (said.status, said.out) == (status, ""), said
        return said.err

    def build(self, *arguments: str) -> str:
        """The digest of the image that a locked build makes, without its times."""
        return self.ok("build", "--locked", "-q", "--build-arg", "SOURCE_DATE_EPOCH=1", *arguments, ".").out.strip()

    def lock(self, name: str = LOCK) -> dict[str, Any]:
        return tomllib.loads((self.folder / name).read_text())

    def images(self) -> list[str]:
        """The familiar names in the lock, without the registry."""
        return [image["name"].removeprefix(f"{self.registry.host}/") for image in self.lock().get("image", [])]

    def changes(self, *arguments: str, status: int = 0) -> dict[str, str]:
        """What `stagemill lock --json` says of each name, without the servers."""
        said = self.call("lock", "--json", *arguments, ".")
        assert said.status == status, said.err
        found = json.loads(said.out)["changes"]
        servers = (f"{self.registry.host}/", f"{self.web.url}/")
        return {each["name"].removeprefix(servers[0]).removeprefix(servers[1]): each["change"] for each in found}

    def follow(self, said: str) -> Said:
        """Gives the command line that a hint names."""
        found = re.search(r"^hint: .*?: stagemill (lock [^;]*)", said, re.MULTILINE)
        assert found, said
        return self.ok(*shlex.split(found[1]))

    def asked(self) -> list[str]:
        """What was asked of the servers since this was called last."""
        paths = [*self.registry.paths(), *self.web.paths()]
        self.registry.requests.clear()
        self.web.requests.clear()
        return paths
