"""What the program takes from its surroundings: where the store is, the configuration, the host's network files."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.cli.again.unanswered import Unanswered
from stagemill.cli.frame import roots
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.stopping import interruptible
from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
from stagemill.events import Listener, ignore
from stagemill.execute.services import Host, Services
from stagemill.files.view import FileView
from stagemill.layer.restart import look_over
from stagemill.oci.blobs import BlobSource
from stagemill.oci.reference import Reference
from stagemill.sandbox import userns
from stagemill.sandbox.late import LateSandbox
from stagemill.sources.remotes import Remotes, Settings
from stagemill.store.store import Store
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports
    from stagemill.cli.given.every_run import Surroundings
    from stagemill.cli.given.secrets import Ssh
    from stagemill.execute.agents import Agent
    from stagemill.execute.pausing import Pauser
    from stagemill.lock.kept import KeptLock
    from stagemill.registry.client import RegistryClient
    from stagemill.registry.config import RegistryConfig
    from stagemill.registry.destination import Destination
    from stagemill.registry.heads import Head
    from stagemill.sources.pins import Pins
    from stagemill.sources.policy import Judge

SOURCE_POLICY = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"
CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def store_root(environment: Mapping[str, str], *, root: bool) -> Path:
    """Where the store is."""
    return Path(roots.store_root(environment, root=root))


def config_path(environment: Mapping[str, str], *, root: bool) -> Path:
    """Where the configuration is, if there is one."""
    return Path(roots.config_path(environment, root=root))


def device_directories(environment: Mapping[str, str]) -> list[Path]:
    """Where devices are described: `$CDI_SPEC_DIRS`, else the usual places."""
    given = environment.get("CDI_SPEC_DIRS") or "/etc/cdi:/var/run/cdi"
    return [Path(place).absolute() for place in given.split(":") if place]


def platform_is_linux() -> bool:
    return os.uname().sysname == "Linux"


def ca_bundle(given: str | None) -> Path | None:
    """What `--host-ca` names: `auto` is the host's own bundle. Raises UsageError where there is none."""
    if given is None:
        return None
    if given != "auto":
        path = Path(given).absolute()
        if not path.is_file():
            raise UsageError(
                f"--host-ca: there is no file {given}", hint="name a file with CA certificates in PEM form"
            )
        return path
    found = next((Path(path) for path in CA_BUNDLES if os.path.isfile(path)), None)
    if found is None:
        hint = "install ca-certificates, or name the file with --host-ca=FILE"
        raise UsageError("--host-ca: this machine has no CA bundle at the usual places", hint=hint)
    return found


