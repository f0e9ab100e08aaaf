from __future__ import annotations

import os

import pytest

from stagemill.cli.frame.roots import config_path, store_root


@pytest.mark.parametrize(
    ("environment", "root", "place"),
    [
        ({"STAGEMILL_ROOT": "/somewhere", "HOME": "/home/a"}, True, "/somewhere"),
        ({"HOME": "/home/a"}, True, "/var/lib/stagemill"),
        ({"HOME": "/home/a"}, False, "/home/a/.local/share/stagemill"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, False, "/data/stagemill"),
    ],
)
def test_where_the_store_is(environment: dict[str, str], root: bool, place: str) -> None:
    assert store_root(environment, root=root) == place


@pytest.mark.parametrize(
    ("environment", "root", "place"),
    [
        ({"STAGEMILL_CONFIG": "/c.toml", "HOME": "/home/a"}, True, "/c.toml"),
        ({"HOME": "/home/a"}, False, "/home/a/.config/stagemill/config.toml"),
        ({"HOME": "/home/a", "XDG_CONFIG_HOME": "/config"}, True, "/config/stagemill/config.toml"),
    ],
)
def test_where_the_configuration_is(environment: dict[str, str], root: bool, place: str) -> None:
    assert config_path(environment, root=root) == place


def test_relative_places_are_seen_from_here() -> None:
    assert store_root({"STAGEMILL_ROOT": "store"}, root=True) == f"{os.getcwd()}/store"
