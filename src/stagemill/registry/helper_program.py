"""`HelperProgram`: a program named docker-credential-*, which keeps logins for Docker's tools.

Source: docker/docker-credential-helpers, its README. Secrets are written to its standard input, and never into an argument.
"""

from __future__ import annotations

import json as standard
import subprocess
from typing import Literal, TypeAlias

from stagemill.errors import RegistryError
from stagemill.oci import document as json
from stagemill.registry.credentials import Credentials, hidden
from stagemill.values import dataclass

_TIMEOUT = 60.0
_TOKEN = "<token>"  # noqa: S105  # the name that an identity token has instead of a user's
_Verb: TypeAlias = Literal["get", "store", "erase", "list"]
_DOES = {
    "get": "did not give the credentials of",
    "store": "did not keep the credentials of",
    "erase": "did not forget the credentials of",
    "list": "did not list",
}


@dataclass(frozen=True, slots=True)
class HelperProgram:
    """`name` is what follows `docker-credential-`. What fails is a RegistryError with a hint."""

    name: str

    @property
    def program(self) -> str:
        return f"docker-credential-{self.name}"

    def get(self, server: str) -> Credentials | None:
        """What it knows of a server; None where it knows nothing. Raises MalformedError for an answer that is none."""
        answer = self._call("get", server)
        if answer is None:
            return None
        document = json.parse_object(answer, f"the answer of {self.program}")
        username, secret = hidden(document, "Username"), hidden(document, "Secret")
        return Credentials(identity_token=secret) if username == _TOKEN else Credentials(username, secret)

    def store(self, server: str, credentials: Credentials) -> None:
        """It knows them afterwards."""
        named = {"Username": credentials.username, "Secret": credentials.password}
        if credentials.identity_token:
            named = {"Username": _TOKEN, "Secret": credentials.identity_token}
        try:
            self._call("store", server, standard.dumps({"ServerURL": server, **named}))
        except RegistryError as error:
            told = [text.replace(named["Secret"], "***") for text in (error.message, error.hint or "")]
            raise RegistryError(told[0], hint=told[1]) from None

    def erase(self, server: str) -> bool:
        """It knows nothing of the server afterwards; whether it did before, as far as it says."""
        return self._call("erase", server) is not None

    def servers(self) -> tuple[str, ...]:
        """All that it knows something of. Raises MalformedError."""
        return tuple(sorted(json.parse_object(self._call("list", "servers") or b"{}", f"the list of {self.program}")))

    def _call(self, verb: _Verb, server: str, text: str = "") -> bytes | None:
        """What it prints; None where it says that it does not know the server."""
        hint = f"install {self.program}, or remove it from docker's config.json"
        try:
            done = subprocess.run(  # noqa: PLW1510  # its status is looked at below
                [self.program, verb], input=(text or server).encode(), capture_output=True, timeout=_TIMEOUT
            )
        except FileNotFoundError as error:
            raise RegistryError(f"docker's config.json names {self.program}, which is not there", hint=hint) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            why = "it does not end" if isinstance(error, subprocess.TimeoutExpired) else error.strerror or error
            raise RegistryError(f"{self.program} {_DOES[verb]} {server}: {why}", hint=hint) from error
        if not done.returncode:
            return done.stdout
        said = (done.stdout or done.stderr).decode(errors="replace").strip()
        if verb in {"get", "erase"} and "not found" in said:
            return None
        raise RegistryError(f"{self.program} {_DOES[verb]} {server}: {said or 'no reason given'}", hint=hint)
