"""`Buildah`: Debian's buildah with a store of its own. Not a fake: the real one, which keeps whole copies of its layers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Buildah:
    """Its files are in `home`; it takes plain http."""

    home: Path

    def __call__(self, *arguments: str) -> str:
        """What a command printed that went well."""
        program = shutil.which("buildah")
        if program is None:
            pytest.skip("needs buildah")
        places = ["--root", str(self.home / "root"), "--runroot", str(self.home / "run"), "--storage-driver", "vfs"]
        done = subprocess.run(
            [program, *places, *arguments], capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pull(self, name: str, *flags: str) -> str:
        """The id of an image that is here afterwards with all of its layers."""
        return self("pull", "--quiet", "--tls-verify=false", *flags, f"docker://{name}").splitlines()[-1]

    def read(self, image: str, path: str) -> str:
        """The text of a file in an image that is here."""
        container = self("from", "--pull-never", image)
        try:
            return Path(self("mount", container), path).read_text()
        finally:
            self("rm", container)
