"""`Attempt`: one build by a process of its own, in a store of its own, and what it made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from stagemill.errors import CancelledError, StagemillError
from stagemill.export.load import images
from stagemill.export.loaded import LoadedImages
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.values import dataclass
from stagemill.verify.pair import Circumstances
from stagemill.verify.start import Start, surroundings

_STOPPED = 130
_PATIENCE = 30  # seconds that a build has to end after it was told to


@dataclass(frozen=True, slots=True)
class Attempt:
    """`arguments` are those of `stagemill build` before its context. `home` is an empty directory, which it sees at `seen`.

    In it are the `store`, and afterwards the image, as an OCI layout.
    """

    home: Path
    seen: Path
    arguments: tuple[str, ...]
    context: str
    start: Start
    environment: Mapping[str, str]

    @property
    def store(self) -> Path:
        return self.home / "store"

    def run(self, clock: Callable[[], float]) -> Circumstances:
        """Builds. What the build says goes to our standard error. Raises StagemillError where it fails."""
        output = f"type=oci,tar=false,dest={self.seen / 'image'}"
        program = [sys.executable, "-P", "-m", "stagemill", "build", *self.arguments, "-o", output, self.context]
        environment = surroundings({**self.environment, "STAGEMILL_ROOT": str(self.seen / "store")})
        started = clock()
        process = subprocess.Popen(
            self.start.command(program), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait(_PATIENCE)
            raise
        if status == _STOPPED:
            raise CancelledError("the build was stopped")
        if status:
            raise StagemillError(f"the build ended with status {status}")
        return Circumstances(started, clock(), len(self.start.processors) or len(os.sched_getaffinity(0)))

    def result(self, platform: Platform) -> AbstractContextManager[LoadedImages]:
        """What was built, for the length of the block."""
        return images(self.home / "image", platform=platform)


def only_image(loaded: LoadedImages) -> Image:
    """The image of a layout that has one."""
    (found,) = loaded.images
    assert isinstance(found.image, Image), "a platform was asked for"
    return found.image
