"""A RUN that fails where somebody is asked what is to become of it, in a sandbox that runs nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import pytest

from fakes.sandbox import Call, fails
from fakes.workshop import Workshop
from stagemill.digest import Digest
from stagemill.dockerfile.tree import Dockerfile
from stagemill.errors import CancelledError, Excerpt, StepError
from stagemill.execute.pausing import Standing
from stagemill.execute.progress import quiet
from stagemill.execute.running import Step, run
from stagemill.execute.tree import Tree
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Label, Vertex
from stagemill.plan.planner import Plan
from stagemill.sandbox.process import Bind

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]

BASE = {"etc/passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n"}
OP = Run(args=("/bin/sh", "-c", "make"), env=(("PATH", "/bin"),), cwd="/src", user="node")


class Person:
    """Gives these answers, and opens a shell before each if it is told where."""

    def __init__(self, *answers: bool, opens: Sequence[bool] = ()) -> None:
        self.answers = list(answers)
        self.opens = opens
        self.seen: list[StepError] = []
        self.lets_begin = True

    def stops(self, dockerfile: Dockerfile, plans: Sequence[Plan]) -> frozenset[Digest]:
        raise AssertionError

    def begin(self, standing: Standing) -> bool:
        return self.lets_begin

    def again(self, standing: Standing, error: StepError) -> bool:
        self.seen.append(error)
        for before in self.opens:
            assert standing.open(["sh"], before=before) == 0
        return self.answers.pop(0)


def made(workshop: Workshop, *, cancelled: Event | None = None) -> Tree:
    vertex = Vertex(OP, (), Label("[1/1] RUN make", "0", Excerpt("Dockerfile", 3, 1, 8, "RUN make")))
    step = Step(vertex, quiet, cancelled or Event())
    return run(OP, workshop.tree(BASE), services=workshop.services, forms=workshop.forms, step=step)


def test_it_is_run_again_from_nothing_as_often_as_that_is_wanted(workshop: Workshop) -> None:
    person = workshop.pauser = Person(True, True)
    uppers: list[list[str]] = []

    def act(call: Call) -> int:
        assert call.rootfs.upper
        uppers.append(os.listdir(call.rootfs.upper))
        call.write("half", "done")
        return 0 if len(uppers) == 3 else 7

    workshop.sandbox.acts["make"] = act

    tree = made(workshop)

    assert uppers == [[], [], []]
    assert [error.process_exit_code for error in person.seen] == [7, 7]
    assert workshop.forms.view(tree).lstat("half")


def test_else_it_has_failed(workshop: Workshop) -> None:
    workshop.pauser = Person(False)
    workshop.sandbox.acts["make"] = fails(7)

    with pytest.raises(StepError, match="exit code: 7"):
        made(workshop)


def test_what_goes_well_or_was_stopped_is_nothing_to_ask_about(workshop: Workshop) -> None:
    person, cancelled = Person(), Event()

    def act(_: Call) -> int:
        cancelled.set()
        return 1

    workshop.pauser = person
    made(workshop)
    workshop.sandbox.acts["make"] = act
    with pytest.raises(CancelledError):
        made(workshop, cancelled=cancelled)

    assert person.seen == []


def test_a_program_is_opened_with_all_that_the_run_has(workshop: Workshop) -> None:
    workshop.pauser = Person(False, opens=[False, True])
    workshop.sandbox.acts["make"] = fails(7)

    with pytest.raises(StepError):
        made(workshop)
    step, after, before = workshop.sandbox.calls

    for call in (after, before):
        assert (call.tty, call.process.args, call.rootfs.lower) == (True, ("sh",), step.rootfs.lower)
        assert dict(call.process.env) == {**dict(step.process.env), "TERM": "xterm"}
        (script,) = (mount for mount in call.process.mounts if isinstance(mount, Bind))
        assert (script.target, script.read_only) == ("/dev/stagemill/step", True)
        same = replace(call.process, args=step.process.args, env=step.process.env, mounts=step.process.mounts)
        assert same == step.process
    assert after.rootfs == step.rootfs
    assert (before.rootfs.upper, before.rootfs.work) == (None, None)


def test_what_is_given_up_before_it_begins_never_runs(workshop: Workshop) -> None:
    person = workshop.pauser = Person()
    person.lets_begin = False

    with pytest.raises(CancelledError, match="given up"):
        made(workshop)

    assert workshop.sandbox.calls == []
