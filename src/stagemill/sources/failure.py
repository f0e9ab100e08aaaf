"""What a person is told where git failed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from stagemill.errors import SourceError
from stagemill.location import GitLocation
from stagemill.regex import regex
from stagemill.sources.program import GitFailure

_LOGIN = ("Authentication failed", "could not read Username", "could not read Password", "error: 401", "error: 403")
_MISSING = ("not found", "does not appear to be a git repository", "Repository not found", "error: 404")
_HOST = ("Could not resolve host", "Name or service not known", "unable to look up", "Could not resolve hostname")
_CONNECTION = ("Failed to connect", "Couldn't connect", "Connection refused", "timed out", "unable to connect")
_TLS = ("certificate", "SSL", "gnutls")
_SSH = ("Permission denied (", "Host key verification failed", "Could not read from remote repository")
_REDIRECT = ("error: 301", "error: 302", "error: 307", "error: 308", "redirect")
_PROTOCOL = ("transport '",)
_FINAL = (*_LOGIN, *_HOST, *_CONNECTION, *_SSH, *_PROTOCOL, "certificate problem")
_NOISE = regex(
    r"^(?:Cloning into|hint:|warning:|Submodule|remote: (?:Enumerating|Counting|Compressing)).*\n?", re.MULTILINE
)
_MOST_LINES = 3


def is_final(failure: GitFailure) -> bool:
    """Whether asking in another way is of no use."""
    return _has(failure.said, _FINAL)


def explain(failure: GitFailure, what: str, location: GitLocation, *, with_login: bool) -> SourceError:
    """The error of a repository, `what` with its ref."""
    said = failure.said
    lines = _NOISE.sub("", said).strip().splitlines() or said.strip().splitlines()
    reason = "; ".join(line.removeprefix("fatal: ").strip() for line in lines[-_MOST_LINES:] if line.strip())
    return SourceError(f"cannot fetch {what}: {reason}", hint=_hint(said, location, with_login=with_login))


def _hint(said: str, location: GitLocation, *, with_login: bool) -> str:
    host = urlsplit(location.remote).netloc
    token = f"--secret id=GIT_AUTH_TOKEN.{location.host},env=VARIABLE"
    hints = (
        (_PROTOCOL, "repositories and submodules are fetched by http, https, ssh and git only"),
        (_HOST, "correct the host, or check the network"),
        (_CONNECTION, "check the host, the network and the proxy settings"),
        (_SSH, "has the agent of --ssh default a key that the server knows? `ssh-add -l` lists them"),
        (_LOGIN, "check the secret: its token is not taken" if with_login else f"it may want a token: {token}"),
        (_REDIRECT if with_login else (), "use the URL it has moved to: a login is not taken along"),
        (_MISSING, f"correct the URL; a private repository needs a token: {token}"),
        (_TLS, f'name the certificates of its authority in config.toml: [registry."{host}"] ca = "file.pem"'),
    )
    return next((hint for signs, hint in hints if _has(said, signs)), "check the URL, and try again")


def _has(said: str, signs: tuple[str, ...]) -> bool:
    return any(sign in said for sign in signs)
