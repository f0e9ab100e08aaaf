"""What is to be told of this machine and of this program, by docker's names for it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import suppress

from stagemill import __version__
from stagemill.errors import UsageError
from stagemill.oci.platform import Platform
from stagemill.template.evaluate import render
from stagemill.template.parser import parse
from stagemill.template.values import Struct, Value, to_json


def versions() -> Struct:
    """This program and what it runs on. It is its own server."""
    local = Platform.local()
    here: Mapping[str, Value] = {
        "Version": __version__,
        "Os": local.os,
        "Arch": local.architecture,
        "KernelVersion": os.uname().release,
        "PythonVersion": platform.python_version(),
    }
    return Struct({"Client": Struct(here), "Server": Struct(here)})


def machine() -> dict[str, Value]:
    """The parts of `docker info` that are the machine's."""
    return {
        "Name": os.uname().nodename,
        "OperatingSystem": operating_system(),
        "OSType": "linux",
        "Architecture": os.uname().machine,
        "KernelVersion": os.uname().release,
        "NCPU": len(os.sched_getaffinity(0)),
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def operating_system() -> str:
    """As /etc/os-release has it, empty where there is none."""
    with suppress(OSError):
        return str(platform.freedesktop_os_release().get("PRETTY_NAME", ""))
    return ""


def shown(form: str, facts: Struct) -> str:
    """Facts as a template says, or as JSON. Raises TemplateError."""
    if not form:
        raise UsageError("--format is blank", hint="write a template such as '{{json .}}', or json")
    return to_json(facts) if form == "json" else render(parse(form), facts)
