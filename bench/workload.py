"""`Workload`: a folder of workloads/: a Dockerfile, and a program that makes its context and edits one file of it."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "workloads"
SCENARIOS = ("cold", "warm", "edit")


@dataclass(frozen=True, slots=True)
class Workload:
    """A row. `bases` are the names of scripts/bases that it starts from; `compression` that of the layers in the archive.

    What comes after a `+` in the name tells rows of one folder apart.
    """

    name: str
    bases: tuple[str, ...]
    scenarios: tuple[str, ...] = SCENARIOS
    compression: str = "gzip"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name.partition("+")[0]

    @property
    def dockerfile(self) -> Path:
        return self.folder / "Dockerfile"


ALL = {
    workload.name: workload
    for workload in (
        Workload("hello", ("busybox",)),
        Workload("node", ("node:22", "node:22-slim")),
        Workload("parallel", ("busybox",), scenarios=("cold", "warm")),
        Workload("bigctx", ("busybox",)),
        Workload("deep", ("alpine",)),
        Workload("go", ("golang:1.23",)),
        Workload("bigfile", ("busybox", "node:22-slim"), scenarios=("cold", "warm")),
        Workload("bigfile+zstd", ("busybox", "node:22-slim"), scenarios=("cold", "warm"), compression="zstd"),
        Workload("pull", ("node:22",)),
    )
}


@dataclass(slots=True)
class Context:
    """The context of a workload, made in `folder`. Every edit leaves another content."""

    workload: Workload
    folder: Path
    _module: ModuleType = field(init=False)
    _edits: int = field(init=False)

    def __post_init__(self) -> None:
        self._module = _module(self.workload)
        self._edits = int(time.time())
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        make: Callable[[Path], None] = self._module.make
        make(self.folder)

    def edit(self) -> None:
        self._edits += 1
        edit: Callable[[Path, int], None] = self._module.edit
        edit(self.folder, self._edits)

    def remove(self) -> None:
        shutil.rmtree(self.folder)


def _module(workload: Workload) -> ModuleType:
    folder = workload.folder
    spec = importlib.util.spec_from_file_location(f"context_of_{folder.name}", folder / "context.py")
    assert spec, "a path to a .py file has a spec"
    assert spec.loader, "and the spec a loader"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
