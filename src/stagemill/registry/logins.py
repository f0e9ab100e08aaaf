"""`Logins`: the files of logins that a user has, in the order in which they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Self

from stagemill.registry.credentials import Credentials
from stagemill.registry.login_file import LoginFile

VARIABLE = "DOCKER_AUTH_CONFIG"


class Logins:
    """Called with a host, or a repository behind it. A helper program is asked once per place, by whoever needs it first."""

    def __init__(self, files: Sequence[LoginFile], variable: LoginFile | None = None) -> None:
        """The first of the `files` is the one that a new login goes to; the `variable` counts more than all of them."""
        self.files = tuple(files)
        self.variable = variable
        self._lock = Lock()
        self._found: dict[str, Credentials | None] = {}

    @classmethod
    def of(cls, environment: Mapping[str, str], authfile: str = "", *, user: int | None = None) -> Self:
        """From where Docker, Podman and Buildah look: `authfile`, $REGISTRY_AUTH_FILE, $DOCKER_CONFIG/config.json, each of
        which is the only one where it is named; else ~/.docker/config.json, and auth.json of the containers tools, which
        is in a directory of the `user` with that number where the environment names none.
        """
        text = environment.get(VARIABLE, "")
        variable = LoginFile(Path(VARIABLE), text=text) if text.strip() else None
        if named := authfile or environment.get("REGISTRY_AUTH_FILE", ""):
            return cls([LoginFile(Path(named))], None if authfile else variable)
        if folder := environment.get("DOCKER_CONFIG", ""):
            return cls([LoginFile(Path(folder) / "config.json")], variable)
        home = Path(environment.get("HOME", "") or "/")
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        containers = [Path(runtime) / "containers"] if runtime else []
        if not runtime and user is not None:
            containers = [Path("/run/containers") / str(user)]
        containers.append(Path(environment.get("XDG_CONFIG_HOME", "") or home / ".config") / "containers")
        paths = [home / ".docker/config.json", *(place / "auth.json" for place in containers)]
        return cls([LoginFile(path) for path in paths], variable)

    def __call__(self, place: str) -> Credentials | None:
        """Raises RegistryError where a file or a helper program is broken."""
        with self._lock:
            if place not in self._found:
                every = [*([self.variable] if self.variable else []), *self.files]
                self._found[place] = next((found for file in every if (found := file.find(place))), None)
            return self._found[place]
