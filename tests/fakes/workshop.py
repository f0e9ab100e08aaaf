"""`Workshop`: all that a build works with, made for a test: a real store, a sandbox that runs nothing, a clock that counts.

Not a fake itself: planning, solving, copying, packing are done for real. Only RUN does what a test says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event
from typing import TypeVar

from fakes.blobs import MemoryBlobs
from fakes.disk import shown, write
from fakes.sandbox import FakeSandbox
from fakes.stats import MemoryStats
from fakes.tree import Node
from stagemill import events
from stagemill.build import Built, Options, build
from stagemill.cache.imports import Imports
from stagemill.context.directory import DirectoryContext
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.errors import NotFoundError
from stagemill.execute import base
from stagemill.execute.agents import Agent
from stagemill.execute.commit import commit
from stagemill.execute.forms import Forms
from stagemill.execute.pausing import Pauser
from stagemill.execute.resolving import ImageResolver
from stagemill.execute.services import Host, Services
from stagemill.execute.tree import Tree
from stagemill.files.view import FileView
from stagemill.oci.blobs import BlobSource
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, members
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.request import FileContext, Request
from stagemill.registry.config import RegistryConfig
from stagemill.registry.destination import Destination
from stagemill.sources.pins import Pins
from stagemill.sources.policy import Judge
from stagemill.sources.remotes import Remotes, Settings
from stagemill.store.store import Store

T = TypeVar("T")
START = 1_700_000_000.0  # 2023-11-14T22:13:20Z


@dataclass
class FakeRemote:
    """A registry that has some images by their full names, and nobody else's. `asked` has every name."""

    images: dict[str, Image] = field(default_factory=dict)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    asked: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def resolve(self, reference: Reference, platform: Platform, *, shelf: object = None) -> Image:
        self.asked.append(str(reference))
        if str(reference) not in self.images:
            raise NotFoundError(f"there is no image {reference.familiar}", hint="check the name")
        return self.images[str(reference)]

    def platforms(self, reference: Reference, *, shelf: object = None) -> tuple[Platform, ...]:
        return (self.resolve(reference, Platform.local(), shelf=shelf).config.platform,)

    def source(self, reference: str) -> BlobSource:
        """Where an image's blobs are, as `Services.remote` is."""
        self.opened.append(reference)
        return self.blobs


@dataclass
class Workshop:
    root: Path
    store: Store
    sandbox: FakeSandbox = field(default_factory=FakeSandbox)
    remote: FakeRemote = field(default_factory=FakeRemote)
    heard: list[events.Event] = field(default_factory=list)
    host: Host = field(default_factory=Host)
    contexts: dict[str, FileView] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    imports: Imports | None = None
    destination: Callable[[Reference], Destination] | None = None
    pauser: Pauser | None = None
    _seconds: count[int] = field(default_factory=count)

    def clock(self) -> float:
        return START + next(self._seconds)

    @property
    def services(self) -> Services:
        return Services(
            store=self.store,
            sandbox=self.sandbox,
            remote=self.remote.source,
            remotes=self.remotes,
            listener=self.heard.append,
            clock=self.clock,
            host=self.host,
            contexts=self.contexts,
            secrets=self.secrets,
            agents=self.agents,
            imports=self.imports,
            destination=self.destination,
            pauser=self.pauser,
        )

    @property
    def remotes(self) -> Remotes:
        """Finds what URLs on loopback name, as the command line would."""
        settings = Settings(
            RegistryConfig,
            user_agent="test",
            environment={"PATH": os.environ["PATH"]},
            secrets=self.secrets,
            agents={name: agent.socket for name, agent in self.agents.items()},
            sleep=lambda _seconds: None,
        )
        return Remotes(self.store, settings, listener=self.heard.append, clock=self.clock)

    @property
    def forms(self) -> Forms:
        return Forms(self.store, remote=self.remote.source)

    def resolver(
        self,
        *,
        pull: bool = False,
        lenient: bool = False,
        implicit: bool = False,
        several: bool = False,
        policy: Judge | None = None,
        pins: Pins | None = None,
        told: Callable[[Reference], Digest | None] = lambda _name: None,
    ) -> ImageResolver:
        return ImageResolver(
            self.store,
            remote=lambda: self.remote,
            listener=self.heard.append,
            clock=self.clock,
            pull=pull,
            lenient=lenient,
            implicit=implicit,
            several=several,
            policy=policy,
            pins=pins,
            told=told,
        )

    def events(self, kind: type[T]) -> list[T]:
        """What was reported of one kind."""
        return [event for event in self.heard if isinstance(event, kind)]

    def tree(self, nodes: Mapping[str, Node | str], *, on: Tree | None = None) -> Tree:
        """A tree of the store that holds these nodes as one layer, on top of others if there are any."""
        with self.store.layers.workspace() as workspace:
            write(workspace.fs, nodes)
            return commit(workspace, on or Tree(), clock=self.clock)

    def layer(self, tree: Tree, number: int = -1) -> dict[str, str]:
        """What one layer of a tree holds."""
        return shown(self.forms.directories(tree)[number])

    def context(self, nodes: Mapping[str, Node | str]) -> DirectoryContext:
        """The files of a user, in a directory that further calls add to."""
        folder = write(self.root / "context", nodes)
        return DirectoryContext(folder, ignore=None, stats=MemoryStats(), started_ns=0)

    def has_image(self, name: str, item: AnyImage) -> None:
        """Gives the store an image, or an index, with all of its blobs, which are the remote's, under a name."""
        for image in members(item):
            for layer in image.manifest.layers:
                self.store.blobs.put(self.remote.blobs.data[layer.digest])
        base.remember_all(self.store, item, reference="")
        self.store.images.set(str(Reference.parse(name)), item.descriptor, START)

    def build(
        self,
        text: str,
        *,
        files: Mapping[str, Node | str] | None = None,
        options: Options | None = None,
        make: Callable[..., Built] = build,
        **request: object,
    ) -> Built:
        """Builds a Dockerfile, with `files` as its context if there are any."""
        context = None if files is None else FileContext(self.context(files))
        if context:
            self.contexts["context"] = context.view
        wanted = Request(platform=Platform.local(), context=context, **request)  # type: ignore[arg-type]
        return make(parse(text), wanted, self.resolver(), services=self.services, options=options or Options())


def never() -> Event:
    """For what nobody stops."""
    return Event()
