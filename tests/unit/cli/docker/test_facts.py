"""Facts of this machine and this program."""

from __future__ import annotations

import os

import pytest

import stagemill
from stagemill.cli.docker import facts
from stagemill.errors import TemplateError, UsageError
from stagemill.oci.platform import Platform


def test_this_program_is_its_own_server() -> None:
    found = facts.versions()

    assert found["Client"] == found["Server"]
    form = "{{.Server.Version}} {{.Client.Os}}/{{.Client.Arch}}"
    assert facts.shown(form, found) == f"{stagemill.__version__} {Platform.local()}"


def test_the_machine_is_this_one() -> None:
    found = facts.machine()

    assert (found["NCPU"], found["OSType"]) == (len(os.sched_getaffinity(0)), "linux")
    assert found["KernelVersion"] == os.uname().release


def test_facts_are_json_or_what_a_template_says() -> None:
    assert facts.shown("json", facts.versions()).startswith('{"Client":{"Version":"')
    with pytest.raises(TemplateError):
        facts.shown("{{.Clients}}", facts.versions())
    with pytest.raises(UsageError):
        facts.shown("", facts.versions())
