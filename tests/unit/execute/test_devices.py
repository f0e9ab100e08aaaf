"""Devices as files describe them. Source: the Container Device Interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stagemill.errors import StagemillError
from stagemill.execute.cdi import Edits
from stagemill.execute.devices import DeviceBook
from stagemill.sandbox.process import Bind, Tmpfs

FREE = {"org.mobyproject.buildkit.device.autoallow": "true"}


def book(folder: Path, **documents: Any) -> DeviceBook:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return DeviceBook([folder])


def spec(*names: str, kind: str = "example.com/gpu", **more: Any) -> dict[str, Any]:
    devices = [{"name": name, "containerEdits": {"env": [f"GPU={name}"]}} for name in names]
    return {"cdiVersion": "0.6.0", "kind": kind, "devices": devices, **more}


def test_a_device_brings_what_its_file_says(tmp_path: Path) -> None:
    edits = {
        "env": ["A=1=2", "B="],
        "deviceNodes": [{"path": "/dev/gpu0"}, {"path": "/dev/in", "hostPath": "/dev/out"}],
        "mounts": [
            {"hostPath": "/lib/gpu.so", "containerPath": "/usr/lib/gpu.so", "options": ["ro", "nosuid"]},
            {"hostPath": "/var/gpu", "containerPath": "/var/gpu"},
            {"containerPath": "/scratch", "type": "tmpfs"},
        ],
        "additionalGids": [44],
        "hooks": [{"hookName": "createContainer", "path": "/bin/hook"}],
    }
    found = book(tmp_path, a=spec("0", containerEdits=edits)).edits("example.com/gpu=0")

    assert found == Edits(
        env=(("A", "1=2"), ("B", ""), ("GPU", "0")),
        mounts=(
            Bind(Path("/dev/gpu0"), "/dev/gpu0", read_only=False),
            Bind(Path("/dev/out"), "/dev/in", read_only=False),
            Bind(Path("/lib/gpu.so"), "/usr/lib/gpu.so", read_only=True),
            Bind(Path("/var/gpu"), "/var/gpu", read_only=False),
            Tmpfs("/scratch"),
        ),
        groups=(44,),
        hooks=1,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.com/gpu=1", ["1"]),
        ("example.com/gpu", ["0"]),
        ("example.com/gpu=*", ["0", "1"]),
        ("fast", ["0", "1"]),
        ("example.com/gpu=2", None),
        ("other.com/gpu", None),
    ],
)
def test_a_name_is_one_device_the_first_of_a_kind_all_of_it_or_a_class(
    tmp_path: Path, name: str, expected: list[str] | None
) -> None:
    devices = book(tmp_path, a=spec("1", "0", annotations={"org.mobyproject.buildkit.device.class": "fast"}))

    found = devices.edits(name)

    assert (found and [value for _, value in found.env]) == expected


def test_only_a_device_that_says_so_is_anybodys(tmp_path: Path) -> None:
    devices = book(tmp_path, a=spec("0", annotations=FREE), b=spec("0", kind="example.com/tpu"))

    assert devices.is_free("example.com/gpu=0") is True
    assert devices.is_free("example.com/tpu=0") is False
    assert devices.is_free("example.com/npu=0") is None


def test_a_later_directory_wins(tmp_path: Path) -> None:
    for name, notes in (("a", {}), ("b", FREE)):
        (tmp_path / name).mkdir()
        book(tmp_path / name, gpu=spec("0", annotations=notes))

    assert DeviceBook([tmp_path / "a", tmp_path / "b"]).is_free("example.com/gpu=0") is True


def test_what_to_do_for_a_missing_device_is_told(tmp_path: Path) -> None:
    assert DeviceBook([tmp_path]).advice() == f"describe it in a JSON or YAML file in {tmp_path}"
    assert book(tmp_path, b=spec("0", "1")).advice() == "there are example.com/gpu=0, example.com/gpu=1"


def test_a_file_may_be_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "kind: example.com/gpu\ndevices:\n- name: '0'\n  containerEdits:\n    env: [A=1]\n"
    )
    (tmp_path / "b.yml").write_text(json.dumps(spec("1")))

    edits = DeviceBook([tmp_path]).edits("example.com/gpu=0")

    assert edits is not None
    assert edits.env == (("A", "1"),)
    assert DeviceBook([tmp_path]).is_free("example.com/gpu=1") is False


def test_a_file_that_is_no_yaml_is_named_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: [a\n")

    with pytest.raises(StagemillError) as caught:
        DeviceBook([tmp_path]).advice()

    assert caught.value.message.startswith(f"{tmp_path}/a.yaml is no YAML: ")
    assert "line 2" in caught.value.message
    assert caught.value.hint == "mend it, or remove it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON: "),
        ("[]", "the file is not an object"),
        ('{"kind": 1}', "kind is not a text"),
        ('{"kind": "a/b", "devices": {}}', "devices is not a list"),
        ('{"kind": "a/b", "devices": [{"name": "x", "containerEdits": {"env": [1]}}]}', "an item of env is not a text"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(StagemillError) as caught:
        DeviceBook([tmp_path]).is_free("a/b=x")

    assert message in caught.value.message
    assert str(tmp_path / "a.json") in caught.value.message
    assert caught.value.hint
