"""Who asks: the `Authorization` of a request, from the secrets of the command line or the login in a URL.

Source: BuildKit's Dockerfile reference, "ADD", "Secrets", and Docker's "Build secrets"; names and order are BuildKit's.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import field

from stagemill.errors import SourceError
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Authorizations:
    """The header values that there are. None of them is ever printed."""

    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def http(self, host: str, login: str) -> str:
        """The header for a file of a host (without port), or "". Raises SourceError for a secret that is no header."""
        token = self._secret(f"HTTP_AUTH_TOKEN_{host}")
        header = f"Bearer {token}" if token else self._secret(f"HTTP_AUTH_HEADER_{host}")
        return header or _basic(login)

    def git(self, hosts: tuple[str, ...], login: str) -> str:
        """The header for a repository, whose host has these names; that of its host comes before that of any."""
        for suffix in (*(f".{host}" for host in hosts), ""):
            if header := self._secret(f"GIT_AUTH_HEADER{suffix}"):
                return header
            if token := self._secret(f"GIT_AUTH_TOKEN{suffix}"):
                return _basic(f"x-access-token:{token}")
        return _basic(login)

    def _secret(self, name: str) -> str:
        """A secret as one line of text; files that hold one end with a newline."""
        text = self.secrets.get(name, b"").decode("latin-1").strip("\r\n")
        if not all(" " <= sign <= "~" for sign in text):
            raise SourceError(
                f"the secret {name} is no text of one line", hint="give a token or a header, nothing else"
            )
        return text


def _basic(login: str) -> str:
    """Source: RFC 7617. A login without a password is a user name."""
    if not login:
        return ""
    user, _, password = login.partition(":")
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
