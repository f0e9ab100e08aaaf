"""`Inventory`: what is in a tree, before it is written in one form or another."""

from __future__ import annotations

from datetime import UTC, datetime

from stagemill.attest.packages.finder import find
from stagemill.attest.packages.package import Distribution, Package, distribution, reader
from stagemill.digest import Digest
from stagemill.files.view import FileView
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Inventory:
    """The `packages` of a tree and its distribution, `system`. `title` and platform tell which tree, `created` when it was
    looked through, in seconds since 1970, and `version` is that of stagemill.
    """

    packages: tuple[Package, ...]
    title: str
    platform: str
    created: float
    version: str
    system: Distribution = Distribution()

    @classmethod
    def of(cls, view: FileView, *, title: str, platform: str, created: float, version: str) -> Inventory:
        return cls(find(view), title, platform, created, version, distribution(reader(view)))

    @property
    def time(self) -> str:
        return datetime.fromtimestamp(int(self.created), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def identity(self) -> Digest:
        """Two inventories of other content, or made at another second, have others."""
        urls = [package.url for package in self.packages]
        return Digest.of_value([self.title, self.platform, str(self.system), urls, int(self.created)])
