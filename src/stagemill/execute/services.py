"""`Services`: the few things with state that a build works with, made once by the command line and passed down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.events import Listener
from stagemill.files.view import FileView
from stagemill.oci.blobs import BlobSource
from stagemill.sandbox.limits import UNLIMITED, Resources
from stagemill.store.store import Store
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cache.imports import Imports
    from stagemill.execute.agents import Agent
    from stagemill.execute.devices import DeviceBook
    from stagemill.execute.pausing import Pauser
    from stagemill.oci.reference import Reference
    from stagemill.registry.destination import Destination
    from stagemill.sandbox.protocol import Sandbox
    from stagemill.sources.remotes import Remotes


@dataclass(frozen=True, slots=True)
class Host:
    """What a RUN takes from the machine: `resolv_conf` is the text of that file, `ca_bundle` the CA certificates to trust.

    `resources` is what it may use at most, `devices` what it can ask for; `search` is where emulators of other platforms
    are looked for, as PATH has it. None of it enters a key, a layer or the history.
    """

    resolv_conf: str = ""
    ca_bundle: Path | None = None
    resources: Resources = UNLIMITED
    devices: DeviceBook | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """`remote(reference)` is where the blobs of an image are; `remotes` finds what URLs name, `contexts` holds the user's files by context name.

    `secrets` are the contents of what RUN may mount by id, `agents` the SSH agents that it may ask. No secret enters a key, a
    layer, the history or a log. `imports` are caches of elsewhere. `destination` opens a
    repository to write to, `insecure` too, without asking for a certificate, and over http. `pauser` is asked where a RUN fails.
    """

    store: Store
    sandbox: Sandbox
    remote: Callable[[str], BlobSource]
    remotes: Remotes
    listener: Listener
    clock: Callable[[], float]
    host: Host = field(default_factory=Host)
    contexts: Mapping[str, FileView] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    imports: Imports | None = None
    destination: Callable[[Reference], Destination] | None = None
    insecure: Callable[[Reference], Destination] | None = None
    pauser: Pauser | None = None

    def repository(self, *, insecure: bool = False) -> Callable[[Reference], Destination]:
        """Who opens repositories for something that is delivered."""
        found = self.insecure if insecure else self.destination
        assert found is not None, "a build that is delivered can reach registries"
        return found
