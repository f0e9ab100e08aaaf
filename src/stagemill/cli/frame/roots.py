"""Where the store and the configuration are. Small, for what has no time to load more."""

from __future__ import annotations

import os
from collections.abc import Mapping

CONFIG_OF_ROOT = "/etc/stagemill/config.toml"


def store_root(environment: Mapping[str, str], *, root: bool) -> str:
    """`$STAGEMILL_ROOT`, else /var/lib/stagemill for root and the XDG data directory for a user."""
    if given := environment.get("STAGEMILL_ROOT"):
        return _absolute(given)
    if root:
        return "/var/lib/stagemill"
    data = environment.get("XDG_DATA_HOME") or os.path.join(environment.get("HOME", "/"), ".local/share")
    return os.path.join(data, "stagemill")


def config_path(environment: Mapping[str, str], *, root: bool) -> str:
    """`$STAGEMILL_CONFIG`, else config.toml in /etc/stagemill for root or the XDG config directory for a user."""
    if given := environment.get("STAGEMILL_CONFIG"):
        return _absolute(given)
    config = environment.get("XDG_CONFIG_HOME")
    if config is None and root and os.path.exists(CONFIG_OF_ROOT):
        return CONFIG_OF_ROOT
    return os.path.join(config or os.path.join(environment.get("HOME", "/"), ".config"), "stagemill", "config.toml")


def _absolute(path: str) -> str:
    """One that is absolute needs no working directory, which may be gone."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
