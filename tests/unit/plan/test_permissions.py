"""What a RUN may only have where it is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fakes.planning import marked, operations, planned, refused
from stagemill.graph.mounts import HostMount
from stagemill.graph.operations import Run
from stagemill.plan.request import EveryRun

HOST = frozenset({"network.host"})


@dataclass
class FakeDevices:
    """Devices by name, and whether they are anybody's."""

    known: dict[str, bool] = field(default_factory=dict)

    def is_free(self, name: str) -> bool | None:
        return self.known.get(name)

    def advice(self) -> str:
        return "buy one"


GPUS = FakeDevices({"example.com/gpu=0": False, "example.com/free=a": True})


def test_network_is_that_of_the_instruction_or_of_the_request() -> None:
    text = "FROM busybox\nRUN x\nRUN --network=none x\nRUN --network=default x\nRUN --network=host y\n"

    assert [op.network for op in operations(planned(text, allow=HOST), Run)] == ["default", "none", "default", "host"]
    assert [op.network for op in operations(planned(text, allow=HOST, network="none"), Run)] == ["none"] * 3 + ["host"]


def test_the_network_of_the_machine_has_to_be_allowed() -> None:
    error = refused("FROM busybox\nRUN --network=host x\n")

    assert (error.message, error.hint) == ("network.host is not allowed", "build with --allow network.host")
    assert marked(error) == "Dockerfile:2: --network=host"


@pytest.mark.parametrize("allowed", ["device", "device=example.com/gpu", "device=example.com/gpu=0"])
def test_a_device_is_allowed_with_all_by_its_kind_or_by_its_name(allowed: str) -> None:
    text = "FROM busybox\nRUN --device=example.com/gpu=0 x\n"

    plan = planned(text, devices=GPUS, allow=frozenset({allowed}))

    assert operations(plan, Run)[0].devices == (("example.com/gpu=0", False),)


def test_a_dockerfile_may_have_another_name_for_a_device() -> None:
    text = "FROM busybox\nRUN --device=gpu,required x\n"

    plan = planned(text, devices=GPUS, allow=frozenset({"device=example.com/gpu=0,alias=gpu"}))

    assert operations(plan, Run)[0].devices == (("example.com/gpu=0", True),)
    assert refused(text, devices=GPUS, allow=frozenset({"device"})).message == "there is no device gpu on this machine"


def test_a_device_that_is_not_allowed_is_an_error_with_its_place() -> None:
    error = refused("FROM busybox\nRUN --device=example.com/gpu=0 x\n", devices=GPUS)

    assert error.message == "device=example.com/gpu=0 is not allowed"
    assert error.hint == "build with --allow device=example.com/gpu=0"
    assert marked(error) == "Dockerfile:2: --device=example.com/gpu=0"


@pytest.mark.parametrize("flag", ["example.com/free=a", "name=example.com/free=a"])
def test_a_device_that_is_anybodys_needs_no_permission(flag: str) -> None:
    plan = planned(f"FROM busybox\nRUN --device={flag},required x\n", devices=GPUS)

    assert operations(plan, Run)[0].devices == (("example.com/free=a", True),)


def test_a_device_that_is_not_there_is_an_error_only_where_it_is_required() -> None:
    text = "FROM busybox\nRUN --device=none.com/x=1{} y\n"

    error = refused(text.format(",required=true"), devices=GPUS)

    assert (error.message, error.hint) == ("there is no device none.com/x=1 on this machine", "buy one")
    assert operations(planned(text.format(",required=0"), devices=GPUS), Run)[0].devices == (("none.com/x=1", False),)


@pytest.mark.parametrize(
    ("flag", "message", "hint"),
    [
        ("a,requird", "unexpected 'requird' in --device", "did you mean required?"),
        ("a,b=c", "unexpected 'b=c' in --device", "write --device=NAME or --device=NAME,required"),
        ("a,required=maybe", "invalid value for required: 'maybe'", "it is true or false"),
        ("required", "--device needs a name", "write --device=vendor.com/class=name"),
    ],
)
def test_what_is_no_device_is_told(flag: str, message: str, hint: str) -> None:
    error = refused(f"FROM busybox\nRUN --device={flag} x\n")

    assert (error.message, error.hint) == (message, hint)


def test_what_the_command_line_says_of_every_run_is_in_every_run() -> None:
    every = EveryRun(
        ulimits=(("nofile", 1, 2),), shm_size=5, capabilities=("+net_admin",), volumes=(HostMount("/a", "/b"),)
    )

    op = operations(planned("FROM busybox\nRUN x\n", every_run=every), Run)[0]

    assert (op.ulimits, op.shm_size, op.capabilities, op.mounts) == (
        (("nofile", 1, 2),),
        5,
        ("+net_admin",),
        (HostMount("/a", "/b"),),
    )
