"""What a run measured, as a table for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Sample

_MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Timed:
    """A build that was timed; `size` is the archive's in bytes, `layers` how many the image has."""

    workload: str
    scenario: str
    builder: str
    turn: int
    sample: Sample
    size: int
    layers: int


@dataclass(frozen=True, slots=True)
class Note:
    """Why there are no figures: a builder failed, or cannot build the workload at all."""

    workload: str
    builder: str
    text: str


@dataclass(frozen=True, slots=True)
class Results:
    """All of a run. `builders` in order: the first is what the others are compared with."""

    builders: tuple[str, ...]
    timed: tuple[Timed, ...]
    notes: tuple[Note, ...]

    def table(self) -> str:
        """The medians. `times` is a builder's wall time over the first builder's: above 1 it took longer."""
        titles = ("times", "wall s", "cpu s", "other s", "RSS MB", "out MB", "layers")
        lines = [f"{'workload':10}{'scenario':9}{'builder':15}" + "".join(f"{title:>9}" for title in titles)]
        for workload, scenario in dict.fromkeys((item.workload, item.scenario) for item in self.timed):
            first = self._medians(workload, scenario, self.builders[0])
            for builder in self.builders:
                if values := self._medians(workload, scenario, builder):
                    times = f"{values[0] / first[0]:9.2f}" if first else f"{'':9}"
                    figures = "".join(f"{value:9.2f}" for value in values)
                    lines.append(f"{workload:10}{scenario:9}{builder:15}{times}{figures}")
        lines += [f"{note.workload}: no figures for {note.builder}: {note.text}" for note in self.notes]
        return "\n".join(lines)

    def _medians(self, workload: str, scenario: str, builder: str) -> list[float]:
        rows = [
            item for item in self.timed if (item.workload, item.scenario, item.builder) == (workload, scenario, builder)
        ]
        if not rows:
            return []
        columns = zip(*map(_figures, rows), strict=True)
        return [statistics.median(column) for column in columns]

    def to_json(self) -> str:
        document = {
            "machine": machine(),
            "timed": [dataclasses.asdict(item) for item in self.timed],
            "notes": [dataclasses.asdict(note) for note in self.notes],
        }
        return json.dumps(document, indent=1) + "\n"


def machine() -> dict[str, str | int | None]:
    """What the figures depend on."""
    return {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}


def _figures(item: Timed) -> Sequence[float]:
    sample = item.sample
    return (sample.wall, sample.cpu, sample.other, sample.rss / _MEGA, item.size / _MEGA, item.layers)


def layers_in(archive_path: Path) -> int:
    """How many layers the image of an OCI archive has; all of them are in it. Raises ValueError."""
    with tarfile.open(archive_path) as archive:

        def load(name: str) -> dict[str, list[dict[str, str]]]:
            member = archive.extractfile(name)
            if member is None:
                raise ValueError(f"{archive_path} has no file {name}")
            document: dict[str, list[dict[str, str]]] = json.load(member)
            return document

        def blob(descriptor: dict[str, str]) -> str:
            return "blobs/" + descriptor["digest"].replace(":", "/")

        document = load("index.json")
        while "manifests" in document:
            document = load(blob(document["manifests"][0]))
        missing = {blob(layer) for layer in document["layers"]} - set(archive.getnames())
        if missing:
            raise ValueError(f"{archive_path} lacks {sorted(missing)}")
        return len(document["layers"])