@dataclass
class Workplace:
    """An open store with what belongs to it; the registry client is made when it is first needed.

    `access` says how the command line reaches others. `judges` say what a build may have, beside the policy that the
    environment names; `pins` what names stand for, and `lock` is what they are of where a build is held to it. `pauser` is asked
    where a RUN fails. `meanwhile` is called while a process runs. `unanswered` says what registries were asked before the build began.
    """

    store: Store
    config: Path
    environment: Mapping[str, str]

    remotes: list[Remotes] = field(default_factory=list)
    access: Access = field(default_factory=Access)
    judges: tuple[Judge, ...] = ()
    pins: Pins | None = None
    lock: KeptLock | None = None
    pauser: Pauser | None = None
    meanwhile: Callable[[], None] | None = None
    unanswered: Unanswered = field(default_factory=Unanswered)
    _told: dict[str, Head] = field(default_factory=dict)

    @cached_property
    def registry_config(self) -> RegistryConfig:
        return self.access.config(self.config, self.environment)

    def _source_config(self) -> RegistryConfig:
        """What counts for URLs: the flags about registries do not."""
        from stagemill.registry.certificates import no_certificates

        return replace(self.registry_config, verify=None, certificates=no_certificates)

    @cached_property
    def policy(self) -> Judge | None:
        """What builds may have; None is anything. Raises UsageError."""
        rules = self._source_policy()
        judges = (*((rules,) if rules else ()), *self.judges)
        if len(judges) < 2:
            return next(iter(judges), None)
        from stagemill.sources.policy import Judges

        return Judges(judges)

    def _source_policy(self) -> Judge | None:
        """$EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names a file of rules. Raises UsageError."""
        if not (name := self.environment.get(SOURCE_POLICY)):
            return None
        from stagemill.sources.policy_file import parse

        try:
            text = Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            hint = f"{SOURCE_POLICY} names it: correct the path, or unset the variable"
            raise UsageError(f"cannot read the source policy {name}: {(why or '').lower()}", hint=hint) from error
        return parse(text, name)

    @cached_property
    def registry(self) -> RegistryClient:
        from stagemill.registry.client import RegistryClient
        from stagemill.registry.retry import Retries

        return RegistryClient(self.registry_config, user_agent=user_agent(), retries=self.access.retries or Retries())

    @cached_property
    def insecure_registry(self) -> RegistryClient:
        """One to write to registries whose certificate nobody checks, or that speak http."""
        from stagemill.registry.client import RegistryClient
        from stagemill.registry.retry import Retries

        config = replace(self.registry_config, verify=False)
        return RegistryClient(config, user_agent=user_agent(), retries=self.access.retries or Retries())

    @cached_property
    def cache_registry(self) -> RegistryClient:
        """One that gives up sooner: without a cache a build only takes longer."""
        from stagemill.registry.client import RegistryClient
        from stagemill.registry.retry import Retries

        retries = Retries(attempts=2, first=0.5, patience=5.0)
        return RegistryClient(self.registry_config, user_agent=user_agent(), retries=retries)

    def open_remotes(
        self, *, listener: Listener = ignore, secrets: Mapping[str, bytes], agents: Mapping[str, Path]
    ) -> Remotes:
        """Finds what URLs name; the secrets say who asks. It ends when the workplace does."""
        known_hosts = Path(self.environment.get("HOME", "/"), ".ssh", "known_hosts")
        settings = Settings(
            config=self._source_config,
            user_agent=user_agent(),
            environment=self.environment,
            secrets=secrets,
            agents=agents,
            known_hosts=known_hosts if known_hosts.is_file() else None,
            limit=self._largest_download,
            policy=self.policy,
            pins=self.pins,
            retries=self.access.retries,
        )
        remotes = Remotes(self.store, settings, listener=listener, clock=time.time)
        self.remotes.append(remotes)
        return remotes

    def _largest_download(self) -> int | None:
        from stagemill.registry.config import largest_download

        return largest_download(text_of(self.config), path=self.config)

    @property
    def largest_cache(self) -> int | None:
        """The bytes that the configuration leaves the store after a build."""
        text = text_of(self.config)
        if "cache" not in text:
            return None  # without loading what reads it
        from stagemill.registry.config import largest_cache

        return largest_cache(text, path=self.config)

    def hang_up(self) -> None:
        """Ends what is under way with others, if anything is: who waits for bytes gets CancelledError."""
        for name in "registry", "cache_registry", "insecure_registry":
            if name in self.__dict__:
                self.__dict__[name].close()
        for remotes in self.remotes:
            remotes.close()

    def destination(self, reference: Reference) -> Destination:
        return self.registry.destination(reference)

    def insecure_destination(self, reference: Reference) -> Destination:
        return self.insecure_registry.destination(reference)

    def told(self, reference: Reference) -> Digest | None:
        """What a registry has just said that a name stands for, where it was asked while the program began."""
        said = self.unanswered.said(str(reference))
        if said is None:
            return None
        from stagemill.registry.heads import Head

        try:
            digest = Digest(said["digest"])
        except ValueError:
            return None  # the client asks again, and explains
        self._told[str(reference)] = Head(digest, said["url"], said["host"])
        return digest

    def heads(self) -> dict[str, Head]:
        """What registries said that names stand for, by reference."""
        return self._told | (self.registry.heads.found if "registry" in vars(self) else {})

    def remote(self, reference: str) -> BlobSource:
        return self.registry.blobs(Reference.parse(reference))

    def host(self, given_bundle: str | None, surroundings: Surroundings | None = None) -> Host:
        try:
            resolv_conf = Path("/etc/resolv.conf").read_text(errors="replace")
        except OSError:
            resolv_conf = ""
        search = self.environment.get("PATH", os.defpath)
        if surroundings is None:
            return Host(resolv_conf, ca_bundle(given_bundle), search=search)
        from stagemill.execute.devices import DeviceBook

        return Host(
            surroundings.dns.applied(resolv_conf) if surroundings.dns else resolv_conf,
            ca_bundle(given_bundle),
            surroundings.resources,
            DeviceBook(device_directories(self.environment)),
            search,
        )

    @contextmanager
    def services(
        self,
        *,
        listener: Listener = ignore,
        host_ca: str | None = None,
        contexts: Mapping[str, FileView] | None = None,
        secrets: Mapping[str, bytes] | None = None,
        ssh: Mapping[str, Ssh] | None = None,
        surroundings: Surroundings | None = None,
        imports: Imports | None = None,
    ) -> Iterator[Services]:
        """What a build works with; the sandbox's helper ends with the block."""
        with self._sandbox() as sandbox, self._agents(ssh or {}) as agents:
            sockets = {name: agent.socket for name, agent in agents.items()}
            yield Services(
                store=self.store,
                sandbox=sandbox,
                remote=self.remote,
                remotes=self.open_remotes(listener=listener, secrets=secrets or {}, agents=sockets),
                listener=listener,
                clock=time.time,
                host=self.host(host_ca, surroundings),
                contexts=contexts or {},
                secrets=secrets or {},
                agents=agents,
                imports=imports,
                destination=self.destination,
                insecure=self.insecure_destination,
                pauser=self.pauser,
            )

    def _sandbox(self) -> LateSandbox:
        """The one that gets ready already, or a new one."""
        sandbox = self.unanswered.take_sandbox() or LateSandbox(state=self.store.root / "mounts")
        sandbox.meanwhile = self.meanwhile
        return sandbox

    @contextmanager
    def _agents(self, given: Mapping[str, Ssh]) -> Iterator[Mapping[str, Agent]]:
        """The agents by id; those of keys run for as long as the block lasts."""
        found = {name: one.agent for name, one in given.items() if one.agent}
        with ExitStack() as stack:
            for name, one in given.items():
                if one.keys:
                    from stagemill.execute.agents import Agent
                    from stagemill.execute.keyring import keyring

                    running = keyring(one.keys, self.store, environment=self.environment)
                    found[name] = Agent(stack.enter_context(running))
            yield found


def user_agent() -> str:
    """By what name servers are asked."""
    from stagemill import __version__

    return f"stagemill/{__version__}"


def text_of(path: Path) -> str:
    """A configuration file's text, empty where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise StagemillError(f"cannot read {path}: {why}", hint="make it readable, or remove it") from error


def _tell(text: str) -> None:
    """What the store mended when it was opened."""
    sys.stderr.write(f"note: {text}\n")


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Opens the store; an ordinary user is root of a user namespace from here on."""
    if not platform_is_linux():
        raise StagemillError("stagemill builds images on Linux only", hint="run it in a Linux virtual machine")
    root = os.geteuid() == 0
    location = store_root(os.environ, root=root)
    config = config_path(os.environ, root=root)
    userns.enter()
    store = Store.open(location, report=_tell)
    place = Workplace(store, config, dict(os.environ))
    with store, interruptible(place.hang_up):
        try:
            look_over(store, _tell)
            yield place
        finally:
            place.hang_up()
