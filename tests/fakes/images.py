"""A resolver of images that a test names itself."""

from __future__ import annotations

from threading import Lock

from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.oci.config import ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan.resolver import Base


class FakeImages:
    """Knows the images that it was given; `asked` lists what was looked up, `platforms` for what, in the same order."""

    def __init__(self, **configs: RunConfig | ImageConfig) -> None:
        self.configs = configs
        self.asked: list[str] = []
        self.platforms: list[Platform | None] = []
        self._lock = Lock()

    def resolve(self, reference: str, platform: Platform | None, *, context: str = "") -> Base:
        with self._lock:
            self.asked.append(reference)
            self.platforms.append(platform)
        if reference not in self.configs:
            raise NotFoundError(f"there is no image {reference}", hint="check the name")
        known = self.configs[reference]
        config = known if isinstance(known, ImageConfig) else ImageConfig(platform or Platform.local(), known)
        other = "" if config.platform == Platform.local() else str(config.platform)
        return Base(reference, Digest.of(f"{reference}{other}".encode()), config)
