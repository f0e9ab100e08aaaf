"""`Builds`: what a build asks of others, made for a test: each call is a build of its own, with one store."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from stagemill import events
from stagemill.registry.config import RegistryConfig
from stagemill.sources.remotes import Remotes, Settings
from stagemill.store.store import Store


@dataclass
class Builds:
    """Each call is a build of its own: what it asks for, and what it says of it in `heard`."""

    store: Store
    heard: list[events.Event] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __call__(self, **settings: Any) -> Remotes:
        given: dict[str, Any] = {
            "config": RegistryConfig,
            "user_agent": "stagemill/test",
            "environment": {"PATH": os.environ["PATH"]},
            "sleep": self.pauses.append,
            **settings,
        }
        return Remotes(self.store, Settings(**given), listener=self.heard.append, clock=lambda: 0.0)
