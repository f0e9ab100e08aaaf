"""Asks a registry for the digest that a name has, by all the means of the registry client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from stagemill.cli.frame import roots
from stagemill.cli.frame.access import Access
from stagemill.cli.frame.environment import user_agent
from stagemill.errors import StagemillError
from stagemill.oci.reference import Reference
from stagemill.registry.client import RegistryClient


def head(reference: str, environment: Mapping[str, str]) -> str | None:
    """None where it cannot be had."""
    path = Path(roots.config_path(environment, root=os.geteuid() == 0))
    try:
        with RegistryClient(Access().config(path, environment), user_agent=user_agent()) as client:
            return client.head(Reference.parse(reference))
    except StagemillError:
        return None
