"""`Access`: how a command line reaches registries: who asks, whom to trust, how often. Spelling: buildah's.

Nothing of the registry's client is loaded before something is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagemill.cli.frame.command import AttachedOption, Option, truth
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags
from stagemill.errors import UsageError
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.registry.client import RegistryClient
    from stagemill.registry.config import RegistryConfig
    from stagemill.registry.credentials import Credentials
    from stagemill.registry.logins import Logins
    from stagemill.registry.retry import Retries


def options(*, creds: bool = True) -> Iterator[Option]:
    """Without `creds` for commands that keep them, or need none."""
    yield Option(
        ["--authfile"], metavar="FILE", help="A file of logins, such as docker login writes, instead of the usual ones."
    )
    if creds:
        yield Option(
            ["--creds"],
            metavar="USER[:PASSWORD]",
            help="Who asks registries, instead of any login; others on this machine can read it here.",
        )
    yield Option(
        ["--cert-dir"],
        metavar="DIRECTORY",
        help="Where certificates for registries are: authorities *.crt, and what to show *.cert with *.key.",
    )
    yield AttachedOption(
        "--tls-verify",
        alone="true",
        metavar="BOOL",
        text="Speak nothing but https, and check certificates; false: check none, and try http too.",
    )
    yield Option(
        ["--retry"],
        type=click.IntRange(min=0),
        metavar="N",
        help="Ask a registry or another server that fails so many times more. [3]",
    )
    yield Option(
        ["--retry-delay"], metavar="TIME", help="Wait as long in between, such as 2s; else from 1s on ever longer."
    )


@dataclass(frozen=True, slots=True)
class Access:
    """`creds` is `USER:PASSWORD`, for the registry `host` alone where that is named. `verify` is None where nobody said."""

    authfile: str = ""
    creds: str = field(default="", repr=False)
    cert_dir: str = ""
    verify: bool | None = None
    retries: Retries | None = None
    host: str = ""

    @classmethod
    def of(cls, values: Values, *, host: str = "", new: bool = False) -> Access:
        """A `new` file of logins need not be there yet. Raises UsageError."""
        verify = values.text("tls_verify")
        return cls(
            authfile=_file(values.text("authfile") or "", new=new),
            creds=_creds(values.text("creds") if "creds" in values.given else None),
            cert_dir=values.text("cert_dir") or "",
            verify=None if verify is None else truth("--tls-verify", verify),
            retries=flags.retries(values.given["retry"], values.text("retry_delay")),
            host=host,
        )

    def config(self, path: Path, environment: Mapping[str, str]) -> RegistryConfig:
        """What the registry's client has to know; `path` is that of config.toml. Raises StagemillError."""
        from stagemill.cli.frame.environment import text_of
        from stagemill.registry.certificates import CertificateDirectories
        from stagemill.registry.config import RegistryConfig, parse
        from stagemill.registry.proxies import Proxies

        return RegistryConfig(
            parse(text_of(path), path=path),
            credentials=self._credentials(environment),
            proxies=Proxies.of(environment),
            certificates=CertificateDirectories.of(environment, self.cert_dir),
            verify=self.verify,
        )

    def logins(self, environment: Mapping[str, str]) -> Logins:
        """Those that are kept."""
        from stagemill.registry.logins import Logins

        return Logins.of(environment, self.authfile, user=_user())

    def _credentials(self, environment: Mapping[str, str]) -> Callable[[str], Credentials | None]:
        """Those that are kept are looked for when they are first asked for, since most registries ask for none."""
        found: list[Logins] = []

        def find(place: str) -> Credentials | None:
            if not found:
                found.append(self.logins(environment))
            return self._given(found[0], place)

        return find

    def _given(self, logins: Callable[[str], Credentials | None], place: str) -> Credentials | None:
        from stagemill.registry.config import canonical_host
        from stagemill.registry.credentials import Credentials

        host = place.partition("/")[0]
        if self.creds and (not self.host or canonical_host(self.host) == host):
            username, _, password = self.creds.partition(":")
            return Credentials(username, password)
        return logins(place)


@contextmanager
def client(access: Access) -> Iterator[RegistryClient]:
    """A registry's client for commands that need no store."""
    from stagemill.cli.frame.environment import config_path, user_agent
    from stagemill.cli.frame.stopping import interruptible
    from stagemill.registry.client import RegistryClient
    from stagemill.registry.retry import Retries

    path = config_path(os.environ, root=os.geteuid() == 0)
    config = access.config(path, dict(os.environ))
    made = RegistryClient(config, user_agent=user_agent(), retries=access.retries or Retries())
    with made, interruptible(made.close):
        yield made


def _user() -> int:
    """The number that the user has outside of the namespace that this process may have entered."""
    own = os.getuid()
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        inside, outside, count = map(int, line.split())
        if inside <= own < inside + count:
            return outside + own - inside
    return own


def _file(text: str, *, new: bool) -> str:
    """The name of a file of logins."""
    if text and os.path.isdir(text):
        hint = f"name a file: --authfile {os.path.join(text, 'auth.json')}"
        raise UsageError(f"--authfile {text} is a directory", hint=hint)
    if text and not new and not os.path.exists(text):
        raise UsageError(
            f"--authfile: there is no file {text}", hint=f"make one: stagemill login --authfile {text} HOST"
        )
    return text


def _creds(text: str | None) -> str:
    """`USER:PASSWORD`; who gives no password is asked for it, where there is a terminal."""
    if text is None:
        return ""
    name, colon, _ = text.partition(":")
    if not name:
        raise UsageError("invalid --creds: it has no user", hint="write --creds USER:PASSWORD")
    if colon:
        return text
    import sys

    if not sys.stdin.isatty():
        hint = "write --creds USER:PASSWORD, or keep it once and for all: stagemill login --password-stdin"
        raise UsageError("--creds has no password, and there is no terminal to ask for it", hint=hint)
    import getpass

    return f"{text}:{getpass.getpass(f'Password of {name}: ')}"
