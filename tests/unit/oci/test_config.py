"""The config of an image: what is read is written again, keys that we do not know too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stagemill.digest import Digest
from stagemill.oci.config import Healthcheck, History, ImageConfig, RunConfig
from stagemill.oci.document import MalformedError
from stagemill.oci.platform import Platform

D = Digest.of(b"x")
FULL = {
    "architecture": "arm",
    "os": "linux",
    "variant": "v7",
    "os.version": "10",
    "os.features": ["a"],
    "created": "2024-01-02T03:04:05.678901234Z",
    "author": "Ä <a@b>",
    "moby.buildkit.cache.v0": {"x": [1, None, 2.5]},
    "config": {
        "User": "app:app",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Env": ["PATH=/bin", "A=", "B=x=y"],
        "Entrypoint": ["/x"],
        "Cmd": ["a", ""],
        "Volumes": {"/v": {}},
        "WorkingDir": "/w",
        "Labels": {"b": "2", "a": "1"},
        "StopSignal": "SIGINT",
        "Shell": ["/bin/bash", "-c"],
        "Healthcheck": {
            "Test": ["CMD", "x"],
            "Interval": 1,
            "Timeout": 2,
            "StartPeriod": 3,
            "StartInterval": 4,
            "Retries": 5,
        },
        "OnBuild": ["RUN x"],
        "ArgsEscaped": True,
        "Memory": 0,
    },
    "rootfs": {"type": "layers", "diff_ids": [D]},
    "history": [
        {"created": "2024-01-02T03:04:05Z", "created_by": "ADD x", "author": "a", "comment": "c"},
        {"created_by": "ENV A=1", "empty_layer": True},
    ],
}


def test_a_full_config_is_written_as_it_was_read() -> None:
    config = ImageConfig.parse(json.dumps(FULL).encode())

    assert json.loads(config.serialize()) == FULL
    assert ImageConfig.parse(config.serialize()) == config


def test_its_parts_are_known() -> None:
    config = ImageConfig.parse(json.dumps(FULL).encode())

    assert config.platform == Platform("linux", "arm", "v7", "10", ("a",))
    assert (config.created, config.author, config.diff_ids) == ("2024-01-02T03:04:05.678901234Z", "Ä <a@b>", (D,))
    assert config.history[1] == History("ENV A=1", empty_layer=True)
    assert config.config.env == (("PATH", "/bin"), ("A", ""), ("B", "x=y"))
    assert config.config.healthcheck == Healthcheck(("CMD", "x"), 1, 2, 3, 4, 5)
    assert config.config.other == {"ArgsEscaped": True, "Memory": 0}
    assert set(config.other) == {"moby.buildkit.cache.v0"}


def test_the_least_config_is_read() -> None:
    config = ImageConfig.parse(b"{}")

    assert config == ImageConfig(Platform("", ""))
    assert config.config == RunConfig()


def test_null_is_not_set_and_an_empty_list_is_empty() -> None:
    config = ImageConfig.parse(b'{"config": {"Cmd": [], "Entrypoint": null, "Env": null, "Labels": null}}').config

    assert (config.cmd, config.entrypoint, config.env, config.labels) == ((), None, (), {})
    assert config.to_json() == {"Cmd": []}


def test_what_is_not_set_is_not_written() -> None:
    assert RunConfig().to_json() == {}
    assert Healthcheck(("NONE",)).to_json() == {"Test": ["NONE"]}
    assert History().to_json() == {}
    assert json.loads(ImageConfig(Platform("linux", "amd64")).serialize()) == {
        "architecture": "amd64",
        "config": {},
        "history": [],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": []},
    }


def test_equal_configs_have_equal_bytes() -> None:
    one = RunConfig(labels={"a": "1", "b": "2"}, exposed_ports=("80/tcp", "53/udp"), volumes=("/b", "/a"))
    other = RunConfig(labels={"b": "2", "a": "1"}, exposed_ports=("53/udp", "80/tcp"), volumes=("/a", "/b"))
    platform = Platform("linux", "amd64")

    assert ImageConfig(platform, one).serialize() == ImageConfig(platform, other).serialize()


def test_bytes_stay_as_they_are() -> None:
    config = ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("é",)), created="2024-01-01T00:00:00Z")

    assert (
        config.serialize()
        == (
            '{"architecture":"amd64","config":{"Cmd":["é"]},"created":"2024-01-01T00:00:00Z","history":[],"os":"linux",'
            '"rootfs":{"diff_ids":[],"type":"layers"}}'
        ).encode()
    )


def test_what_is_no_utf8_becomes_the_sign_for_no_character() -> None:
    config = ImageConfig(Platform("linux", "amd64"), RunConfig(labels={"a": "\udcff\ud800"}))

    assert json.loads(config.serialize())["config"]["Labels"] == {"a": "\ufffd\ufffd"}


def test_a_config_can_be_changed_into_another() -> None:
    config = ImageConfig.parse(json.dumps(FULL).encode())

    assert replace(config, config=replace(config.config, user="x")).config.user == "x"
    assert config.config.user == "app:app"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "image config is no JSON object"),
        (b'{"rootfs": {"diff_ids": ["x"]}}', "not a sha256 digest: 'x'"),
        (b'{"rootfs": {"diff_ids": [1]}}', "'diff_ids' holds 1, not a string"),
        (b'{"config": {"Env": "A=1"}}', "'Env' is 'A=1', not an array"),
        (b'{"config": {"Labels": {"a": 1}}}', "'Labels' holds 'a': 1, not a string"),
        (b'{"history": [1]}', "'history' holds 1, not an object"),
        (b'{"created": 5}', "'created' is 5, not a string"),
    ],
)
def test_what_is_no_config_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        ImageConfig.parse(data)

    assert str(caught.value) == message
